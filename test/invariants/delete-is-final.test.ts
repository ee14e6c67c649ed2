/** Delete is final, whenever it comes: nothing of the conversation comes back, and its id can be made anew. */
import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { byHand } from '#test/provider/by-hand.ts'
import { isSilent } from '#test/provider/scripts.ts'
import { says } from '#test/provider/openai.ts'
import type { Script } from '#test/provider/provider.ts'
import { call, type Json, openStream, startSession } from '#test/helper.ts'
import { STORES, type TestStore } from '#test/stores/each.ts'
import { ask, follow, getTurn, history, last, NEGOTIATED, send, transcript, turnIdOf, within } from './conversation.ts'
import { startOn } from './reading.ts'

/** Stands in all that is said in the session, by whomever. */
const SECRET = 'mirabelle'

const ID = { client_message_id: 'one' }

const GONE = { error: expect.any(String), code: 'session_not_found', retryable: false }

async function startLasting(store: TestStore, script: Script) {
  const env = await store.lastingEnv()
  const service = await startOn(store, script, env)
  /** Every row that the store has, or those with this text. Closes the service. */
  const findRows = async (said = '') => {
    await service.app.close()
    return (await store.rows(env)).filter((row) => row.includes(said))
  }
  return { ...service, findRows }
}

function remove(url: string, sessionId: string) {
  return call(`${url}/chat/sessions/${sessionId}`, 'DELETE')
}

async function expectGone(url: string, sessionId: string): Promise<void> {
  const turn = `${url}/chat/turns/${sessionId}.1`
  const session = `${url}/chat/sessions/${sessionId}`
  const answers = await Promise.all([
    call(session),
    call(`${session}/export`),
    call(`${session}/stop`, 'POST'),
    call(`${session}/clear`, 'POST'),
    call(session, 'PATCH', { title: 'New' }),
    call(session, 'DELETE'),
    call(`${url}/api/chat/sessions/${sessionId}`),
    ask(url, sessionId, SECRET, { client_message_id: SECRET }),
    call(turn),
    call(`${turn}/stream`),
    call(`${turn}/stop`, 'POST'),
    call(`${turn}/regenerate`, 'POST', {}),
  ])
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404))
  for (const { body } of answers) expect(body.code).toMatch(/^(session|turn)_not_found$/)
  const { body } = await call(`${url}/chat/sessions`)
  expect(JSON.stringify(body)).not.toContain(sessionId)
}

describe.each(STORES)('delete, on $name,', (store) => {
  it('in the middle of a turn sends its readers away and leaves nothing', async () => {
    const hand = byHand()
    const { url, findRows } = await startLasting(store, hand.script)
    const sessionId = await startSession(url, { session_id: 'mine', title: SECRET })
    const stream = await send(url, sessionId, `My ${SECRET}`, { client_message_id: SECRET })
    const whole = await follow(url, turnIdOf(stream))
    const reply = await hand.next()
    reply.say(`${SECRET} one, `, `${SECRET} two, `)
    await stream.take(2)
    await whole.take(1)
    expect(await remove(url, sessionId)).toMatchObject({ status: 200, body: { success: true, session_id: 'mine' } })
    await within(1000, reply.request.closed)
    for (const reader of [stream, whole]) {
      const end = last(await reader.rest())
      expect(end).toMatchObject({ ...GONE, turn_id: 'mine.1', partial_text: expect.any(String) })
    }
    reply.say(`${SECRET} three, `)
    reply.finish()
    await expectGone(url, sessionId)
    expect(await findRows()).toEqual([])
  })

  it('before the first token closes the connection to the provider', async () => {
    for (const script of [byHand().script, isSilent()]) {
      const { url, findRows, provider } = await startLasting(store, script)
      const sessionId = await startSession(url)
      const stream = await send(url, sessionId, SECRET)
      const request = await provider.nextRequest()
      expect((await remove(url, sessionId)).status).toBe(200)
      await within(1000, request.closed)
      expect(last(await stream.rest())).toMatchObject({ ...GONE, partial_text: '' })
      await expectGone(url, sessionId)
      expect(await findRows()).toEqual([])
    }
  })

  it('answers whoever waits for the whole reply with 404', async () => {
    const hand = byHand()
    const { url } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const whole = ask(url, sessionId, SECRET)
    ;(await hand.next()).say(SECRET)
    await remove(url, sessionId)
    expect(await whole).toMatchObject({ status: 404, body: GONE })
  })

  it('at the moment of the claim, of the first token or of the end leaves nothing', async () => {
    const { url, findRows } = await startLasting(store, says(`${SECRET} one, ${SECRET} two.`))
    const outcomes = new Set<unknown>()
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const sessionId = await startSession(url)
        const sending = openStream(`${url}/chat/stream`, { session_id: sessionId, message: SECRET })
        if (index % 3 > 0) await (await sending).take(index % 3 === 1 ? 1 : 3)
        const removed = await remove(url, sessionId)
        const stream = await sending
        expect(removed.status).toBe(200)
        if (stream.status === 200) outcomes.add(last([...(await stream.rest())]).code ?? 'done')
        else outcomes.add(stream.status)
        expect((await call(`${url}/chat/sessions/${sessionId}`)).status).toBe(404)
      }),
    )
    expect(outcomes.size).toBeGreaterThan(1)
    for (const outcome of outcomes) expect([404, 'session_not_found', 'done']).toContain(outcome)
    expect(await findRows()).toEqual([])
  })

  it('while a stop is on its way leaves nothing', async () => {
    const hand = byHand()
    const { url, findRows } = await startLasting(store, hand.script)
    for (let round = 0; round < 10; round++) {
      const sessionId = await startSession(url)
      const stream = await send(url, sessionId, SECRET)
      const reply = await hand.next()
      reply.say(SECRET)
      await stream.take(1)
      const [stopped, removed] = await Promise.all([
        call(`${url}/chat/sessions/${sessionId}/stop`, 'POST'),
        remove(url, sessionId),
      ])
      expect([200, 404]).toContain(stopped.status)
      expect(removed.status).toBe(200)
      expect(await stream.rest()).toHaveLength(1)
      await within(1000, reply.request.closed)
      await expectGone(url, sessionId)
    }
    expect(await findRows()).toEqual([])
  })

  it('takes alternatives and edits along', async () => {
    const { url, findRows } = await startLasting(store, says(`${SECRET}!`))
    const sessionId = await startSession(url)
    await ask(url, sessionId, `First ${SECRET}`)
    for (const n of [1, 2]) {
      const door = `${url}/chat/turns/${sessionId}.${n}/regenerate`
      await (await openStream(door, { message: `Edit ${n} ${SECRET}` })).rest()
    }
    expect((await history(url, sessionId)).flatMap(({ alternatives = [] }) => alternatives)).toHaveLength(4)
    await remove(url, sessionId)
    expect(await findRows()).toEqual([])
  })

  it('frees the id: what is made anew under it knows nothing of what was', async () => {
    const hand = byHand()
    const { url, provider } = await startOn(store, hand.script)
    const named = { session_id: 'mine' }
    await startSession(url, { ...named, persona: 'calm_coach' })
    const old = await send(url, 'mine', SECRET, { client_message_id: 'one' }, NEGOTIATED)
    const oldReply = await hand.next()
    oldReply.say(SECRET)
    await old.take(1)
    await remove(url, 'mine')
    await startSession(url, named)
    const fresh = await send(url, 'mine', 'Hello', { client_message_id: 'one' })
    const reply = await hand.next()
    oldReply.say(SECRET)
    oldReply.finish()
    reply.say('New.')
    reply.finish()
    expect(last(await fresh.rest())).toMatchObject({ done: true, full_text: 'New.', turn_id: 'mine.1' })
    expect(await transcript(url, 'mine')).toEqual(['user complete: Hello', 'assistant complete: New.'])
    expect(await call(`${url}/chat/sessions/mine`)).toMatchObject({
      body: { persona: 'fitness_coach', title: 'Hello' },
    })
    expect(JSON.stringify(provider.requests.at(-1)!.body)).not.toContain(SECRET)
  })

  it.each(['a replay', 'the turn itself'])('sends away a reader that has not read %s to its end', async (what) => {
    const { url } = await startOn(store, says([SECRET, ...longText()]))
    await startSession(url, { session_id: 'mine' })
    const sending = await openPaused(`${url}/chat/stream`, { session_id: 'mine', message: SECRET, ...ID })
    // Till it has ended.
    await ask(url, 'mine', SECRET, ID)
    const reader = what === 'a replay' ? await openPaused(`${url}/chat/turns/mine.1/stream`) : sending
    await remove(url, 'mine')
    await startSession(url, { session_id: 'mine' })
    // A late reader of the new turn shares nothing with the slow one of the old.
    const fresh = await send(url, 'mine', 'Hello', { brain: 'config', pace_ms: 20 })
    fresh.leave()
    await expect.poll(async () => (await getTurn(url, 'mine.1')).state).toBe('done')
    const late = last(await (await follow(url, 'mine.1')).rest())
    expect(late).toMatchObject({ done: true, brain: 'config' })
    expect(await reader()).toBe('session_not_found')
    if (what === 'a replay') await sending()
  })
})

describe.each(STORES)('clear, on $name,', (store) => {
  it('is refused while a turn runs, and takes all that was said after it', async () => {
    const hand = byHand()
    const { url, findRows } = await startLasting(store, hand.script)
    const sessionId = await startSession(url, { title: 'Kept' })
    const stream = await send(url, sessionId, `My ${SECRET}`, { client_message_id: 'one' })
    const reply = await hand.next()
    reply.say(`${SECRET}.`)
    const clear = `${url}/chat/sessions/${sessionId}/clear`
    expect(await call(clear, 'POST')).toMatchObject({
      status: 409,
      body: { code: 'turn_in_progress', turn_id: turnIdOf(stream) },
    })
    reply.finish()
    await stream.rest()
    const cleared = await call(clear, 'POST')
    expect(cleared).toMatchObject({ status: 200, body: { session_id: sessionId, message_count: 0, title: 'Kept' } })
    expect(await history(url, sessionId)).toEqual([])
    expect(await call(`${url}/chat/turns/${sessionId}.1`)).toMatchObject({ body: { state: 'done', text: '' } })
    expect((await follow(url, `${sessionId}.1`)).status).toBe(410)
    // A late retry of the old send makes no second turn, and brings nothing back.
    const late = last(await (await send(url, sessionId, `My ${SECRET}`, { client_message_id: 'one' })).rest())
    expect(late).toMatchObject({ done: true, full_text: '', turn_id: `${sessionId}.1` })

    const next = ask(url, sessionId, 'Hello')
    const nextReply = await hand.next()
    expect(JSON.stringify(nextReply.request.body)).not.toContain(SECRET)
    nextReply.say('Hi.')
    nextReply.finish()
    expect((await next).body).toMatchObject({ message: 'Hi.', turn_id: `${sessionId}.2` })
    expect(await findRows(SECRET)).toEqual([])
  })

  it('gives a late reader nothing of what a slow one has not read to its end', async () => {
    const { url } = await startOn(store, says([SECRET, ...longText()]))
    await startSession(url, { session_id: 'mine' })
    await ask(url, 'mine', SECRET)
    const slow = await openPaused(`${url}/chat/turns/mine.1/stream`)
    await call(`${url}/chat/sessions/mine/clear`, 'POST')
    expect((await follow(url, 'mine.1')).status).toBe(410)
    expect(await slow()).toBe('turn_expired')
  })
})

/** More than the sockets between take while nobody reads. */
function longText(): string[] {
  return Array.from({ length: 120 }, () => 'x'.repeat(65_536))
}

/** Opens a stream and reads nothing of it until the returned function is called, which gives the code of its end. */
async function openPaused(url: string, body?: unknown): Promise<() => Promise<unknown>> {
  const request = httpRequest(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    agent: false,
  })
  request.end(body === undefined ? undefined : JSON.stringify(body))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return async () => {
    const frames = (await text(response)).trimEnd().split('\n\n')
    const end = JSON.parse(frames.at(-1)!.slice('data: '.length)) as Json
    return end.code ?? end.finish_reason
  }
}
