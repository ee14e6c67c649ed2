import { describe, expect, it } from 'vitest'
import { createGeminiBrain } from '#src/brains/gemini.ts'
import { encodeError, encodeEvent, encodeParts, encodeReply, gemini } from '#test/provider/gemini.ts'
import { answers, sends } from '#test/provider/scripts.ts'
import { describeBrain, type BrainSubject } from '#test/suites/brain.ts'
import { never, read, setUp, toRequest } from '#test/suites/brain/subject.ts'

const KEY = 'AIzaTest0123456789'
const subject: BrainSubject = {
  name: 'Gemini',
  dialect: gemini,
  step: 7,
  makeBrain: (baseURL) => createGeminiBrain({ apiKey: KEY, baseURL }),
}
const info = (fields: Record<string, unknown>) => [{ '@type': 'type.googleapis.com/google.rpc.Info', ...fields }]
const USAGE = { promptTokenCount: 7, candidatesTokenCount: 3, totalTokenCount: 10 }

describeBrain(subject)

describe('Gemini’s request', () => {
  it('carries the key in a header, and leaves out an empty system prompt', async () => {
    const { brain, provider } = await setUp(subject)
    await read(brain, toRequest('Hi', { system: '' }), never())
    const { method, path, headers, body } = provider.requests[0]!
    expect({ method, path }).toEqual({
      method: 'POST',
      path: '/v1beta/models/a-model:streamGenerateContent?alt=sse',
    })
    expect(headers['x-goog-api-key']).toBe(KEY)
    expect(body).toEqual({
      contents: [
        { role: 'user', parts: [{ text: 'Hello.' }] },
        { role: 'model', parts: [{ text: 'Good evening.' }] },
        { role: 'user', parts: [{ text: 'Hi' }] },
      ],
      generationConfig: { maxOutputTokens: 321 },
    })
  })

  it('asks the default model to think little, and others nothing of the kind', async () => {
    const { brain, provider } = await setUp(subject)
    await read(brain, toRequest('Hi', { model: brain.model }), never())
    expect(provider.requests[0]!.body).toMatchObject({
      generationConfig: { thinkingConfig: { thinkingLevel: 'LOW' } },
    })
  })

  it.each(['../../v1/files', 'a?b=c#d', '..', 'models/x'])('goes nowhere else for the model "%s"', async (model) => {
    const { brain, provider } = await setUp(subject)
    await read(brain, toRequest('Hi', { model }), never())
    const { path, body } = provider.requests[0]!
    expect(path).toMatch(/^\/v1beta\/models\/[^/?#]+:streamGenerateContent\?alt=sse$/)
    expect(gemini.toAsked({ ...(body as object), systemInstruction: { parts: [{}] } }, path).model).toBe(model)
  })

  it('checks with a look at the models', async () => {
    const { brain, provider } = await setUp(subject)
    await brain.check(never())
    expect(provider.requests[0]).toMatchObject({ method: 'GET', path: '/v1beta/models?pageSize=1' })
    expect(provider.requests[0]!.headers['x-goog-api-key']).toBe(KEY)
  })

  it('refuses a key that no header can carry, without quoting it', () => {
    expect(() => createGeminiBrain({ apiKey: 'AIzaSecret\n' })).toThrow(/^(?!.*Secret).*key of Gemini/)
  })
})

describe('Gemini’s reply', () => {
  it.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['RECITATION', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['NEW_REASON', 'stop'],
    ['__proto__', 'stop'],
  ])('with the reason %s ends with %s', async (raw, reason) => {
    const { brain, provider } = await setUp(subject)
    provider.script(sends([encodeParts([{ text: 'a' }], { finishReason: raw, usageMetadata: USAGE })]))
    const { text, finish, error } = await read(brain, toRequest(), never())
    expect({ text, finish, error }).toEqual({ text: 'a', finish: { type: 'finish', reason, raw }, error: undefined })
  })

  it.each(['OTHER', 'MALFORMED_RESPONSE', 'UNEXPECTED_TOOL_CALL'])('with the reason %s has failed', async (raw) => {
    const { brain, provider } = await setUp(subject)
    provider.script(sends([encodeParts([{ text: 'a' }], { finishReason: raw, usageMetadata: USAGE })]))
    const { text, finish, error } = await read(brain, toRequest(), never())
    expect({ text, finish }).toEqual({ text: 'a', finish: undefined })
    expect(error).toMatchObject({ code: 'brain_bad_response' })
  })

  it('to a prompt that is blocked is none, and says so', async () => {
    const { brain, provider } = await setUp(subject)
    const usageMetadata = { promptTokenCount: 7, totalTokenCount: 7 }
    provider.script(sends([encodeEvent({ promptFeedback: { blockReason: 'OTHER' }, usageMetadata })]))
    const { text, finish, usage, error } = await read(brain, toRequest(), never())
    expect({ text, error }).toEqual({ text: '', error: undefined })
    expect(finish).toEqual({ type: 'finish', reason: 'content_filter', raw: 'OTHER' })
    expect(usage).toEqual({ inputTokens: 7, outputTokens: null })
  })

  it('is what is said and not what is thought, though both are paid', async () => {
    const { brain, provider } = await setUp(subject)
    const usageMetadata = { ...USAGE, thoughtsTokenCount: 40, totalTokenCount: 50 }
    const thoughts = encodeParts([{ text: 'Hm.', thought: true }])
    const said = encodeParts([{ text: 'a' }, { text: 'b' }], { finishReason: 'STOP', usageMetadata })
    provider.script(sends([thoughts, said]))
    const { text, usage } = await read(brain, toRequest(), never())
    expect({ text, usage }).toEqual({ text: 'ab', usage: { inputTokens: 7, outputTokens: 43 } })
  })

  it('is whole when its usage never comes', async () => {
    const { provider } = await setUp(subject)
    const brain = createGeminiBrain({ apiKey: KEY, baseURL: provider.url, restTimeoutMs: 20 })
    const { frames } = encodeReply({ deltas: ['a'], usage: null })
    provider.script(sends(frames, { ending: 'stall' }))
    const { text, finish, usage, error } = await read(brain, toRequest(), never())
    expect({ text, reason: finish?.reason, error }).toEqual({ text: 'a', reason: 'stop', error: undefined })
    expect(usage).toEqual({ inputTokens: null, outputTokens: null })
    await provider.requests[0]!.closed
  })

  it('waits for nothing more once all is counted', async () => {
    const { provider } = await setUp(subject)
    const brain = createGeminiBrain({ apiKey: KEY, baseURL: provider.url, restTimeoutMs: 3_600_000 })
    provider.script(sends(encodeReply({ deltas: ['a'] }).frames, { ending: 'stall' }))
    expect(await read(brain, toRequest(), never())).toMatchObject({ text: 'a', error: undefined })
  })

  it('keeps the usage so far when it is cut', async () => {
    const { brain, provider } = await setUp(subject)
    provider.script(sends([encodeParts([{ text: 'a' }], { usageMetadata: USAGE })], { ending: 'reset' }))
    const { usage, error } = await read(brain, toRequest(), never())
    expect(usage).toEqual({ inputTokens: 7, outputTokens: 3 })
    expect(error).toMatchObject({ code: 'brain_unavailable' })
  })
})

describe('Gemini’s refusal', () => {
  it('of the key says so, though its status is 400', async () => {
    const { brain, provider } = await setUp(subject)
    provider.script(answers(400, encodeError(400, info({ reason: 'API_KEY_INVALID', domain: 'googleapis.com' }))))
    const { error } = await read(brain, toRequest(), never())
    expect(error).toMatchObject({
      code: 'brain_rejected',
      message: 'Gemini refused the request: the API key is not accepted.',
      cause: { message: 'status 400, code API_KEY_INVALID, request unknown' },
      elsewhere: true,
    })
  })

  it.each([
    ['answered', answers(429, encodeError(429, info({ retryDelay: '17.5s' })))],
    ['answered in a list', answers(429, `[${encodeError(429, info({ retryDelay: '17.5s' }))}]`)],
    ['in a frame', sends([`data: ${encodeError(429, info({ retryDelay: '17.5s' }))}\n\n`])],
  ])('for a limit says how long to wait: %s', async (_, script) => {
    const { brain, provider } = await setUp(subject)
    provider.script(script)
    const { error } = await read(brain, toRequest(), never())
    expect(error).toMatchObject({ code: 'brain_rate_limited', retryAfter: 17.5 })
  })

  it.each([
    [400, 'brain_rejected'],
    [404, 'brain_rejected'],
    [429, 'brain_rate_limited'],
    [500, 'brain_unavailable'],
    [503, 'brain_unavailable'],
  ])('in a frame with code %i is %s', async (status, code) => {
    const { brain, provider } = await setUp(subject)
    provider.script(sends([encodeParts([{ text: 'a' }]), `data: ${encodeError(status)}\n\n`]))
    const { text, error } = await read(brain, toRequest(), never())
    expect(text).toBe('a')
    expect(error).toMatchObject({ name: 'ChatError', code })
  })

  it.each(['null', '[]', '{"error": "no"}', '{"error": {"details": [null, 7]}}', 'no'])(
    'that nobody can read is one by its status: %s',
    async (body) => {
      const { brain, provider } = await setUp(subject)
      provider.script(answers(403, body))
      const { error } = await read(brain, toRequest(), never())
      expect(error).toMatchObject({ code: 'brain_rejected' })
    },
  )
})

describe('Gemini’s list', () => {
  it('knows its prices and what its models can hold', () => {
    const brain = createGeminiBrain({ apiKey: KEY })
    const million = { inputTokens: 100_000, outputTokens: 100_000 }
    expect(brain.price('gemini-2.5-flash', million)).toBeCloseTo(0.28)
    expect(brain.price(brain.model, million)).toBeGreaterThan(0)
    expect(brain.contextWindow(brain.model)).toBeGreaterThanOrEqual(1_000_000)
    expect(brain.contextWindow('gemma-4-31b-it')).toBe(262_144)
  })
})
