import { describe, expect, it, vi } from 'vitest'
import { createClaudeBrain } from '#src/brains/claude.ts'
import {
  anthropic,
  encodeError,
  encodeErrorEvent,
  encodeEvent,
  encodeReply,
  encodeStop,
  encodeText,
  says,
} from '#test/provider/anthropic.ts'
import { answers, sends } from '#test/provider/scripts.ts'
import { describeBrain, type BrainSubject } from '#test/suites/brain.ts'
import { never, read, setUp, toRequest } from '#test/suites/brain/subject.ts'

const KEY = 'sk-ant-test-0123456789'
const subject: BrainSubject = {
  name: 'Claude',
  dialect: anthropic,
  step: 7,
  makeBrain: (baseURL) => createClaudeBrain({ apiKey: KEY, baseURL }),
}

/** A reply of one token whose end is this. */
const endsWith = (...frames: string[]) =>
  sends([...encodeReply({ deltas: ['a'], finish: null, usage: null }).frames, ...frames])

describeBrain(subject)

describe('Claude’s own', () => {
  it('sends the key, the version and the system prompt where they belong', async () => {
    const { brain, provider } = await setUp(subject)
    await read(brain, toRequest('Hi'), never())
    const { headers, body, method, path } = provider.requests[0]!
    expect({ method, path }).toEqual({ method: 'POST', path: '/v1/messages' })
    expect(headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'anthropic-version': '2026-10-21' })
    expect(headers).not.toHaveProperty('x-api-key')
    expect(body).toEqual({
      model: 'a-model',
      system: 'You are terse.',
      messages: [
        { role: 'user', content: 'Hello.' },
        { role: 'assistant', content: 'Good evening.' },
        { role: 'user', content: 'Hi' },
      ],
      max_tokens: 321,
      stream: true,
    })
  })

  it('leaves out an empty system prompt, which the API refuses', async () => {
    const { brain, provider } = await setUp(subject)
    await read(brain, toRequest('Hi', { system: '' }), never())
    expect(provider.requests[0]!.body).not.toHaveProperty('system')
  })

  it('asks the default model not to think before it speaks, and others nothing of the kind', async () => {
    const { brain, provider } = await setUp(subject)
    await read(brain, toRequest('Hi', { model: brain.model }), never())
    await read(brain, toRequest('Hi', { model: 'claude-opus-5-5' }), never())
    expect(provider.requests[0]!.body).toMatchObject({
      model: 'claude-sonnet-5-5',
      thinking: { type: 'between_tools' },
    })
    expect(provider.requests[1]!.body).not.toHaveProperty('thinking')
  })

  it('reads none of the SDK’s settings from the environment', async () => {
    const { provider } = await setUp(subject)
    const warned = vi.spyOn(console, 'warn')
    const foreign = { AUTH_TOKEN: 'foreign', API_KEY: 'foreign', BASE_URL: 'http://127.0.0.1:1', LOG: 'debug' }
    for (const [name, value] of Object.entries(foreign)) vi.stubEnv(`ANTHROPIC_${name}`, value)
    const logged = vi.spyOn(console, 'debug')
    try {
      const brain = subject.makeBrain(provider.url)
      expect(await read(brain, toRequest(), never())).toMatchObject({ text: 'Hello there!', error: undefined })
      expect(provider.requests[0]!.headers.authorization).toBe(`Bearer ${KEY}`)
      expect(warned).not.toHaveBeenCalled()
      expect(logged).not.toHaveBeenCalled()
    } finally {
      vi.unstubAllEnvs()
      vi.restoreAllMocks()
    }
  })

  it('checks with a look at the models', async () => {
    const { brain, provider } = await setUp(subject)
    await brain.check(never())
    expect(provider.requests[0]).toMatchObject({ method: 'GET', path: '/v1/models?limit=1' })
    expect(provider.requests[0]!.headers.authorization).toBe(`Bearer ${KEY}`)
  })

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'content_filter'],
    ['pause_turn', 'stop'],
    ['__proto__', 'stop'],
  ])('takes the stop reason %s for %s', async (raw, reason) => {
    const { brain, provider } = await setUp(subject)
    provider.script(endsWith(encodeStop(raw), encodeEvent('message_stop')))
    const { text, finish, error } = await read(brain, toRequest(), never())
    expect({ text, finish, error }).toEqual({ text: 'a', finish: { type: 'finish', reason, raw }, error: undefined })
  })

  it('keeps what was said before a refusal', async () => {
    const { brain, provider } = await setUp(subject)
    provider.script(says(['I will ', 'not '], { finish: 'content_filter' }))
    const { text, finish } = await read(brain, toRequest(), never())
    expect({ text, raw: finish?.raw }).toEqual({ text: 'I will not ', raw: 'refusal' })
  })

  it('takes message_stop for the end where no reason is given', async () => {
    const { brain, provider } = await setUp(subject)
    provider.script(endsWith(encodeEvent('message_stop')))
    const { text, finish } = await read(brain, toRequest(), never())
    expect({ text, finish }).toEqual({ text: 'a', finish: { type: 'finish', reason: 'stop', raw: 'message_stop' } })
  })

  it('holds a reply for whole when message_stop never comes', async () => {
    const { provider } = await setUp(subject)
    const brain = createClaudeBrain({ apiKey: KEY, baseURL: provider.url, restTimeoutMs: 20 })
    const { frames, terminal } = encodeReply({ deltas: ['a'] })
    provider.script(sends(frames.slice(0, terminal + 1), { ending: 'stall' }))
    const { text, finish, usage, error } = await read(brain, toRequest(), never())
    expect({ text, reason: finish?.reason, error }).toEqual({ text: 'a', reason: 'stop', error: undefined })
    expect(usage).toEqual({ inputTokens: 7, outputTokens: 3 })
    await provider.requests[0]!.closed
  })

  it('says what went in as soon as the reply begins, and what came out at its end', async () => {
    const { brain, provider } = await setUp(subject)
    provider.script(sends(encodeReply({ deltas: ['a'] }).frames, { apart: true }))
    const { chunks } = await read(brain, toRequest(), never())
    expect(chunks[0]).toEqual([{ type: 'usage', inputTokens: 7, outputTokens: null }])
    expect(chunks.at(-2)).toEqual([{ type: 'usage', inputTokens: 7, outputTokens: 3 }])
  })

  it.each([
    [
      'what was read from the cache and written to it',
      { input_tokens: 5, cache_creation_input_tokens: 20, cache_read_input_tokens: 300 },
      { output_tokens: 9 },
      325,
    ],
    ['the end’s count where the start had none', { input_tokens: 0 }, { input_tokens: 11, output_tokens: 9 }, 11],
    ['the start’s count where the end has none', { input_tokens: 5 }, { input_tokens: 0, output_tokens: 9 }, 5],
    ['nothing where there is no number', { input_tokens: 'some' }, { input_tokens: null, output_tokens: 9 }, null],
  ])('counts %s', async (_, start, end, inputTokens) => {
    const { brain, provider } = await setUp(subject)
    const begin = encodeEvent('message_start', { message: { usage: start } })
    provider.script(sends([begin, encodeText('a'), encodeStop('end_turn', end), encodeEvent('message_stop')]))
    const { usage } = await read(brain, toRequest(), never())
    expect(usage).toEqual({ inputTokens, outputTokens: 9 })
  })

  it('says nothing of what Claude thinks', async () => {
    const { brain, provider } = await setUp(subject)
    const thinks = anthropic.noise.filter((frame) => frame.includes('thinking'))
    const { frames } = encodeReply({ deltas: ['Yes.'] })
    provider.script(sends([frames[0]!, ...thinks, ...frames.slice(1)]))
    const { text, error } = await read(brain, toRequest(), never())
    expect({ text, error }).toEqual({ text: 'Yes.', error: undefined })
  })

  it('says a text that came with the beginning of its block', async () => {
    const { brain, provider } = await setUp(subject)
    const block = { content_block: { type: 'text', text: 'So ' } }
    provider.script(sends([encodeEvent('content_block_start', block), ...encodeReply({ deltas: ['be it.'] }).frames]))
    expect(await read(brain, toRequest(), never())).toMatchObject({ text: 'So be it.', error: undefined })
  })

  it('uses a connection again after a reply', async () => {
    const { brain, provider } = await setUp(subject)
    for (let replies = 0; replies < 5; replies++) {
      const ended = Promise.withResolvers<void>()
      provider.script(async (exchange) => {
        await says('Hello there!', { apart: true })(exchange)
        await exchange.flushed()
        ended.resolve()
      })
      expect((await read(brain, toRequest(), never())).error).toBeUndefined()
      await ended.promise
    }
    expect(provider.requests.map(({ connection }) => connection)).toEqual([1, 1, 1, 1, 1])
  })

  it.each([
    ['overloaded_error', 'brain_unavailable', true],
    ['api_error', 'brain_unavailable', true],
    ['rate_limit_error', 'brain_rate_limited', true],
    ['timeout_error', 'brain_timeout', true],
    ['invalid_request_error', 'brain_rejected', false],
    ['billing_error', 'brain_rejected', false],
    ['news_error', 'brain_unavailable', true],
  ])('maps %s in the middle of a reply to %s', async (type, code, retryable) => {
    const { brain, provider } = await setUp(subject)
    provider.script(endsWith(encodeErrorEvent(type)))
    const { text, error } = await read(brain, toRequest(), never())
    expect(text).toBe('a')
    expect(error).toMatchObject({ name: 'ChatError', code, retryable })
  })

  it('says in plain words why it was refused, and notes the request’s id for the log', async () => {
    const { brain, provider } = await setUp(subject)
    provider.script(answers(401, encodeError('authentication_error'), { 'request-id': 'req_011CSHoEeqs5C35K2' }))
    const { error } = await read(brain, toRequest(), never())
    expect(error).toMatchObject({
      message: 'Claude refused the request: the API key is not accepted.',
      cause: { message: 'status 401, code authentication_error, request req_011CSHoEeqs5C35K2' },
    })
  })

  it('notes the code of the cause, where there is one', async () => {
    const { brain, provider } = await setUp(subject)
    const details = { details: { error_code: 'organization_on_hold' } }
    provider.script(answers(400, encodeError('invalid_request_error', details)))
    const { error } = await read(brain, toRequest(), never())
    expect(error).toMatchObject({ cause: { message: 'status 400, code organization_on_hold, request unknown' } })
    provider.script(endsWith(encodeErrorEvent('invalid_request_error', details)))
    const { error: meanwhile } = await read(brain, toRequest(), never())
    expect(meanwhile).toMatchObject({ cause: { message: 'status 400, code organization_on_hold, request unknown' } })
  })

  it('refuses a key that no header can carry, without quoting it', () => {
    expect(() => createClaudeBrain({ apiKey: 'sk-secret\n' })).toThrow(/^(?!.*secret).*key of Claude/)
  })

  it('knows its prices and what its models can hold', () => {
    const brain = createClaudeBrain({ apiKey: KEY })
    expect(brain.price(brain.model, { inputTokens: 1_000_000, outputTokens: 1_000_000 })).toBeCloseTo(12)
    expect(brain.price('claude-opus-5-5', { inputTokens: 1_000_000, outputTokens: 1_000_000 })).toBeCloseTo(24)
    expect(brain.contextWindow(brain.model)).toBe(1_000_000)
    expect(brain.contextWindow('claude-haiku-4-5')).toBe(200_000)
    expect(brain.contextWindow('no-such-model')).toBe(200_000)
  })
})
