/** Doors of older clients of `/api/chat/stream`. */
import { describe, expect, it } from 'vitest'
import { askedOf, last, toLines, history } from '#test/invariants/conversation.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { answers } from '#test/provider/scripts.ts'
import { call, type Json, openStream, startService, startWithProvider } from '#test/helper.ts'

function speak(url: string, message: string, more: Json = {}, headers: Json = {}) {
  return openStream(`${url}/api/chat/stream`, { message, ...more }, headers)
}

describe('POST /api/chat/stream', () => {
  it('makes the session on first use and streams the text so far', async () => {
    const { url, provider } = await startWithProvider()
    const stream = await speak(url, 'Hi', { session_id: 'mine' })
    expect(stream.status).toBe(200)
    expect(stream.headers['x-session-id']).toBe('mine')
    const frames = (await stream.rest()).map(({ data }) => data)
    expect(frames.slice(0, -1)).toEqual([
      { token: 'Hello ', count: 1, partial: 'Hello ' },
      { token: 'there!', count: 2, partial: 'Hello there!' },
    ])
    expect(frames.at(-1)).toMatchObject({
      done: true,
      full_text: 'Hello there!',
      full_response: 'Hello there!',
      user: 'anonymous',
      session_id: 'mine',
      persona: 'default',
    })
    expect(askedOf(provider.requests[0]!).system).toContain('helpful assistant')
    expect((await call(`${url}/chat/sessions/mine`)).body).toMatchObject({ persona: 'default', user_id: 'anonymous' })
  })

  it('makes a session of its own where none is named', async () => {
    const { url } = await startWithProvider()
    const [one, two] = [await speak(url, 'Hi'), await speak(url, 'Hi')]
    expect(one.headers['x-session-id']).toMatch(/^[A-Za-z0-9_-]{22}$/)
    expect(one.headers['x-session-id']).not.toBe(two.headers['x-session-id'])
    await Promise.all([one.rest(), two.rest()])
  })

  it('goes on in a session that is there, as it is', async () => {
    const { url } = await startWithProvider()
    await call(`${url}/chat/start`, 'POST', { session_id: 'mine', persona: 'calm_coach', user_id: 'ada' })
    const done = last(await (await speak(url, 'Hi', { session_id: 'mine' })).rest())
    expect(done).toMatchObject({ persona: 'calm_coach', user: 'ada' })
  })

  it('stops the running turn and begins the new one', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script)
    const first = await speak(url, 'One', { session_id: 'mine' })
    ;(await hand.next()).say('Well, ')
    await first.take(1)
    const second = await speak(url, 'Two', { session_id: 'mine' })
    const stopped = { finish_reason: 'stopped', full_text: 'Well, ', full_response: 'Well, ' }
    expect(last(await first.rest())).toMatchObject(stopped)
    const reply = await hand.next()
    reply.say('Yes.')
    reply.finish()
    expect(last(await second.rest())).toMatchObject({ full_response: 'Yes.' })
    expect(toLines(await history(url, 'mine'))).toEqual([
      'user complete: One',
      'assistant stopped: Well, ',
      'user complete: Two',
      'assistant complete: Yes.',
    ])
  })

  it('joins the turn that the same send made', async () => {
    const { url, provider } = await startWithProvider()
    const headers = { 'idempotency-key': 'one' }
    const streams = await Promise.all([1, 2, 3].map(() => speak(url, 'Hi', { session_id: 'mine' }, headers)))
    const ends = await Promise.all(streams.map((stream) => stream.rest()))
    for (const frames of ends) expect(frames).toEqual(ends[0])
    expect(provider.requests).toHaveLength(1)
  })

  it('shows a failure as a frame', async () => {
    const { url } = await startWithProvider(answers(500, '{}'))
    const frames = await (await speak(url, 'Hi')).rest()
    expect(frames).toHaveLength(1)
    expect(last(frames)).toMatchObject({ code: 'brain_unavailable', partial_text: '' })
  })

  it.each([
    [{}, 400],
    [{ message: '' }, 400],
    [{ message: 7 }, 400],
    [{ message: 'Hi', session_id: '../x' }, 400],
    [{ message: ' '.repeat(3), session_id: 'fresh' }, 400],
  ])('refuses %j and makes no session', async (body, status) => {
    const { url } = await startService()
    const refused = await call(`${url}/api/chat/stream`, 'POST', body)
    expect(refused).toMatchObject({ status, body: { code: 'invalid_request' } })
    expect((await call(`${url}/chat/sessions`)).body.sessions).toEqual([])
  })
})

describe('GET and DELETE /api/chat/sessions/:id', () => {
  it('count the messages, and delete', async () => {
    const { url } = await startWithProvider()
    await (await speak(url, 'Hi', { session_id: 'mine' })).rest()
    const session = `${url}/api/chat/sessions/mine`
    expect(await call(session)).toMatchObject({
      status: 200,
      body: { session_id: 'mine', messages: 2, timestamp: expect.stringMatching(/Z$/) },
    })
    const deleted = await call(session, 'DELETE')
    expect(deleted).toMatchObject({ status: 200, body: { success: true, message: 'Session deleted' } })
    for (const method of ['GET', 'DELETE']) {
      expect(await call(session, method)).toMatchObject({ status: 404, body: { code: 'session_not_found' } })
    }
  })
})

describe('GET /api/status', () => {
  it('says that the service is online, who asks, and how its parts are', async () => {
    const { url } = await startService()
    expect((await call(`${url}/api/status`)).body).toEqual({
      status: 'online',
      timestamp: expect.stringMatching(/Z$/),
      authenticated: false,
      services: { chat: 'online', store: 'online', brain: 'config' },
    })
  })
})
