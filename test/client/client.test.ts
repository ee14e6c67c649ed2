/** What a client asks for beside replies, and what it does when that is refused. */
import { describe, expect, it, vi } from 'vitest'
import { startService } from '#test/helper.ts'
import { startNetwork } from './proxy.ts'
import { json, page, startStandIn } from './stand-in.ts'
import { openClient, startClock, TRANSPORTS } from './talk.ts'

const refusal = (code: string, retryAfter?: number) => ({
  error: 'No.',
  code,
  retryable: true,
  ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
})

const personas = json(200, { personas: [], default: 'none' })

describe('a client', () => {
  it('begins sessions, and lists, changes, clears, exports and deletes them', async () => {
    const { url } = await startService()
    const client = openClient(`${url}/`)
    const started = await client.start({ persona: 'calm_coach', user_id: 'ann', title: 'Sleep' })
    expect(started).toMatchObject({ user_id: 'ann', persona: 'calm_coach' })
    const id = started.session_id
    expect(await client.start({ session_id: id })).toEqual(started)
    const { turn_id, full_text } = await client.send(id, 'I cannot sleep', { persona: 'default' }).done

    expect((await client.sessions.list({ user_id: 'ann' })).sessions).toMatchObject([
      { session_id: id, title: 'Sleep' },
    ])
    expect(await client.sessions.list({ user_id: 'a&b c', limit: 1 })).toEqual({ sessions: [], next_cursor: null })
    const session = await client.sessions.get(id)
    expect(session.messages).toMatchObject([{ content: 'I cannot sleep' }, { content: full_text, turn_id }])
    expect((await client.sessions.get(id, { messages: 0 })).messages).toEqual([])
    expect(await client.sessions.update(id, { title: 'Rest' })).toMatchObject({ title: 'Rest' })
    expect(await client.sessions.export(id)).toMatch(/^# Rest\n/)
    expect(JSON.parse(await client.sessions.export(id, { format: 'json' }))).toMatchObject({ session_id: id })
    expect(await client.turn(turn_id)).toMatchObject({ state: 'done', text: full_text })
    expect(await client.sessions.clear(id)).toMatchObject({ message_count: 0 })
    await client.sessions.delete(id)
    await client.sessions.delete(id)
    await expect(client.sessions.get(id)).rejects.toMatchObject({ code: 'session_not_found', status: 404 })
  })

  it('knows the personas and the brains, and switches them', async () => {
    const client = openClient((await startService()).url)
    expect((await client.personas()).default).toBe('fitness_coach')
    expect((await client.brains()).active).toBe('config')
    expect(await client.switchBrain(null)).toMatchObject({ success: true, active_brain: 'config' })
    await expect(client.switchBrain('nobody')).rejects.toMatchObject({ code: 'brain_unknown', status: 400 })
  })

  it('begins one session, though the answer was lost', async () => {
    const { url } = await startService()
    const network = await startNetwork(url)
    const client = openClient(network.url)
    const lost = network.loseAnswer()
    await client.start({ user_id: 'ann' })
    await lost
    expect((await client.sessions.list({ user_id: 'ann' })).sessions.length).toBe(1)
  })

  it.each([
    ['is leaving', json(503, refusal('draining', 0.01))],
    ['has lost its store', json(503, refusal('store_unavailable'))],
    ['has enough', json(429, refusal('rate_limited', 0.01))],
    ['is behind a proxy that cannot reach it', page(502)],
    ['is behind a proxy that has enough', page(429, { 'retry-after': '0' })],
  ])('comes back to a service that %s', async (_name, answer) => {
    const standIn = await startStandIn(answer, answer, personas)
    expect(await openClient(standIn.url).personas()).toEqual({ personas: [], default: 'none' })
    expect(standIn.asked).toBe(3)
  })

  it.each([
    [
      'that will not do it later either',
      json(400, refusal('invalid_request')),
      { code: 'invalid_request', status: 400 },
    ],
    ['that is broken', json(500, refusal('internal')), { code: 'internal', status: 500 }],
    ['that wants more patience than there is', json(429, refusal('rate_limited', 999)), { retryAfter: 999 }],
    ['that is another', page(404), { code: 'unexpected_response', status: 404, retryable: false }],
  ])('asks a service once %s', async (_name, answer, error) => {
    const standIn = await startStandIn(answer)
    await expect(openClient(standIn.url).personas()).rejects.toMatchObject({ name: 'ReparteeError', ...error })
    expect(standIn.asked).toBe(1)
  })

  it('does not lose its patience while the machine is asleep', async () => {
    const clock = startClock()
    const leaving = json(503, refusal('draining', 0.2))
    const standIn = await startStandIn(leaving, leaving, personas)
    const answer = openClient(standIn.url, { patienceMs: 2_000 }).personas()
    await vi.waitFor(() => expect(standIn.asked).toBe(1), { timeout: 10_000 })
    clock.sleep(3_600_000)
    expect(await answer).toMatchObject({ default: 'none' })
  })

  it('takes a portal for a lost connection, and gives up when it stays', async () => {
    const standIn = await startStandIn(page(200))
    const reply = openClient(standIn.url, { patienceMs: 300 }).send('s', 'Hi')
    await expect(reply.done).rejects.toMatchObject({ code: 'connection_lost' })
    expect(standIn.asked).toBeGreaterThan(1)
  })

  it.each(TRANSPORTS)('leaves everything when it is closed (%s)', async (transport) => {
    const { url } = await startService({ CONFIG_BRAIN_PACE_MS: '50' })
    const client = openClient((await startNetwork(url)).url, { transport })
    const { session_id } = await client.start()
    const reply = client.send(session_id, 'I cannot sleep')
    await reply.started
    client.close()
    await expect(reply.done).rejects.toMatchObject({ code: 'aborted' })
    await expect(client.send(session_id, 'More').done).rejects.toMatchObject({ code: 'aborted' })
  })

  it('reads a reply whole where fetch has no streams, as on React Native', async () => {
    const { url } = await startService()
    const client = openClient(url, {
      fetch: async (input, init) => {
        const response = await fetch(input, init)
        const text = await response.text()
        const { ok, status, headers } = response
        const bodiless = { ok, status, headers, text: async () => text, json: async () => JSON.parse(text) as unknown }
        return bodiless as Response
      },
    })
    const { session_id } = await client.start()
    const reply = client.send(session_id, 'Hello')
    const { full_text } = await reply.done
    expect(full_text).not.toBe('')
    expect(reply.text).toBe(full_text)
  })
})
