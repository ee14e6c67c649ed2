/** What users may begin: how much within a minute, and how much at the same time. */
import { describe, expect, it } from 'vitest'
import { call, type Json, openStream, startSession, startWithProvider } from '#test/helper.ts'
import { send, turnIdOf } from '#test/invariants/conversation.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { says } from '#test/provider/openai.ts'
import type { Script } from '#test/provider/provider.ts'
import { answers } from '#test/provider/scripts.ts'
import { STORES, type TestStore } from '#test/stores/each.ts'

interface Limits {
  perMinute?: number
  atOnce?: number
  sessions?: number
}

async function start(
  store: TestStore,
  { perMinute = 0, atOnce = 0, sessions }: Limits,
  script: Script = says(['Hi.']),
) {
  const limits = {
    RATE_LIMIT_PER_MINUTE: `${perMinute}`,
    MAX_TURNS_PER_USER: `${atOnce}`,
    SESSIONS_PER_HOUR: `${sessions ?? ''}`,
  }
  const service = await startWithProvider(script, { ...(await store.env()), ...limits })
  const { url } = service
  const ask = (session_id: string, more: Json = {}, headers: Json = {}) =>
    call(`${url}/chat/message`, 'POST', { session_id, message: 'Hello', ...more }, headers)
  return { ...service, ask, session_id: await startSession(url) }
}

/** A service on which two sessions have each a turn in the middle of its reply, and there is room for no more. */
async function startFull(store: TestStore) {
  const hand = byHand()
  const service = await start(store, { atOnce: 2 }, hand.script)
  const speak = async (session_id: string, more: Json = {}) => {
    const stream = await send(service.url, session_id, 'Count', more)
    const reply = await hand.next()
    reply.say('One, ')
    await stream.take(1)
    return { stream, reply, session_id }
  }
  const [one, two] = [await speak(service.session_id), await speak(await startSession(service.url))]
  const third = await startSession(service.url)
  const stillFull = () => service.ask(third)
  /** Resolves when a third turn was let in. */
  const untilRoom = async () => {
    for (;;) {
      const stream = await send(service.url, third, 'Count')
      if (stream.status === 429) continue
      expect(stream.status).toBe(200)
      return stream
    }
  }
  return { ...service, hand, speak, one, two, stillFull, untilRoom }
}

describe.each(STORES)('the limit of messages within a minute ($name)', (store) => {
  it('lets in as many as it says, and tells who sends more when to come back', async () => {
    const { ask, session_id, provider } = await start(store, { perMinute: 3 })
    for (let sent = 0; sent < 3; sent++) expect((await ask(session_id)).status).toBe(200)
    const { status, headers, body } = await ask(session_id)
    expect({ status, body }).toEqual({
      status: 429,
      body: { error: expect.any(String), code: 'rate_limited', retryable: true, retry_after: expect.any(Number) },
    })
    expect(body.retry_after).toBeGreaterThan(50)
    expect(body.retry_after).toBeLessThanOrEqual(60)
    expect(headers.get('retry-after')).toBe(String(body.retry_after))
    expect(provider.requests).toHaveLength(3)
  })

  it('counts a reply that is asked for anew', async () => {
    const { url, ask, session_id } = await start(store, { perMinute: 2 })
    const turnId = (await ask(session_id)).body.turn_id as string
    const regenerate = () => call(`${url}/chat/turns/${turnId}/regenerate`, 'POST', {})
    await (await send(url, session_id, 'Again')).rest()
    expect(await regenerate()).toMatchObject({ status: 409 })
    expect((await call(`${url}/chat/turns/${session_id}.2/regenerate`, 'POST', {})).status).toBe(429)
  })

  it('counts no reading, and no message that comes again: not even when nothing is left', async () => {
    const { url, ask, session_id } = await start(store, { perMinute: 1 })
    const first = await ask(session_id, { client_message_id: 'one' })
    expect(first.status).toBe(200)
    for (let again = 0; again < 3; again++) {
      expect(await ask(session_id, { client_message_id: 'one' })).toMatchObject({ status: 200, body: first.body })
    }
    const rejoined = await send(url, session_id, 'Hello', {}, { 'last-event-id': `${session_id}.1.1-00000000` })
    expect(rejoined.status).toBe(200)
    await rejoined.rest()
    expect((await call(`${url}/chat/turns/${session_id}.1`)).status).toBe(200)
    expect((await startSession(url)).length).toBeGreaterThan(20)
    expect((await ask(session_id)).status).toBe(429)
    expect((await ask(session_id, { client_message_id: 'one' })).status).toBe(200)
  })

  it('counts nothing that was refused: busy, not valid, of no session', async () => {
    const hand = byHand()
    const { url, ask, session_id } = await start(store, { perMinute: 2 }, hand.script)
    const running = await send(url, session_id, 'Count')
    for (let refused = 0; refused < 5; refused++) {
      expect((await ask(session_id)).body.code).toBe('turn_in_progress')
      expect((await ask(session_id, { client_message_id: `other ${refused}` })).body.code).toBe('turn_in_progress')
      expect((await ask(session_id, { message: '' })).status).toBe(400)
      expect((await ask(session_id, { persona: 'nobody' })).status).toBe(400)
      expect((await ask('nobody')).status).toBe(404)
    }
    const reply = await hand.next()
    reply.finish()
    await running.rest()
    expect((await send(url, session_id, 'Again')).status).toBe(200)
    expect((await ask(session_id, { if_busy: 'stop' })).status).toBe(429)
    expect((await call(`${url}/chat/turns/${session_id}.2`)).body.state).toBe('running')
  })

  it('lets one message that is sent many times at once join the turn that it makes', async () => {
    const hand = byHand()
    const { url, session_id } = await start(store, { perMinute: 1 }, hand.script)
    const same = { client_message_id: 'one' }
    const streams = await Promise.all(Array.from({ length: 8 }, () => send(url, session_id, 'Hello', same)))
    ;(await hand.next()).finish()
    for (const stream of streams) {
      expect([stream.status, turnIdOf(stream)]).toEqual([200, `${session_id}.1`])
      expect((await stream.rest()).at(-1)!.data).toMatchObject({ done: true })
    }
  })

  it('tells messages that lose a race for their session that it is busy', async () => {
    const hand = byHand()
    const { url, session_id } = await start(store, { perMinute: 1 }, hand.script)
    const streams = await Promise.all(Array.from({ length: 12 }, () => send(url, session_id, 'Hello')))
    ;(await hand.next()).finish()
    for (const stream of streams) await stream.ended
    expect(streams.filter(({ status }) => status === 200)).toHaveLength(1)
    const busy = streams.filter(({ status, raw }) => status === 409 && raw.includes(`"turn_id":"${session_id}.1"`))
    expect(busy).toHaveLength(streams.length - 1)
  })

  it('is switched off by 0', async () => {
    const { ask, session_id } = await start(store, { perMinute: 0 })
    for (let sent = 0; sent < 40; sent++) expect((await ask(session_id)).status).toBe(200)
  })
})

describe.each(STORES)('the limit of turns at the same time ($name)', (store) => {
  it('refuses one more, and says to come back soon', async () => {
    const { stillFull, provider } = await startFull(store)
    const { status, headers, body } = await stillFull()
    expect({ status, body }).toMatchObject({ status: 429, body: { code: 'rate_limited', retry_after: 1 } })
    expect(headers.get('retry-after')).toBe('1')
    expect(provider.requests).toHaveLength(2)
  })

  it.each(['done', 'a failure', 'a stop', 'a deletion'])('has room again after %s', async (end) => {
    const { url, one, stillFull, untilRoom } = await startFull(store)
    expect((await stillFull()).status).toBe(429)
    if (end === 'done') one.reply.finish()
    if (end === 'a failure') await one.reply.exchange.reset()
    if (end === 'a stop') await call(`${url}/chat/turns/${turnIdOf(one.stream)}/stop`, 'POST')
    if (end === 'a deletion') await call(`${url}/chat/sessions/${one.session_id}`, 'DELETE')
    await one.stream.rest()
    await untilRoom()
    expect(
      (await call(`${url}/chat/message`, 'POST', { session_id: await startSession(url), message: 'x' })).status,
    ).toBe(429)
  })

  it('lets a message take the place of its own session’s running turn', async () => {
    const { url, one, speak, stillFull } = await startFull(store)
    const { stream } = await speak(one.session_id, { if_busy: 'stop' })
    expect((await call(`${url}/chat/turns/${turnIdOf(one.stream)}`)).body.state).toBe('stopped')
    expect((await call(`${url}/chat/turns/${turnIdOf(stream)}`)).body.state).toBe('running')
    expect((await stillFull()).status).toBe(429)
  })

  it('gives back the places of messages that came to nothing', async () => {
    const { ask, url, session_id } = await start(store, { atOnce: 1 }, answers(401, '{}'))
    const waves = Array.from({ length: 5 }, () => ask(session_id))
    for (const { status } of await Promise.all(waves)) expect([409, 502]).toContain(status)
    expect((await ask(await startSession(url))).status).toBe(502)
  })
})

const TEXT = { type: 'text', text: 'Hello' }

/** The endpoints whose send makes its session, with that id where the client can choose it. */
const MAKERS: [string, string, (id: number) => Json][] = [
  ['POST /api/chat/stream', '/api/chat/stream', (id) => ({ session_id: `own-${id}`, message: 'Hello' })],
  ['POST /api/chat/stream without an id', '/api/chat/stream', () => ({ message: 'Hello' })],
  ['POST /api/chat', '/api/chat', (id) => ({ id: `own-${id}`, message: { role: 'user', parts: [TEXT] } })],
  ['a tutor’s client', '/chat/stream', (id) => ({ conversation_id: id, user_message: 'Hola' })],
  ['the unified stream', '/api/v1/chat/unified/stream', (id) => ({ session_id: `own-${id}`, message: 'Hello' })],
  ['the unified answer', '/api/v1/chat/unified', () => ({ message: 'Hello' })],
]

/** Sends a request, reads the answer to its end, and returns the status. */
async function statusOf(url: string, path: string, body: Json): Promise<number> {
  const stream = await openStream(url + path, body)
  await stream.ended
  return stream.status
}

const countSessions = async (url: string) => ((await call(`${url}/chat/sessions`)).body.sessions as Json[]).length

describe.each(STORES)('the limit of new sessions within an hour ($name)', (store) => {
  it('lets in as many as it says, and tells the next client when to come back', async () => {
    const { url } = await start(store, { sessions: 3 })
    const open = (session_id: string) => call(`${url}/chat/start`, 'POST', { session_id })
    expect((await open('two')).status).toBe(200)
    expect((await open('three')).status).toBe(200)
    const { status, headers, body } = await open('four')
    expect({ status, body }).toEqual({
      status: 429,
      body: { error: expect.any(String), code: 'rate_limited', retryable: true, retry_after: expect.any(Number) },
    })
    expect(body.retry_after).toBeGreaterThan(3_500)
    expect(body.retry_after).toBeLessThanOrEqual(3_600)
    expect(headers.get('retry-after')).toBe(String(body.retry_after))
    expect((await call(`${url}/chat/sessions/four`)).status).toBe(404)
    expect(await countSessions(url)).toBe(3)
  })

  it('counts no session that is there already, and nothing that was refused', async () => {
    const { url, ask, session_id } = await start(store, { sessions: 2 })
    const open = (body: Json) => call(`${url}/chat/start`, 'POST', body)
    for (let again = 0; again < 3; again++) {
      expect((await open({ session_id })).body.session_id).toBe(session_id)
      expect((await open({ persona: 'nobody' })).status).toBe(400)
      expect((await ask(session_id)).status).toBe(200)
      expect(await statusOf(url, '/api/chat/stream', { session_id, message: 'Hello' })).toBe(200)
      expect(await statusOf(url, '/api/chat/stream', { message: '' })).toBe(400)
    }
    expect((await open({})).status).toBe(200)
    expect((await open({})).status).toBe(429)
    expect((await open({ session_id })).status).toBe(200)
  })

  it.each(MAKERS)('is for sessions that a send makes, too: %s', async (_name, path, toBody) => {
    const { url, ask, session_id, provider } = await start(store, { perMinute: 2, sessions: 2 })
    expect(await statusOf(url, path, toBody(1))).toBe(200)
    for (let again = 0; again < 3; again++) expect(await statusOf(url, path, toBody(2))).toBe(429)
    expect(provider.requests).toHaveLength(1)
    expect(await countSessions(url)).toBe(2)
    // Sends that were refused are not counted as messages.
    expect((await ask(session_id)).status).toBe(200)
    expect((await ask(session_id)).status).toBe(429)
  })

  it.each(MAKERS)('counts no session of a message that was one too many: %s', async (_name, path, toBody) => {
    const { url, ask, session_id } = await start(store, { perMinute: 1, sessions: 2 })
    expect((await ask(session_id)).status).toBe(200)
    for (let again = 0; again < 3; again++) expect(await statusOf(url, path, toBody(2))).toBe(429)
    expect(await countSessions(url)).toBe(1)
    expect((await call(`${url}/chat/start`, 'POST', {})).status).toBe(200)
  })

  it('lets one message that is sent many times at once make one session, and join its turn', async () => {
    const { url } = await start(store, { sessions: 2 })
    const same = { id: 'own', messages: [{ id: 'one', role: 'user', parts: [TEXT] }] }
    const streams = await Promise.all(Array.from({ length: 8 }, () => openStream(`${url}/api/chat`, same)))
    for (const stream of streams) await stream.ended
    expect(new Set(streams.map((stream) => `${stream.status} ${turnIdOf(stream)}`))).toEqual(new Set(['200 own.1']))
  })

  it('does not count completions, whose sessions go with their logs', async () => {
    const { url } = await start(store, { sessions: 1 })
    const asked = { model: 'default', messages: [{ role: 'user', content: 'Hello' }] }
    for (let sent = 0; sent < 3; sent++) expect(await statusOf(url, '/v1/chat/completions', asked)).toBe(200)
  })
})

const begin = (url: string) => call(`${url}/chat/start`, 'POST', {}).then(({ status }) => status)

describe('the limit of new sessions', () => {
  it('is 120 where none is set', async () => {
    const { url } = await startWithProvider(undefined, { RATE_LIMIT_PER_MINUTE: '' })
    for (let n = 0; n < 120; n++) expect(await begin(url)).toBe(200)
    expect(await begin(url)).toBe(429)
  })

  it('is switched off by 0, and with the limit of messages where none is set', async () => {
    for (const env of [{ SESSIONS_PER_HOUR: '0', RATE_LIMIT_PER_MINUTE: '30' }, { RATE_LIMIT_PER_MINUTE: '0' }]) {
      const { url } = await startWithProvider(undefined, env)
      for (let n = 0; n < 125; n++) expect(await begin(url)).toBe(200)
    }
  })
})
