import { describe, expect, it } from 'vitest'
import { ChatError } from '#src/chat/errors.ts'
import { createAiSdkDialect } from '#src/wire/dialects/ai-sdk.ts'
import { done, failure, token, TURN } from './events.ts'

const parse = (data: string | readonly string[]) =>
  [data].flat().map((one) => (one === '[DONE]' ? one : (JSON.parse(one) as { type: string })))

const typesOf = (data: string | readonly string[]) =>
  parse(data).map((part) => (typeof part === 'string' ? part : part.type))

describe('the parts of a message', () => {
  it('begin with the id of the message and what is known of the turn', () => {
    expect(parse(createAiSdkDialect(TURN).opening!)).toEqual([
      {
        type: 'start',
        messageId: 'first.3.assistant',
        messageMetadata: {
          session_id: 'first',
          turn_id: 'first.3',
          brain: 'config',
          model: 'offline',
          persona: 'calm_coach',
        },
      },
      { type: 'start-step' },
    ])
  })

  it('are one text', () => {
    const dialect = createAiSdkDialect(TURN)
    expect(parse(dialect.encode(token('Hello ')))).toEqual([
      { type: 'text-start', id: 'text' },
      { type: 'text-delta', id: 'text', delta: 'Hello ' },
    ])
    const second = dialect.encode(token('"\u2028\n👍🏽', 2))
    expect(second).not.toMatch(/[\n\u2028]/)
    expect(parse(second)).toEqual([{ type: 'text-delta', id: 'text', delta: '"\u2028\n👍🏽' }])
    expect(typesOf(dialect.encode(done()))).toEqual(['text-end', 'finish-step', 'finish', '[DONE]'])
  })

  it('have no text where nothing was said', () => {
    expect(typesOf(createAiSdkDialect(TURN).encode(done({ text: '' })))).toEqual(['finish-step', 'finish', '[DONE]'])
  })

  it.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['content_filter', 'content-filter'],
    ['stopped', 'other'],
  ] as const)('end for the reason %s with %s, and the numbers', (reason, finishReason) => {
    const parts = parse(createAiSdkDialect(TURN).encode(done({ finishReason: reason })))
    expect(parts.at(-2)).toMatchObject({
      type: 'finish',
      finishReason,
      messageMetadata: { turn_id: 'first.3', tokens: 2, duration: 1.26, input_tokens: 7, finish_reason: reason },
    })
    expect(parts.at(-2)).not.toHaveProperty('messageMetadata.full_text')
  })

  it('say that a turn was stopped', () => {
    const types = typesOf(createAiSdkDialect(TURN).encode(done({ finishReason: 'stopped' })))
    expect(types).toEqual(['finish-step', 'abort', 'finish', '[DONE]'])
  })

  it('end with the sentence of a failure, or of a dismissal', () => {
    const dialect = createAiSdkDialect(TURN)
    const early = [{ type: 'error', errorText: 'It took too long.' }, '[DONE]']
    expect(parse(dialect.encode(failure()))).toEqual(early)
    dialect.encode(token('Hello'))
    expect(parse(dialect.encode(failure()))).toEqual([{ type: 'text-end', id: 'text' }, ...early])
    expect(parse(dialect.encodeDismissal(new ChatError('draining', 'Come back.'), 'Hello'))).toEqual([
      { type: 'text-end', id: 'text' },
      { type: 'error', errorText: 'Come back.' },
      '[DONE]',
    ])
  })
})
