import { describe, expect, it } from 'vitest'
import { createOpenAIBrain } from '#src/brains/openai.ts'
import { encodeError, encodeReply, openai, says } from '#test/provider/openai.ts'
import { answers, sends } from '#test/provider/scripts.ts'
import { describeBrain, type BrainSubject } from '#test/suites/brain.ts'
import { never, read, setUp, toRequest } from '#test/suites/brain/subject.ts'

const KEY = 'sk-test-0123456789'
const subject: BrainSubject = {
  name: 'OpenAI',
  dialect: openai,
  makeBrain: (baseURL) => createOpenAIBrain({ apiKey: KEY, baseURL }),
}

describeBrain(subject)

describe('OpenAI’s own', () => {
  it('sends the key, asks for the usage and leaves out an empty system prompt', async () => {
    const { brain, provider } = await setUp(subject)
    await read(brain, toRequest('Hi', { system: '' }), never())
    const { headers, body, method, path } = provider.requests[0]!
    expect({ method, path }).toEqual({ method: 'POST', path: '/v1/chat/completions' })
    expect(headers.authorization).toBe(`Bearer ${KEY}`)
    expect(headers).not.toHaveProperty('openai-organization')
    expect(body).toMatchObject({ stream_options: { include_usage: true }, messages: [{ role: 'user' }, {}, {}] })
  })

  it('checks with a look at the models', async () => {
    const { brain, provider } = await setUp(subject)
    await brain.check(never())
    expect(provider.requests[0]).toMatchObject({ method: 'GET', path: '/v1/models' })
  })

  it('takes [DONE] for the end where no reason is given', async () => {
    const { brain, provider } = await setUp(subject)
    provider.script(sends([...encodeReply({ deltas: ['a'], finish: null }).frames, 'data: [DONE]\n\n']))
    const { text, finish } = await read(brain, toRequest(), never())
    expect({ text, finish }).toEqual({ text: 'a', finish: { type: 'finish', reason: 'stop', raw: '[DONE]' } })
  })

  it('keeps a reason that it does not know', async () => {
    const { brain, provider } = await setUp(subject)
    const frames = encodeReply({ deltas: ['a'] }).frames.map((frame) => frame.replace('"stop"', '"tool_calls"'))
    provider.script(sends(frames))
    const { finish } = await read(brain, toRequest(), never())
    expect(finish).toEqual({ type: 'finish', reason: 'stop', raw: 'tool_calls' })
  })

  it('holds a reply for whole when its usage never comes', async () => {
    const { provider } = await setUp(subject)
    const brain = createOpenAIBrain({ apiKey: KEY, baseURL: `${provider.url}/v1`, usageTimeoutMs: 20 })
    const { frames, terminal } = encodeReply({ deltas: ['a'] })
    provider.script(sends(frames.slice(0, terminal + 1), { ending: 'stall' }))
    const { text, finish, usage, error } = await read(brain, toRequest(), never())
    expect({ text, reason: finish?.reason, error }).toEqual({ text: 'a', reason: 'stop', error: undefined })
    expect(usage).toEqual({ inputTokens: null, outputTokens: null })
    await provider.requests[0]!.closed
  })

  it('uses a connection again after a reply', async () => {
    const { brain, provider } = await setUp(subject)
    for (let replies = 0; replies < 5; replies++) {
      const ended = Promise.withResolvers<void>()
      // The response ends apart from [DONE], after the brain has stopped reading.
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
    ['answered', answers(429, encodeError('insufficient_quota', 'insufficient_quota'), { 'retry-after': '1' })],
    ['in a frame', sends([`data: ${encodeError('insufficient_quota', 'insufficient_quota')}\n\n`])],
  ])('does not take an empty account for a limit that passes: %s', async (_, script) => {
    const { brain, provider } = await setUp(subject)
    provider.script(script)
    const { error } = await read(brain, toRequest(), never())
    expect(error).toMatchObject({ code: 'brain_rate_limited', retryable: false, retryAfter: undefined })
  })

  it.each([
    ['rate_limit_exceeded', 'requests', 'brain_rate_limited'],
    ['context_length_exceeded', 'invalid_request_error', 'brain_rejected'],
    [null, 'invalid_request_error', 'brain_rejected'],
    ['502', 'upstream', 'brain_unavailable'],
    ['__proto__', 'constructor', 'brain_unavailable'],
  ])('maps an error frame with code %s and type %s to %s', async (code, type, expected) => {
    const { brain, provider } = await setUp(subject)
    provider.script(sends([`data: ${encodeError(code, type)}\n\n`]))
    const { error } = await read(brain, toRequest(), never())
    expect(error).toMatchObject({ name: 'ChatError', code: expected })
  })

  it('says in plain words why it was refused', async () => {
    const { brain, provider } = await setUp(subject)
    provider.script(answers(404, encodeError('model_not_found')))
    const { error } = await read(brain, toRequest(), never())
    expect(error).toMatchObject({ message: 'OpenAI refused the request: it does not offer that model.' })
  })

  it('refuses a key that no header can carry, without quoting it', () => {
    expect(() => createOpenAIBrain({ apiKey: 'sk-secret\n' })).toThrow(/^(?!.*secret).*key of OpenAI/)
  })

  it('knows its prices', () => {
    const brain = createOpenAIBrain({ apiKey: KEY })
    expect(brain.price('gpt-4o', { inputTokens: 1_000_000, outputTokens: 1_000_000 })).toBeCloseTo(12.5)
    expect(brain.price(brain.model, { inputTokens: 1000, outputTokens: 1000 })).toBeGreaterThan(0)
    expect(brain.price('no-such-model', { inputTokens: 1, outputTokens: 1 })).toBeNull()
    expect(brain.price('__proto__', { inputTokens: 1, outputTokens: 1 })).toBeNull()
    expect(brain.price('gpt-4o', { inputTokens: -1, outputTokens: 1 })).toBeNull()
  })
})
