/** Whatever a provider does, the turn's end says what it was, and what was said is kept. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { encodeError, encodeReply, openai, says } from '#test/provider/openai.ts'
import type { Script } from '#test/provider/provider.ts'
import { answers, answersPage, cutEverywhere, hangsUp, isSilent, sends } from '#test/provider/scripts.ts'
import { call, type Json, startService, startSession, toText } from '#test/helper.ts'
import { STORES } from '#test/stores/each.ts'
import { ask, asks, getTurn, history, last, send, transcript, turnIdOf, within } from './conversation.ts'
import { startOn } from './reading.ts'

const QUICK = { FIRST_TOKEN_TIMEOUT_S: '0.25', TOKEN_TIMEOUT_S: '0.25' }

interface Fault {
  name: string
  script: Script
  code: string
  status: number
  retryable: boolean
  retryAfter?: number
  said?: string
}

const unavailable = { code: 'brain_unavailable', status: 503, retryable: true }
const badResponse = { code: 'brain_bad_response', status: 502, retryable: true }
const rejected = { code: 'brain_rejected', status: 502, retryable: false }
const limited = { code: 'brain_rate_limited', status: 503, retryable: true }
const timeout = { code: 'brain_timeout', status: 504, retryable: true }

const said = encodeReply({ deltas: ['Hello ', 'there, '], finish: null }).frames
const partly = { said: 'Hello there, ' }

const BEFORE: Fault[] = [
  { name: 'hangs up before its headers', script: hangsUp('fin'), ...unavailable },
  { name: 'resets the connection', script: hangsUp('reset'), ...unavailable },
  { name: 'never answers', script: isSilent(), ...timeout },
  { name: 'sends headers and then nothing', script: sends([], { ending: 'stall' }), ...timeout },
  { name: 'has a 500', script: answers(500, openai.encodeError(500)), ...unavailable },
  { name: 'has a 503', script: answers(503, 'upstream connect error'), ...unavailable },
  { name: 'is overloaded (529)', script: answers(529, openai.encodeError(529)), ...unavailable },
  {
    name: 'limits the rate (429, Retry-After)',
    script: answers(429, openai.encodeError(429), { 'retry-after': '7' }),
    ...limited,
    retryAfter: 7,
  },
  { name: 'limits the rate (429)', script: answers(429, openai.encodeError(429)), ...limited },
  {
    name: 'has no quota left',
    script: answers(429, encodeError('insufficient_quota', 'insufficient_quota')),
    ...limited,
    retryable: false,
  },
  { name: 'refuses the key (401)', script: answers(401, encodeError('invalid_api_key')), ...rejected },
  { name: 'refuses the request (400)', script: answers(400, openai.encodeError(400)), ...rejected },
  { name: 'sends a page with 200', script: answersPage(), ...badResponse },
  { name: 'sends JSON with 200', script: answers(200, '{"choices": []}'), ...badResponse },
  { name: 'sends an empty 200', script: sends([]), ...badResponse },
  { name: 'sends half a JSON frame', script: sends([openai.halfFrame]), ...badResponse },
  { name: 'sends an error frame', script: sends([openai.errorFrame]), ...unavailable },
]

const MIDDLE: Fault[] = [
  { name: 'falls silent', script: sends(said, { ending: 'stall' }), ...timeout, ...partly },
  { name: 'ends without its end marker', script: sends(said), ...badResponse, ...partly },
  { name: 'closes the connection (FIN)', script: sends(said, { ending: 'fin' }), ...unavailable, ...partly },
  {
    name: 'closes the connection (RST)',
    script: sends(said, { ending: 'reset', apart: true }),
    ...unavailable,
    ...partly,
  },
  { name: 'sends half a JSON frame', script: sends([...said, openai.halfFrame]), ...badResponse, ...partly },
  { name: 'sends an error frame', script: sends([...said, openai.errorFrame]), ...unavailable, ...partly },
]

function toEnd({ code, retryable, retryAfter, said: partial_text = '' }: Fault): Json {
  const facts = { error: expect.stringMatching(/\.$/), code, retryable, partial_text }
  return retryAfter === undefined ? facts : { ...facts, retry_after: retryAfter }
}

function expectRightEnd(fault: Fault, frame: Json, turnId: string): void {
  expect(frame).toEqual({ ...toEnd(fault), turn_id: turnId })
}

describe.each(
  STORES.flatMap((store) => [
    { store, when: 'before the first token', faults: BEFORE },
    { store, when: 'in the middle', faults: MIDDLE },
  ]),
)('a provider that, on $store.name, $when,', ({ store, faults }) => {
  it.each(faults)('$name fails the turn, as a frame', async (fault) => {
    const { url, provider } = await startOn(store, fault.script, QUICK)
    const sessionId = await startSession(url)
    const stream = await send(url, sessionId, 'Ready?')
    expect(stream.status).toBe(200)
    const frames = await stream.rest()
    expectRightEnd(fault, last(frames), turnIdOf(stream))
    expect(toText(frames)).toBe(fault.said ?? '')
    expect(frames.filter(({ data }) => data.token === undefined)).toHaveLength(1)
    expect(asks(provider)).toBe(1)

    expect(await getTurn(url, turnIdOf(stream))).toMatchObject({
      state: 'failed',
      text: fault.said ?? '',
      code: fault.code,
      retryable: fault.retryable,
    })
    expect(await transcript(url, sessionId)).toEqual([
      'user complete: Ready?',
      ...(fault.said ? [`assistant failed: ${fault.said}`] : []),
    ])
    provider.script(says('Yes.'))
    expect(await ask(url, sessionId, 'And now?')).toMatchObject({ status: 200, body: { message: 'Yes.' } })
    const [failing, working] = provider.requests
    // What failed is closed; nothing of it can come into the next turn.
    if (fault.code === 'brain_timeout') await failing!.closed
    expect(working!.number).toBe(2)
  })

  it.each(faults)('$name fails the whole answer with a status', async (fault) => {
    const { url } = await startOn(store, fault.script, QUICK)
    const sessionId = await startSession(url)
    const { status, body, headers } = await ask(url, sessionId, 'Ready?')
    expect(status).toBe(fault.status)
    expectRightEnd(fault, body, `${sessionId}.1`)
    expect(headers.get('retry-after')).toBe(fault.retryAfter === undefined ? null : String(fault.retryAfter))
    expect(headers.get('x-turn-id')).toBe(`${sessionId}.1`)
  })
})

describe.each(STORES)('a provider, on $name,', (store) => {
  it('that refuses connections fails the turn', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const { url } = await startService({
      ACTIVE_BRAIN: 'openai',
      OPENAI_API_KEY: 'sk-test-key',
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
    })
    const { status, body } = await ask(url, await startSession(url), 'Ready?')
    expect(status).toBe(503)
    expect(body).toMatchObject({ code: 'brain_unavailable', retryable: true, partial_text: '' })
    expect(JSON.stringify(body)).not.toMatch(/ECONN|127\.0\.0\.1/)
  })

  it('that takes too long for the whole reply fails the turn', async () => {
    const { url, provider } = await startOn(
      store,
      says(
        Array.from({ length: 100 }, () => 'on '),
        { delayMs: 20 },
      ),
      { TURN_TIMEOUT_S: '0.3' },
    )
    const sessionId = await startSession(url)
    const frames = await (await send(url, sessionId, 'Ready?')).rest()
    expect(last(frames)).toMatchObject({ code: 'brain_timeout', partial_text: toText(frames) })
    expect(toText(frames)).toMatch(/^(on )+$/)
    await provider.requests[0]!.closed
  })

  it('that is slow but alive is waited for', async () => {
    const { url } = await startOn(
      store,
      sends([': ping\n\n', ': ping\n\n', ': ping\n\n', ...encodeReply({ deltas: ['Yes.'] }).frames], { delayMs: 150 }),
      QUICK,
    )
    expect(await ask(url, await startSession(url), 'Ready?')).toMatchObject({ status: 200, body: { message: 'Yes.' } })
  })

  it.each([
    ['byte by byte', cutEverywhere(Buffer.from(encodeReply({ deltas: ['Grüße, ', '火 🔥'] }).frames.join('')))],
    ['with CR LF', encodeReply({ deltas: ['Grüße, ', '火 🔥'] }).frames.map((frame) => frame.replaceAll('\n', '\r\n'))],
    ['with events that nobody knows', [...openai.noise, ...encodeReply({ deltas: ['Grüße, ', '火 🔥'] }).frames]],
  ])('that sends its reply %s is understood', async (_how, pieces) => {
    const { url } = await startOn(store, sends(pieces, { apart: pieces.length > 100 }))
    const { body } = await ask(url, await startSession(url), 'Ready?')
    expect(body).toMatchObject({ message: 'Grüße, 火 🔥', finish_reason: 'stop', input_tokens: 7, output_tokens: 3 })
  })

  it('that sends 5 MB in one frame is understood', async () => {
    const text = 'x'.repeat(5_000_000)
    const { url } = await startOn(store, says([text]))
    const { body } = await ask(url, await startSession(url), 'Ready?')
    expect(body.message).toBe(text)
  })

  it.each([
    ['in small pieces', Array.from({ length: 10_000 }, () => 'ab '.repeat(7))],
    ['in one', ['ab '.repeat(70_000)]],
  ])('that does not keep to MAX_REPLY_TOKENS is cut as too long, and its call ends (%s)', async (_how, deltas) => {
    const script = sends(encodeReply({ deltas, finish: null }).frames, { ending: 'stall' })
    const { url, provider } = await startOn(store, script, { MAX_REPLY_TOKENS: '100' })
    const sessionId = await startSession(url)
    const { body } = await ask(url, sessionId, 'Ready?')
    expect(body).toMatchObject({ finish_reason: 'length', input_tokens: null, output_tokens: null })
    expect(body.message).toBe('ab '.repeat(70_000).slice(0, 12_800))
    await within(1_000, provider.requests[0]!.closed)
    expect(await getTurn(url, `${sessionId}.1`)).toMatchObject({ state: 'done', text: body.message })
  })

  it('that does not keep to what an OpenAI client asked for is cut, too, and comes at its pace up to there', async () => {
    const { url } = await startOn(store, says(Array.from({ length: 200 }, () => 'ten chars ')))
    const messages = [{ role: 'user', content: 'Ready?' }]
    const { body } = await call(`${url}/v1/chat/completions`, 'POST', { model: 'default', messages, max_tokens: 2 })
    expect(body.choices).toMatchObject([
      { finish_reason: 'length', message: { content: 'ten chars '.repeat(26).slice(0, 256) } },
    ])
    const paced = await startOn(store, says(['a'.repeat(120), 'b'.repeat(120)]), { MAX_REPLY_TOKENS: '1' })
    const slow = await ask(paced.url, await startSession(paced.url), 'Ready?', { pace_ms: 20 })
    expect(slow.body).toMatchObject({ message: `${'a'.repeat(120)}${'b'.repeat(8)}`, finish_reason: 'length' })
  })

  it.each(['length', 'content_filter'] as const)('that ends with %s says so in done', async (finish) => {
    const { url } = await startOn(store, says('Well…', { finish }))
    const { body } = await ask(url, await startSession(url), 'Ready?')
    expect(body).toMatchObject({ message: 'Well…', finish_reason: finish })
  })

  it('that says nothing and ends well has an empty reply, which the history leaves out', async () => {
    const { url } = await startOn(store, says([], { usage: null }))
    const sessionId = await startSession(url)
    const { status, body } = await ask(url, sessionId, 'Ready?')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      message: '',
      tokens: 0,
      time_to_first_token: null,
      input_tokens: null,
      cost_usd: null,
    })
    expect(await history(url, sessionId)).toHaveLength(1)
  })
})
