/** A reader that gives its last offset gets every later event, once and in order, whenever and however it was cut. */
import type { Socket } from 'node:net'
import { EventSource } from 'eventsource'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { byHand } from '#test/provider/by-hand.ts'
import { says } from '#test/provider/openai.ts'
import { type Frame, type Json, openStream, startSession, type Stream, toText } from '#test/helper.ts'
import { STORES, type TestStore } from '#test/stores/each.ts'
import { asks, follow, getTurn, last, NEGOTIATED, send, transcript, turnIdOf } from './conversation.ts'
import { startOn } from './reading.ts'

const TOKENS = Array.from({ length: 200 }, (_, index) => `${index + 1} `)
const TEXT = TOKENS.join('')

/** A turn of 200 tokens whose first reader was cut when it had seven, while the reply is held at the twentieth. */
async function cutAtSeven(store: TestStore, headers: Json = NEGOTIATED) {
  const gate = Promise.withResolvers<void>()
  // The first frame is the role's, so this holds the twenty-first token.
  const script = says(TOKENS, { before: (index) => (index === 21 ? gate.promise : undefined) })
  const { url, provider } = await startOn(store, script)
  const sessionId = await startSession(url)
  const body = { session_id: sessionId, message: 'Count!', client_message_id: 'm1' }
  const stream = await openStream(`${url}/chat/stream`, body, headers)
  const seven = await stream.take(7)
  stream.leave('reset')
  return { url, provider, sessionId, turnId: turnIdOf(stream), body, seven, release: () => gate.resolve() }
}

type Cutting = Awaited<ReturnType<typeof cutAtSeven>>

const WAYS: [string, (cut: Cutting) => Promise<Stream>][] = [
  [
    'Last-Event-ID',
    ({ url, turnId, seven }) => follow(url, turnId, '', { ...NEGOTIATED, 'last-event-id': seven[6]!.id }),
  ],
  ['?after', ({ url, turnId, seven }) => follow(url, turnId, `?after=${seven[6]!.id}`, NEGOTIATED)],
  ['?after_count', ({ url, turnId }) => follow(url, turnId, '?after_count=7')],
  [
    'the same POST with client_message_id and Last-Event-ID',
    ({ url, body, seven }) => openStream(`${url}/chat/stream`, body, { ...NEGOTIATED, 'last-event-id': seven[6]!.id }),
  ],
  [
    'the same POST with Idempotency-Key and Last-Event-ID',
    ({ url, sessionId, seven }) =>
      send(url, sessionId, 'Count!', {}, { 'idempotency-key': 'm1', 'last-event-id': seven[6]!.id }),
  ],
  [
    'the same POST with Last-Event-ID alone',
    ({ url, sessionId, seven }) => send(url, sessionId, 'Count!', {}, { ...NEGOTIATED, 'last-event-id': seven[6]!.id }),
  ],
]

function countsOf(frames: Frame[]): unknown[] {
  return frames.map(({ data }) => data.count)
}

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first + 1 }, (_, index) => first + index)
}

describe.each(STORES)('a reader cut at token 7 of 200, on $name,', (store) => {
  it.each(WAYS)('resumes with exactly tokens 8 to 200 by %s', async (_name, resume) => {
    const cut = await cutAtSeven(store)
    const stream = await resume(cut)
    const live = await stream.take(1)
    cut.release()
    const frames = [...live, ...(await stream.rest())]
    expect(countsOf(cut.seven)).toEqual(range(1, 7))
    expect(countsOf(frames)).toEqual([...range(8, 200), undefined])
    expect(toText(cut.seven) + toText(frames)).toBe(TEXT)
    expect(last(frames)).toMatchObject({ done: true, full_text: TEXT, tokens: 200, turn_id: cut.turnId })
    expect(asks(cut.provider)).toBe(1)
  })

  it.each(WAYS)('resumes with exactly tokens 8 to 200 by %s when the turn is over', async (_name, resume) => {
    const cut = await cutAtSeven(store)
    cut.release()
    await (await follow(cut.url, cut.turnId)).rest()
    const frames = await (await resume(cut)).rest()
    expect(countsOf(frames)).toEqual([...range(8, 200), undefined])
    expect(toText(cut.seven) + toText(frames)).toBe(TEXT)
    expect(asks(cut.provider)).toBe(1)
  })

  it('leaves a finished, stored turn when it never comes back', async () => {
    const { url, turnId, sessionId, release } = await cutAtSeven(store)
    const late = await follow(url, turnId)
    release()
    await late.rest()
    expect(await getTurn(url, turnId)).toMatchObject({ state: 'done', text: TEXT, tokens: 200 })
    expect(await transcript(url, sessionId)).toEqual(['user complete: Count!', `assistant complete: ${TEXT}`])
  })

  it('finishes with no reader at all', async () => {
    const { url, turnId, sessionId, release } = await cutAtSeven(store, {})
    release()
    await vi.waitFor(async () => expect(await getTurn(url, turnId)).toMatchObject({ state: 'done' }), {
      timeout: 10_000,
    })
    expect(await transcript(url, sessionId)).toEqual(['user complete: Count!', `assistant complete: ${TEXT}`])
  })
})

describe.each(STORES)('many readers of one turn, on $name,', (store) => {
  it('see the same tokens live, each as soon as it is said, and a late one sees all of them', async () => {
    const hand = byHand()
    const { url } = await startOn(store, hand.script)
    const first = await send(url, await startSession(url), 'Hello', {}, NEGOTIATED)
    const reply = await hand.next()
    const second = await follow(url, turnIdOf(first), '', NEGOTIATED)
    const seen: Frame[] = []
    for (const token of ['One ', 'two ', 'three']) {
      reply.say(token)
      const [a, b] = await Promise.all([first.take(1), second.take(1)])
      expect(a).toEqual(b)
      expect(a[0]!.data.token).toBe(token)
      seen.push(...a)
    }
    const joined = await follow(url, turnIdOf(first), '', NEGOTIATED)
    expect(await joined.take(3)).toEqual(seen)
    reply.finish()
    const ends = await Promise.all([first, second, joined].map((stream) => stream.rest()))
    expect(ends[0]).toHaveLength(1)
    expect(ends[1]).toEqual(ends[0])
    expect(ends[2]).toEqual(ends[0])
    expect(await (await follow(url, turnIdOf(first), '', NEGOTIATED)).rest()).toEqual([...seen, ...ends[0]!])
  })

  it('have ids that strictly increase, as text too, over more than a digit', async () => {
    const { url } = await startOn(store, says(Array.from({ length: 1234 }, () => 'x')))
    const frames = await (await send(url, await startSession(url), 'Hello', {}, NEGOTIATED)).rest()
    const ids = frames.map(({ id }) => id!)
    expect(ids).toHaveLength(1235)
    expect(ids).toEqual([...new Set(ids)].toSorted())
  })
})

describe.each(STORES)('a reader that has the terminal frame, on $name,', (store) => {
  it('gets 204, with nothing in it, by every way to resume', async () => {
    const { url, provider } = await startOn(store, says('Hello there!'))
    const sessionId = await startSession(url)
    const stream = await send(url, sessionId, 'Hi', { client_message_id: 'm1' }, NEGOTIATED)
    const id = (await stream.rest()).at(-1)!.id!
    const header = { ...NEGOTIATED, 'last-event-id': id }
    const again = await Promise.all([
      follow(url, turnIdOf(stream), '', header),
      follow(url, turnIdOf(stream), `?after=${id}`),
      send(url, sessionId, 'Hi', { client_message_id: 'm1' }, header),
      send(url, sessionId, 'Hi', {}, header),
      send(url, sessionId, 'Hi', {}, { 'idempotency-key': 'm1', 'last-event-id': id }),
    ])
    for (const answer of again) {
      await answer.ended
      expect([answer.status, answer.raw, turnIdOf(answer)]).toEqual([204, '', turnIdOf(stream)])
    }
    expect(asks(provider)).toBe(1)
  })

  it('gets the terminal frame when it has all tokens and not that', async () => {
    const { url } = await startOn(store, says('Hello there!'))
    const stream = await send(url, await startSession(url), 'Hi', {}, NEGOTIATED)
    const frames = await stream.rest()
    const end = frames.slice(-1)
    expect(await (await follow(url, turnIdOf(stream), `?after=${frames.at(-2)!.id}`, NEGOTIATED)).rest()).toEqual(end)
    const counted = await (await follow(url, turnIdOf(stream), '?after_count=2')).rest()
    expect(counted.map(({ data }) => data)).toEqual(end.map(({ data }) => data))
  })
})

describe.each(STORES)('the EventSource of browsers, on $name,', (store) => {
  it('gets every frame over cuts that it mends itself, and stops when it has all', async () => {
    const hand = byHand()
    const { app, url } = await startOn(store, hand.script)
    const sockets = new Set<Socket>()
    app.server.on('connection', (socket: Socket) => sockets.add(socket))
    const turn = await send(url, await startSession(url), 'Count!')
    const reply = await hand.next()

    const statuses: number[] = []
    const source = new EventSource(`${url}/chat/turns/${turnIdOf(turn)}/stream`, {
      fetch: async (address, init) => {
        const response = await fetch(address, init)
        statuses.push(response.status)
        return response
      },
    })
    onTestFinished(() => source.close())
    const data: Json[] = []
    let onMessage: (() => void) | null = null
    source.addEventListener('message', ({ data: json }) => {
      data.push(JSON.parse(json as string) as Json)
      onMessage?.()
    })
    const has = async (count: number) => {
      while (data.length < count) await new Promise<void>((resolve) => (onMessage = resolve))
    }

    reply.say('one ', 'two ')
    await has(2)
    for (const socket of sockets) socket.resetAndDestroy()
    reply.say('three ', 'four ')
    await has(4)
    for (const socket of sockets) socket.destroy()
    reply.say('five')
    const closed = new Promise<void>((resolve) => {
      source.addEventListener('error', () => source.readyState === source.CLOSED && resolve())
    })
    reply.finish()
    await closed
    expect(data.map(({ token }) => token)).toEqual(['one ', 'two ', 'three ', 'four ', 'five', undefined])
    expect(data.at(-1)).toMatchObject({ done: true, full_text: 'one two three four five' })
    expect(statuses).toEqual([200, 200, 200, 204])
  })
})
