import { describe, expect, it } from 'vitest'
import { ChatError, ERROR_CODES } from '#src/chat/errors.ts'
import { createOpenAIDialect, toCompletion, toOpenAIError } from '#src/wire/dialects/openai.ts'
import { done, failure, token, TURN } from './events.ts'

const HEAD = {
  id: 'chatcmpl-first.3',
  object: 'chat.completion.chunk',
  created: 1_795_244_327,
  model: 'calm_coach',
}

function toChunk(delta: object, finish: string | null = null) {
  return { ...HEAD, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] }
}

const parse = (data: string | readonly string[]) =>
  [data].flat().map((one) => (one === '[DONE]' ? one : JSON.parse(one)))

describe('the chunks of a completion', () => {
  const dialect = createOpenAIDialect(TURN, { includeUsage: false })

  it('begin with the role', () => {
    expect(parse(dialect.opening!)).toEqual([toChunk({ role: 'assistant', content: '' })])
  })

  it.each(['Hello ', '', '"\\', '\u2028\n', '"content":""', '👍🏽', '$&'])('hold the token %j', (text) => {
    const data = dialect.encode(token(text))
    expect(data).toBeTypeOf('string')
    expect(data).not.toMatch(/[\n\u2028]/)
    expect(parse(data)).toEqual([toChunk({ content: text })])
  })

  it.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['content_filter', 'content_filter'],
    ['stopped', 'stop'],
  ] as const)('end for the reason %s with %s', (finishReason, finish) => {
    expect(parse(dialect.encode(done({ finishReason })))).toEqual([toChunk({}, finish), '[DONE]'])
  })

  it('say on request what was used, and until then that it is not known', () => {
    const counting = createOpenAIDialect(TURN, { includeUsage: true })
    const usage = { prompt_tokens: 7, completion_tokens: 4, total_tokens: 11 }
    expect(parse(counting.opening!)).toMatchObject([{ usage: null }])
    expect(parse(counting.encode(token('x')))).toEqual([{ ...toChunk({ content: 'x' }), usage: null }])
    expect(parse(counting.encode(done()))).toEqual([
      { ...toChunk({}, 'stop'), usage: null },
      { ...HEAD, choices: [], usage },
      '[DONE]',
    ])
  })

  it('end with the error, and not as if they were whole', () => {
    const error = { message: 'It took too long.', type: 'server_error', param: null, code: 'brain_timeout' }
    expect(parse(dialect.encode(failure()))).toEqual([{ error }])
    expect(parse(dialect.encodeDismissal(new ChatError('session_not_found', 'Gone.'), 'Hello'))).toEqual([
      { error: { message: 'Gone.', type: 'invalid_request_error', param: null, code: 'session_not_found' } },
    ])
  })
})

describe('a whole completion', () => {
  it('counts its own tokens where the provider reports none', () => {
    const stats = { ...done().stats, inputTokens: null, outputTokens: null }
    expect(toCompletion(TURN, done({ stats })).usage).toEqual({
      prompt_tokens: 0,
      completion_tokens: 2,
      total_tokens: 2,
    })
  })
})

describe('an error', () => {
  it.each(ERROR_CODES)('%s has a type that OpenAI has', (code) => {
    const { error } = toOpenAIError(new ChatError(code, 'No.'))
    expect(error).toMatchObject({ message: 'No.', code, param: null })
    expect(error.type).toMatch(/^(invalid_request|authentication|permission|rate_limit|server)_error$/)
  })

  it('names the field that it speaks of, and tells nothing else', () => {
    const details = { param: 'tools', secret: 'x' }
    const { error } = toOpenAIError(new ChatError('invalid_request', 'No.', { details, turnId: 'first.3' }))
    expect(error).toEqual({ message: 'No.', type: 'invalid_request_error', param: 'tools', code: 'invalid_request' })
  })
})
