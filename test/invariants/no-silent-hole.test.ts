/** A reader that cannot be given the next event is told so: refused before the first byte, dismissed after it. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { byHand } from '#test/provider/by-hand.ts'
import { says } from '#test/provider/openai.ts'
import { call, startSession, toText } from '#test/helper.ts'
import { type Random, withSeed } from '#test/random.ts'
import { STORES, type TestStore } from '#test/stores/each.ts'
import { ask, asks, follow, getTurn, last, NEGOTIATED, send, turnIdOf } from './conversation.ts'
import { attach, attachUnread, parseBare, startOn } from './reading.ts'

const INVALID = { status: 400, body: { code: 'invalid_request', retryable: false, error: expect.any(String) } }

/** A turn that is over, one that runs, and one of another session, with an offset in each. */
async function startTurns(store: TestStore) {
  const hand = byHand()
  const { url, provider } = await startOn(store, hand.script)
  const sessionId = await startSession(url)
  const over = send(url, sessionId, 'Over', { client_message_id: 'over' }, NEGOTIATED)
  const [first, stream] = await Promise.all([hand.next(), over])
  first.say('Hello ', 'there!')
  first.finish()
  const [token, , end] = await stream.rest()
  const running = await send(url, sessionId, 'Running', { client_message_id: 'running' }, NEGOTIATED)
  const second = await hand.next()
  second.say('Well, ')
  const [live] = await running.take(1)
  return { url, provider, sessionId, over: turnIdOf(stream), running: turnIdOf(running), token, end, live, second }
}

describe.each(STORES)('a cursor, on $name,', (store) => {
  it('that is malformed is 400 on every way to resume', async () => {
    const { url, sessionId, over, running, token } = await startTurns(store)
    const id = token!.id!
    const malformed = [
      '0',
      'x',
      '-',
      over,
      `${over}.`,
      `${over}.1`,
      `${over}.1-`,
      `${over}.1-1`,
      `${over}.0-00000001`,
      `${over}.1-000000001`,
      `${over}.1-0000000x`,
      `${over}.1--0000001`,
      `${over}.01-00000001`,
      `${over}.9999999-00000001`,
      `${id} ${id}`,
      `${id}, ${id}`,
      `${id}.1-00000001`,
      id.toUpperCase().replace('.1-', '.1_'),
      `.${id}`,
      '__proto__',
      'a'.repeat(128),
    ]
    for (const offset of malformed) {
      const path = `/chat/turns/${over}/stream`
      const query = `?after=${encodeURIComponent(offset)}`
      const header = { 'last-event-id': offset }
      expect(await call(`${url}${path}${query}`), offset).toMatchObject(INVALID)
      expect(await call(`${url}${path}`, 'GET', undefined, header), offset).toMatchObject(INVALID)
      expect(await call(`${url}/chat/turns/${running}/stream${query}`), offset).toMatchObject(INVALID)
      const sent = { session_id: sessionId, message: 'Over', client_message_id: 'over' }
      for (const door of ['stream', 'message']) {
        expect(await call(`${url}/chat/${door}`, 'POST', sent, header), offset).toMatchObject(INVALID)
      }
    }
    for (const query of [
      'after=',
      'after=%00',
      'after=%F0%9F%98%80',
      `after=${id}&after=${id}`,
      `after=${'9'.repeat(500)}`,
    ]) {
      expect(await call(`${url}/chat/turns/${over}/stream?${query}`), query).toMatchObject(INVALID)
    }
    for (const count of ['', '-1', '1.5', '1e1', 'NaN', '0x1', ' 1', '1%00', '9999999999', '1&after_count=1', 'null']) {
      expect(await call(`${url}/chat/turns/${over}/stream?after_count=${count}`), count).toMatchObject(INVALID)
    }
  })

  it("that is another turn's is 400", async () => {
    const { url, sessionId, over, running, token, live } = await startTurns(store)
    const foreign = [live!.id!, token!.id!.replace(sessionId, 'another'), token!.id!.replace(/\.1\./, '.7.')]
    for (const offset of foreign) {
      expect(await call(`${url}/chat/turns/${over}/stream?after=${offset}`), offset).toMatchObject(INVALID)
      const sent = { session_id: sessionId, message: 'Over', client_message_id: 'over' }
      const answer = await call(`${url}/chat/stream`, 'POST', sent, { 'last-event-id': offset })
      expect(answer, offset).toMatchObject(INVALID)
    }
    expect(await call(`${url}/chat/turns/${running}/stream?after=${token!.id}`)).toMatchObject(INVALID)
  })

  it('that the turn never gave is 400: beyond its end, or of an owner that it never had', async () => {
    const { url, sessionId, over, running, token, end, live } = await startTurns(store)
    const beyond = end!.id!.replace(/-\d+$/, '-00000004')
    for (const offset of [beyond, token!.id!.replace('.1-', '.2-'), `${over}.999999-99999999`]) {
      expect(await call(`${url}/chat/turns/${over}/stream?after=${offset}`), offset).toMatchObject(INVALID)
      const sent = { session_id: sessionId, message: 'Over', client_message_id: 'over' }
      const answer = await call(`${url}/chat/stream`, 'POST', sent, { 'last-event-id': offset })
      expect(answer, offset).toMatchObject(INVALID)
    }
    const later = live!.id!.replace('.1-', '.2-')
    expect(await call(`${url}/chat/turns/${running}/stream?after=${later}`)).toMatchObject(INVALID)
  })

  it('with a character changed is another place in the same turn, or 400, and never a jump', () =>
    withSeed(async (random) => {
      const { url } = await startOn(store, says(Array.from({ length: 50 }, (_, index) => `${index} `)))
      const stream = await send(url, await startSession(url), 'Hi', {}, NEGOTIATED)
      const whole = await stream.rest()
      const ids = whole.map(({ id }) => id!)
      for (let round = 0; round < 300; round++) {
        const offset = mutate(random, random.pick(ids))
        const query = `?after=${encodeURIComponent(offset)}`
        const answer = await follow(url, turnIdOf(stream), query, NEGOTIATED)
        const after = ids.indexOf(offset)
        if (answer.status === 400) expect(after, offset).toBe(-1)
        else if (answer.status === 204) expect(after, offset).toBe(ids.length - 1)
        else
          expect(await answer.rest(), offset).toEqual(offset.endsWith('.1-00000000') ? whole : whole.slice(after + 1))
        await answer.ended
      }
    }))

  it('ahead of what is kept waits, gets no token twice, and gets the end', async () => {
    const { url, running, live, second } = await startTurns(store)
    const ahead = await follow(url, running, `?after=${live!.id!.replace(/-\d+$/, '-00000003')}`, NEGOTIATED)
    const counted = await follow(url, running, '?after_count=3')
    second.say('one ', 'two ', 'three')
    expect((await ahead.take(1))[0]!.data).toEqual({ token: 'three', count: 4 })
    second.finish()
    const [end] = await ahead.rest()
    expect(end!.data).toMatchObject({ done: true, full_text: 'Well, one two three' })
    expect(toText(await counted.rest())).toBe('three')
  })
})

describe.each(STORES)('a log whose time is over, on $name,', (store) => {
  afterEach(() => vi.useRealTimers())

  const HOUR_MS = 3_600_000

  it('is 410 before the first byte, to the second, and the text is in the history', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { url, provider } = await startOn(store, says('Hello there!'))
    const sessionId = await startSession(url)
    const frames = await (await send(url, sessionId, 'Hi', { client_message_id: 'm1' }, NEGOTIATED)).rest()
    const turn = `${url}/chat/turns/${sessionId}.1`
    const endedAt = Date.parse((await getTurn(url, `${sessionId}.1`)).ended_at as string)

    vi.setSystemTime(endedAt + HOUR_MS - 1_000)
    expect(await (await follow(url, `${sessionId}.1`, '', NEGOTIATED)).rest()).toEqual(frames)
    vi.setSystemTime(endedAt + HOUR_MS + 1_000)
    for (const query of ['', '?after_count=0', '?after_count=1', `?after=${frames[0]!.id}`]) {
      const gone = await call(`${turn}/stream${query}`, 'GET', undefined, NEGOTIATED)
      expect(gone, query).toMatchObject({ status: 410, body: { code: 'turn_expired', retryable: false } })
    }
    expect((await call(turn)).body).toMatchObject({ state: 'done', text: 'Hello there!' })

    const again = await (await send(url, sessionId, 'Hi', { client_message_id: 'm1' })).rest()
    expect(again.map(({ data }) => data)).toEqual([{ token: 'Hello there!', count: 1 }, frames.at(-1)!.data])
    expect(asks(provider)).toBe(1)
  })

  it('is read to its end by whoever reads it already', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const text = 'x'.repeat(100_000)
    const { url } = await startOn(store, says(Array.from({ length: 200 }, () => text)))
    const sessionId = await startSession(url)
    await ask(url, sessionId, 'Hi')
    // More than sockets hold: most of it is still to be sent when the time is over.
    const slow = await attachUnread({ url: `${url}/chat/turns/${sessionId}.1/stream` })
    vi.setSystemTime(Date.now() + 2 * HOUR_MS)
    expect(parseBare((await slow.read()).bytes).map(({ data }) => data.count)).toEqual([
      ...Array.from({ length: 200 }, (_, index) => index + 1),
      undefined,
    ])
    await vi.waitFor(async () => expect((await call(`${url}/chat/turns/${sessionId}.1/stream`)).status).toBe(410), {
      timeout: 10_000,
    })
  })
})

describe.each(STORES)('a session that is deleted, on $name,', (store) => {
  const DISMISSAL = { code: 'session_not_found', retryable: false, error: expect.any(String) }

  it('dismisses its readers with what they were sent, and without an offset', async () => {
    const { url, sessionId, over, running } = await startTurns(store)
    const live = await follow(url, running, '', NEGOTIATED)
    const bare = await follow(url, running)
    const behind = await follow(url, running, '?after_count=1')
    await Promise.all([live.take(1), bare.take(1)])
    await call(`${url}/chat/sessions/${sessionId}`, 'DELETE')
    const ends = await Promise.all([live, bare, behind].map((stream) => stream.rest()))
    for (const frames of ends) {
      const data = { ...DISMISSAL, turn_id: running, partial_text: 'Well, ' }
      expect(frames).toEqual([{ id: null, data }])
    }
    expect(live.raw.endsWith('\n\n')).toBe(true)
    for (const turnId of [over, running]) {
      const gone = { status: 404, body: { code: 'turn_not_found' } }
      expect(await call(`${url}/chat/turns/${turnId}/stream`)).toMatchObject(gone)
    }
  })

  it('dismisses whoever waits for the whole answer', async () => {
    const hand = byHand()
    const { url } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const answer = ask(url, sessionId, 'Hi')
    const reply = await hand.next()
    await call(`${url}/chat/sessions/${sessionId}`, 'DELETE')
    expect(await answer).toMatchObject({ status: 404, body: { code: 'session_not_found' } })
    await reply.request.closed
  })

  it('dismisses who still reads a turn that is over, be it from memory or from the store', async () => {
    const text = 'x'.repeat(100_000)
    const { url } = await startOn(store, says(Array.from({ length: 200 }, () => text)))
    const sessionId = await startSession(url)
    const live = await attachUnread({ url: `${url}/chat/stream`, body: { session_id: sessionId, message: 'Hi' } })
    const whole = { url: `${url}/chat/turns/${sessionId}.1/stream` }
    expect(last(parseBare((await attach(whole)).bytes))).toMatchObject({ done: true })
    const replayed = await attachUnread(whole)
    await call(`${url}/chat/sessions/${sessionId}`, 'DELETE')
    for (const reader of [live, replayed]) {
      const { bytes, isWhole } = await reader.read()
      const frames = parseBare(bytes)
      expect(last(frames)).toMatchObject({ ...DISMISSAL, partial_text: toText(frames) })
      expect(isWhole).toBe(true)
    }
  })
})

function mutate(random: Random, offset: string): string {
  const at = random.integer(0, offset.length - 1)
  const char = random.pick(['0', '1', '2', '9', 'a', 'Z', '-', '_', '.', ' ', '', '00', '😀', '\n', '%'])
  return offset.slice(0, at) + char + offset.slice(at + random.integer(0, 1))
}
