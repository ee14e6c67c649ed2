/** Any text comes through as it was said, and what stands on the wire is what clients split and parse. */
import { describe, expect, it } from 'vitest'
import { encodeReply, says } from '#test/provider/openai.ts'
import { cutEvery, cutEverywhere, sends } from '#test/provider/scripts.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { call, type Json, openStream, startSession, toText } from '#test/helper.ts'
import { STORES } from '#test/stores/each.ts'
import { ask, follow, history, last, NEGOTIATED, send, turnIdOf } from './conversation.ts'
import { attach, parseBare, parseNegotiated, startOn } from './reading.ts'

const TOKENS = [
  ['😀', ' 👩‍👩‍👧‍👦', '漢字', '한국어 ', 'שלום', 'e\u0301', '\u2028\u2029', '\uFEFF', '\u0000\u001b'],
  [
    '\n',
    '\r',
    '\r\n',
    '\n\n',
    '\r\n\r\n',
    'data: x\n\n',
    'data: {"done":true}\n\n',
    'id: 1\n',
    ': ping\n\n',
    'event: e\n',
  ],
  ['"', '\\', '\\ud83d', '[DONE]', '</script>', ' ', '\t', 'end'],
].flat()
const TEXT = TOKENS.join('')

describe.each(STORES)('text, on $name,', (store) => {
  it('comes through every door as it was said', async () => {
    const { url } = await startOn(store, says(TOKENS))
    const sessionId = await startSession(url)
    const bare = await attach({
      url: `${url}/chat/stream`,
      body: { session_id: sessionId, message: TEXT.replace('\0', '') },
    })
    const turn = `${url}/chat/turns/${sessionId}.1`
    const followed = await attach({ url: `${turn}/stream`, headers: NEGOTIATED })
    const posted = await attach({
      url: `${url}/chat/stream`,
      body: { session_id: sessionId, message: 'Hi' },
      headers: NEGOTIATED,
    })
    const older = await attach({ url: `${url}/api/chat/stream`, body: { session_id: 'older', message: 'Hi' } })
    const whole = await ask(url, sessionId, 'Hi')
    for (const frames of [
      parseBare(bare.bytes),
      parseNegotiated(followed.bytes),
      parseNegotiated(posted.bytes),
      parseBare(older.bytes),
    ]) {
      expect(frames.slice(0, -1).map(({ data }) => data.token)).toEqual(TOKENS)
      expect(last(frames)).toMatchObject({ done: true, full_text: TEXT, tokens: TOKENS.length })
    }
    expect(last(parseBare(older.bytes))).toMatchObject({ full_response: TEXT, user: 'anonymous' })
    expect(whole.body).toMatchObject({ message: TEXT, full_text: TEXT })
    expect((await call(turn)).body).toMatchObject({ text: TEXT })
    expect((await history(url, sessionId)).slice(0, 2).map(({ content }) => content)).toEqual([
      TEXT.replace('\0', ''),
      TEXT,
    ])
    const exported = await call(`${url}/chat/sessions/${sessionId}/export?format=json`)
    expect((exported.body.messages as Json[])[1]).toMatchObject({ content: TEXT })
  })

  it('is the same wherever the provider is cut into pieces', async () => {
    const deltas = ['Hé', '😀\r\n\n', 'data: 漢', '字"\\']
    const body = Buffer.from(encodeReply({ deltas }, { obfuscation: '' }).frames.join(''))
    // Eight cuts in each turn, which together are all there are.
    const every = Math.ceil(body.length / 8)
    const offsets = Array.from({ length: every }, (_, index) => index + 1)
    const { url, provider } = await startOn(store)
    provider.script((exchange) => {
      const { messages } = exchange.request.body as { messages: { content: string }[] }
      return sends(cutEvery(body, Number(messages.at(-1)!.content), every), { apart: true })(exchange)
    })
    const texts: unknown[] = []
    const askAll = async () => {
      for (let offset = offsets.pop(); offset; offset = offsets.pop()) {
        const { body: answer } = await ask(url, await startSession(url), String(offset))
        texts.push(answer.full_text)
      }
    }
    await Promise.all(Array.from({ length: 10 }, askAll))
    expect(texts).toEqual(Array(every).fill(deltas.join('')))

    provider.script(sends(cutEverywhere(body), { apart: true }))
    const frames = await (await send(url, await startSession(url), 'Hi')).rest()
    expect(frames.slice(0, -1).map(({ data }) => data.token)).toEqual(deltas)
  })

  it('has no token that ends in half a surrogate pair, however the provider splits them', async () => {
    const units = 'a😀b👍\ud83dc😀'.split('')
    const { url } = await startOn(store, says([...units, '\ud83d']))
    const stream = await send(url, await startSession(url), 'Hi', {}, NEGOTIATED)
    const frames = await stream.rest()
    const mended = 'a😀b👍\uFFFDc😀\uFFFD'
    for (const { data } of frames.slice(0, -1)) expect((data.token as string).isWellFormed()).toBe(true)
    expect(toText(frames)).toBe(mended)
    expect(last(frames)).toMatchObject({ full_text: mended, tokens: frames.length - 1 })
    expect(toText(await (await follow(url, turnIdOf(stream))).rest())).toBe(mended)
    expect((await history(url, turnIdOf(stream).split('.')[0]!))[1]!.content).toBe(mended)
  })

  it.each(['\ud83d', 'a\udc00b', '\udc00\ud83d'])(
    'with half a surrogate pair in it is refused from clients',
    async (message) => {
      const { url, provider } = await startOn(store)
      const session_id = await startSession(url)
      // JSON.stringify escapes the half, as a client would.
      for (const [path, body] of [
        ['/chat/stream', { session_id, message }],
        ['/chat/message', { session_id, message }],
        ['/api/chat/stream', { message }],
        ['/chat/stream', { session_id, message: 'Hi', client_message_id: message }],
        ['/chat/start', { title: message }],
      ] as const) {
        expect(await call(url + path, 'POST', body), path).toMatchObject({
          status: 400,
          body: { code: 'invalid_request' },
        })
      }
      expect(provider.requests).toEqual([])
    },
  )
})

describe.each(STORES)('frames on the wire, on $name,', (store) => {
  const FRAME = /^data: \{"token":"[^\n]*","count":\d+\}$/

  it('are exactly data, JSON and a blank line where nobody asked for an event stream', async () => {
    const { url } = await startOn(store, says(TOKENS))
    const body = { session_id: await startSession(url), message: 'Hi' }
    for (const accept of [undefined, '*/*', 'application/json', 'text/*']) {
      const headers: Record<string, string> = accept === undefined ? {} : { accept }
      const { bytes } = await attach({ url: `${url}/chat/stream`, body, headers })
      const blocks = bytes.toString().split('\n\n')
      expect(blocks.pop()).toBe('')
      expect(blocks).toHaveLength(TOKENS.length + 1)
      expect(blocks.pop()).toMatch(/^data: \{"done":true,[^\n]*\}$/)
      for (const block of blocks) expect(block).toMatch(FRAME)
    }
  })

  it.each([
    'text/event-stream',
    'text/event-stream, */*;q=0.1',
    'application/json, text/event-stream',
    'Text/Event-Stream',
  ])('have offsets, and a comment before them, where Accept is %s', async (accept) => {
    const { url } = await startOn(store, says(TOKENS))
    const stream = await openStream(
      `${url}/chat/stream`,
      { session_id: await startSession(url), message: 'Hi' },
      { accept },
    )
    await stream.rest()
    const [opening = '', ...blocks] = stream.raw.split('\n\n').slice(0, -1)
    const [comment = '', beginning = ''] = opening.split('\n')
    expect(comment).toMatch(/^:/)
    expect(Buffer.byteLength(comment)).toBeGreaterThanOrEqual(512)
    expect(opening).toBe(`${comment}\n${beginning}`)
    expect(beginning).toBe(`id: ${turnIdOf(stream)}.1-00000000`)
    expect(blocks).toHaveLength(TOKENS.length + 1)
    for (const block of blocks) {
      const [id, data, ...more] = block.split('\n')
      expect(id).toMatch(new RegExp(`^id: ${turnIdOf(stream)}\\.\\S+$`))
      expect(data).toMatch(/^data: \{.*\}$/s)
      expect(more).toEqual([])
    }
    expect(stream.raw).not.toMatch(/^(retry|event):/m)
    const got = await follow(url, turnIdOf(stream), '', { accept })
    await got.rest()
    expect(got.raw).toBe(stream.raw.replace(`\n${beginning}\n\n`, '\n\nretry: 1000\n\n'))
  })

  it('come under the headers that the contract names, on every door', async () => {
    const { url } = await startOn(store, says('Hello there!'))
    const session_id = await startSession(url)
    const doors: Parameters<typeof openStream>[] = [
      [`${url}/chat/stream`, { session_id, message: 'Hi' }],
      [`${url}/chat/turns/${session_id}.1/stream`],
      [`${url}/chat/turns/${session_id}.1/regenerate`, {}, NEGOTIATED],
      [`${url}/api/chat/stream`, { session_id, message: 'Hi' }],
    ]
    for (const [index, door] of doors.entries()) {
      const stream = await openStream(...door)
      const { status, headers } = stream
      expect(status).toBe(200)
      expect(headers).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
        vary: 'Origin, Accept',
        'x-session-id': session_id,
        'x-turn-id': `${session_id}.${Math.max(1, index)}`,
        'x-request-id': expect.stringMatching(/./),
      })
      expect(headers).not.toHaveProperty('content-length')
      await stream.rest()
    }
  })

  it('have the text so far where it is asked for, up to 16 KiB', async () => {
    const pieces = ['One 😀, ', 'two', 'x'.repeat(16_384 - 13), 'y', 'z']
    const { url } = await startOn(store, says(pieces))
    const session_id = await startSession(url)
    const partials = ['One 😀, ', 'One 😀, two', `One 😀, two${'x'.repeat(16_384 - 13)}`, undefined, undefined]
    const partialsOf = async (path: string, body?: unknown) =>
      (await (await openStream(url + path, body)).rest()).slice(0, -1).map(({ data }) => data.partial)
    expect(await partialsOf('/chat/stream', { session_id, message: 'Hi', partial: true })).toEqual(partials)
    expect(await partialsOf('/api/chat/stream', { session_id: 'older', message: 'Hi' })).toEqual(partials)
    const turn = `/chat/turns/${session_id}.1/stream`
    expect(await partialsOf(`${turn}?partial=true`)).toEqual(partials)
    expect(await partialsOf(`${turn}?partial=true&after_count=1`)).toEqual(partials.slice(1))
    expect(await partialsOf(`${turn}?partial=true&after_count=4`)).toEqual([undefined])
    expect(await partialsOf(turn)).toEqual(Array(5).fill(undefined))
  })
})

function isRounded(value: number): boolean {
  return Math.abs(Math.round(value * 100) - value * 100) < 1e-6
}

function saidAll(finish_reason: string): Json {
  return { full_text: 'Hello there!', tokens: 2, finish_reason }
}

describe.each(STORES)('the last frame, on $name,', (store) => {
  const seconds = expect.toSatisfy((value: unknown) => typeof value === 'number' && value >= 0 && isRounded(value))

  function toDone(sessionId: string, n: number, more: Json): Json {
    return {
      done: true,
      session_id: sessionId,
      turn_id: `${sessionId}.${n}`,
      message_id: expect.stringMatching(/./),
      duration: seconds,
      time_to_first_token: seconds,
      tokens_per_second: seconds,
      cost_usd: expect.any(Number),
      brain: 'openai',
      model: 'gpt-5.4-mini',
      persona: 'fitness_coach',
      cached: false,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      ...more,
    }
  }

  it('says how a turn was done, in all its fields and no other', async () => {
    const { url, provider } = await startOn(store, says('Hello there!'))
    const sessionId = await startSession(url)
    const counted = { input_tokens: 7, output_tokens: 3 }
    expect(last(await (await send(url, sessionId, 'Hi')).rest())).toEqual(
      toDone(sessionId, 1, { ...saidAll('stop'), ...counted }),
    )
    provider.script(says('Hello there!', { usage: null, finish: 'length' }))
    const unknown = { input_tokens: null, output_tokens: null, cost_usd: null }
    expect(last(await (await send(url, sessionId, 'Hi')).rest())).toEqual(
      toDone(sessionId, 2, { ...saidAll('length'), ...unknown }),
    )
    provider.script(says([], { finish: 'content_filter' }))
    const nothing = {
      full_text: '',
      tokens: 0,
      time_to_first_token: null,
      tokens_per_second: 0,
      finish_reason: 'content_filter',
    }
    expect(last(await (await send(url, sessionId, 'Hi')).rest())).toEqual(
      toDone(sessionId, 3, { ...nothing, ...counted }),
    )
  })

  it('tells the truth about time', async () => {
    const hand = byHand()
    const { url } = await startOn(store, hand.script)
    const startedAt = performance.now()
    const stream = await send(url, await startSession(url), 'Hi')
    const reply = await hand.next()
    reply.say('One ')
    await stream.take(1)
    const firstAt = performance.now()
    const pause = new Promise((resolve) => setTimeout(resolve, 60))
    await pause
    reply.say('two')
    reply.finish()
    const done = last(await stream.rest())
    const endedAt = performance.now()
    const [duration, first, rate] = [done.duration, done.time_to_first_token, done.tokens_per_second] as number[]
    expect(first).toBeLessThanOrEqual((firstAt - startedAt) / 1000 + 0.01)
    expect(duration! - first!).toBeGreaterThanOrEqual(0.05)
    expect(duration).toBeLessThanOrEqual((endedAt - startedAt) / 1000 + 0.01)
    expect(rate).toBeLessThanOrEqual(2 / 0.05)
    expect(rate).toBeGreaterThan(0)
  })

  it('says how a turn failed, with what was said', async () => {
    const { url, provider } = await startOn(store, says('Hello there!', { finish: null }))
    const sessionId = await startSession(url)
    const frames = await (await send(url, sessionId, 'Hi', {}, NEGOTIATED)).rest()
    const ids = frames.map(({ id }) => id!)
    expect(ids).toEqual([...new Set(ids)].toSorted())
    const failure = { error: expect.stringMatching(/^[A-Z].*\.$/), code: 'brain_bad_response', retryable: true }
    expect(last(frames)).toEqual({ ...failure, turn_id: `${sessionId}.1`, partial_text: 'Hello there!' })
    provider.script(says([], { finish: null }))
    const silent = await (await send(url, sessionId, 'Hi')).rest()
    expect(silent.map(({ data }) => data)).toEqual([{ ...failure, turn_id: `${sessionId}.2`, partial_text: '' }])
  })
})
