/** The same client_message_id with the same message is the same turn: at once, later, after a crash, as long as the session lives. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { byHand } from '#test/provider/by-hand.ts'
import { says, startOpenAIProvider } from '#test/provider/openai.ts'
import { answers } from '#test/provider/scripts.ts'
import { call, startSession, toProviderEnv, toText } from '#test/helper.ts'
import { startServer } from '#test/process.ts'
import { STORES } from '#test/stores/each.ts'
import { ask, asks, follow, last, NEGOTIATED, send, transcript, turnIdOf } from './conversation.ts'
import { startOn } from './reading.ts'

const ID = { client_message_id: 'message-1' }

/** A turn's log that is over as soon as the turn is. */
const SHORT_LOG = { TURN_LOG_TTL_MINUTES: '0.0001' }

describe.each(STORES)('a message that is sent again, on $name,', (store) => {
  it('is one turn and one request when it comes 50 times at once', async () => {
    const hand = byHand()
    const { url, provider } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const streams = Array.from({ length: 40 }, () => send(url, sessionId, 'Hi', ID))
    const wholes = Array.from({ length: 10 }, () => ask(url, sessionId, 'Hi', {}, { 'idempotency-key': 'message-1' }))
    const reply = await hand.next()
    const opened = await Promise.all(streams)
    reply.say('Hello ', 'there!')
    reply.finish()

    const ends = await Promise.all(opened.map((stream) => stream.rest()))
    expect(new Set(opened.map(turnIdOf))).toEqual(new Set([`${sessionId}.1`]))
    for (const frames of ends) {
      expect(toText(frames)).toBe('Hello there!')
      expect(last(frames)).toEqual(last(ends[0]!))
    }
    const answered = await Promise.all(wholes)
    for (const { body } of answered) expect(body).toEqual({ message: 'Hello there!', ...last(ends[0]!) })
    expect(asks(provider)).toBe(1)
    expect(await transcript(url, sessionId)).toHaveLength(2)
  })

  it('joins the running turn from its beginning, though the session is busy', async () => {
    const hand = byHand()
    const { url, provider } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const first = await send(url, sessionId, 'Hi', ID)
    const reply = await hand.next()
    reply.say('Hello ')
    await first.take(1)
    const joined = await send(url, sessionId, 'Hi', { ...ID, if_busy: 'stop' })
    expect(turnIdOf(joined)).toBe(turnIdOf(first))
    expect((await joined.take(1))[0]!.data).toEqual({ token: 'Hello ', count: 1 })
    expect(await ask(url, sessionId, 'Another')).toMatchObject({ status: 409, body: { code: 'turn_in_progress' } })
    reply.say('there!')
    reply.finish()
    expect(last(await joined.rest())).toEqual(last(await first.rest()))
    expect(asks(provider)).toBe(1)
  })

  it('joins an earlier turn while another one runs, and leaves that alone', async () => {
    const hand = byHand()
    const { url, provider } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const first = ask(url, sessionId, 'Hi', ID)
    ;(await hand.next()).finish()
    await first
    const running = await send(url, sessionId, 'More')
    const reply = await hand.next()
    const joined = await send(url, sessionId, 'Hi', { ...ID, if_busy: 'stop' })
    expect(last(await joined.rest())).toMatchObject({ done: true, turn_id: `${sessionId}.1` })
    reply.say('More.')
    reply.finish()
    expect(last(await running.rest())).toMatchObject({ finish_reason: 'stop', full_text: 'More.' })
    expect(asks(provider)).toBe(2)
  })

  it('joins while the service drains', async () => {
    const hand = byHand()
    const { app, url } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const first = await send(url, sessionId, 'Hi', ID)
    const reply = await hand.next()
    const drained = app.chat.drain(10_000)
    const joined = await send(url, sessionId, 'Hi', ID)
    expect(await ask(url, await startSession(url), 'Hi', ID)).toMatchObject({ status: 503, body: { code: 'draining' } })
    reply.say('Hello!')
    reply.finish()
    expect(last(await joined.rest())).toEqual(last(await first.rest()))
    await drained
    expect(last(await (await send(url, sessionId, 'Hi', ID)).rest())).toMatchObject({ full_text: 'Hello!' })
  })

  it.each([
    ['another message', 'Ho', ID, {}],
    ['another message and the header', 'Ho', {}, { 'idempotency-key': 'message-1' }],
    ['white space added', 'Hi ', ID, {}],
  ])('is refused with %s, while the turn runs and after it', async (_what, message, more, headers) => {
    const hand = byHand()
    const { url, provider } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const first = await send(url, sessionId, 'Hi', ID)
    const reply = await hand.next()
    const refusal = { status: 409, body: { code: 'message_id_reused', retryable: false, turn_id: `${sessionId}.1` } }
    expect(await ask(url, sessionId, message, more, headers)).toMatchObject(refusal)
    reply.finish()
    await first.rest()
    expect(await ask(url, sessionId, message, { ...more, if_busy: 'stop' }, headers)).toMatchObject(refusal)
    expect(asks(provider)).toBe(1)
  })

  it('is another turn in another session', async () => {
    const { url, provider } = await startOn(store)
    const [one, two] = [await startSession(url), await startSession(url)]
    expect((await ask(url, one, 'Hi', ID)).body.turn_id).toBe(`${one}.1`)
    expect((await ask(url, two, 'Hi', ID)).body.turn_id).toBe(`${two}.1`)
    expect(asks(provider)).toBe(2)
  })

  it('is not recorded by a refusal', async () => {
    const { url, provider } = await startOn(store)
    const sessionId = await startSession(url)
    expect((await ask(url, 'nowhere', 'Hi', ID)).status).toBe(404)
    expect((await ask(url, sessionId, 'Ho', { ...ID, brain: 'nobody' })).status).toBe(400)
    expect((await ask(url, sessionId, 'Ho', { ...ID, persona: 'nobody' })).status).toBe(400)
    expect((await ask(url, sessionId, ' ', ID)).status).toBe(400)
    expect((await ask(url, sessionId, 'Hi', ID)).status).toBe(200)
    expect(asks(provider)).toBe(1)
  })

  it('gets the failure again when its turn failed: that is tried anew by regenerate', async () => {
    const { url, provider } = await startOn(store, answers(500, '{}'))
    const sessionId = await startSession(url)
    const failed = await ask(url, sessionId, 'Hi', ID)
    expect(failed).toMatchObject({ status: 503, body: { code: 'brain_unavailable' } })
    provider.script(says('Hello!'))
    expect((await ask(url, sessionId, 'Hi', ID)).body).toEqual(failed.body)
    const again = { client_message_id: 'again' }
    const door = `${url}/chat/turns/${sessionId}.1/regenerate`
    const regenerated = await Promise.all([1, 2, 3].map(() => fetchText(door, again)))
    expect(new Set(regenerated).size).toBe(1)
    expect(regenerated[0]).toContain('"full_text":"Hello!"')
    expect(await call(door, 'POST', { ...again, message: 'Ho' })).toMatchObject({ body: { code: 'message_id_reused' } })
    expect(asks(provider)).toBe(2)
  })

  it('gets the whole turn again after its end, and after kill -9 in the middle and at the end', async () => {
    const hand = byHand()
    const provider = await startOpenAIProvider({ script: hand.script })
    onTestFinished(() => provider.close())
    const env = { ...toProviderEnv(provider), ...(await store.lastingEnv()) }
    const first = await startServer(env)
    const sessionId = await startSession(first.url)
    const stream = await send(first.url, sessionId, 'Hi', ID)
    const reply = await hand.next()
    reply.say('Hello!')
    reply.finish()
    const frames = await stream.rest()
    expect(await (await send(first.url, sessionId, 'Hi', ID)).rest()).toEqual(frames)
    const cut = await send(first.url, sessionId, 'More', { client_message_id: 'message-2' })
    ;(await hand.next()).say('Some')
    await cut.take(1)
    first.kill('SIGKILL')
    await cut.ended

    const { url } = await startServer(env)
    const joined = await send(url, sessionId, 'Hi', {}, { 'idempotency-key': 'message-1' })
    expect(await joined.rest()).toEqual(frames)
    const interrupted = await send(url, sessionId, 'More', { client_message_id: 'message-2' })
    expect(turnIdOf(interrupted)).toBe(`${sessionId}.2`)
    expect(last(await interrupted.rest())).toMatchObject({ code: 'interrupted' })
    expect(await ask(url, sessionId, 'Less', ID)).toMatchObject({ body: { code: 'message_id_reused' } })
    expect(asks(provider)).toBe(2)
  })

  it("gets the stored text as one token and the end when the log's time is over", async () => {
    const { url, provider } = await startOn(store, says('Hello there, you!'), SHORT_LOG)
    const sessionId = await startSession(url)
    const done = last(await (await send(url, sessionId, 'Hi', ID)).rest())
    await untilExpired(url, `${sessionId}.1`)
    const frames = await (await send(url, sessionId, 'Hi', ID)).rest()
    expect(frames.map(({ data }) => data)).toEqual([{ token: 'Hello there, you!', count: 1 }, done])
    expect((await ask(url, sessionId, 'Hi', ID)).body).toEqual({ message: 'Hello there, you!', ...done })
    expect(asks(provider)).toBe(1)
  })

  it("gets the partial text and the failure when the log's time is over", async () => {
    const { url } = await startOn(store, says('Hello there', { ending: 'fin', finish: null }), SHORT_LOG)
    const sessionId = await startSession(url)
    const end = last(await (await send(url, sessionId, 'Hi', ID)).rest())
    expect(end).toMatchObject({ partial_text: 'Hello there' })
    await untilExpired(url, `${sessionId}.1`)
    const frames = await (await send(url, sessionId, 'Hi', ID)).rest()
    expect(frames.map(({ data }) => data)).toEqual([{ token: 'Hello there', count: 1 }, end])
  })
})

describe.each(STORES)('a POST that is sent again with Last-Event-ID, on $name,', (store) => {
  it('goes on after that event, with an id of its own or without', async () => {
    const hand = byHand()
    const { url, provider } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const first = await send(url, sessionId, 'Hi', {}, NEGOTIATED)
    const reply = await hand.next()
    reply.say('a ', 'b ', 'c ')
    const [, second] = await first.take(3)
    const joined = await send(url, sessionId, 'Hi', {}, { ...NEGOTIATED, 'last-event-id': second!.id })
    reply.say('d ')
    reply.finish()
    expect(toText(await joined.rest())).toBe('c d ')
    const end = (await first.rest()).at(-1)!
    const later = await send(url, sessionId, 'Hi', {}, { ...NEGOTIATED, 'last-event-id': second!.id })
    const rest = await later.rest()
    expect(toText(rest)).toBe('c d ')
    expect(rest.at(-1)).toEqual(end)
    expect((await send(url, sessionId, 'Hi', {}, { ...NEGOTIATED, 'last-event-id': end.id })).status).toBe(204)
    expect((await send(url, sessionId, 'Hi', {}, { 'last-event-id': end.id })).status).toBe(204)
    expect(asks(provider)).toBe(1)
  })

  it('is a new turn when it names a turn with another message, or of another session', async () => {
    const { url, provider } = await startOn(store)
    const [one, two] = [await startSession(url), await startSession(url)]
    const frames = await (await send(url, one, 'Hi', {}, NEGOTIATED)).rest()
    const headers = { ...NEGOTIATED, 'last-event-id': frames[0]!.id }
    const others = await Promise.all([send(url, one, 'Ho', {}, headers), send(url, two, 'Hi', {}, headers)])
    expect(others.map(turnIdOf)).toEqual([`${one}.2`, `${two}.1`])
    for (const stream of others) expect(toText(await stream.rest())).toBe('Hello there!')
    expect(asks(provider)).toBe(3)
  })

  it('is refused when the offset is malformed or was never given', async () => {
    const { url, provider } = await startOn(store)
    const sessionId = await startSession(url)
    await (await send(url, sessionId, 'Hi', ID)).rest()
    for (const id of ['junk', `${sessionId}.1`, `${sessionId}.1.1-1`, `${sessionId}.1.9-00000001`]) {
      const refused = await ask(url, sessionId, 'Hi', ID, { 'last-event-id': id })
      // Whoever waits for the whole answer reads from the beginning, so only the shape matters there.
      if (refused.status !== 200) expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
      const stream = await send(url, sessionId, 'Hi', ID, { 'last-event-id': id })
      expect(stream.status).toBe(400)
    }
    const foreign = { 'last-event-id': `${sessionId}.2.1-00000001` }
    expect((await send(url, sessionId, 'Hi', ID, foreign)).status).toBe(400)
    expect(asks(provider)).toBe(1)
  })
})

/** Waits until a turn's log is not given any more. */
async function untilExpired(url: string, turnId: string): Promise<void> {
  await expect.poll(async () => (await follow(url, turnId)).status).toBe(410)
}

async function fetchText(url: string, body: unknown): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).text()
}
