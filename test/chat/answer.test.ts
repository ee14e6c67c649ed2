import { describe, expect, it } from 'vitest'
import { Answer } from '#src/chat/answer.ts'
import type { Brain, Hear } from '#src/chat/brain.ts'
import { ChatError } from '#src/chat/errors.ts'
import { makeBrain } from '#test/brains/make-brain.ts'

const REQUEST = { model: 'm', turn: 1, persona: 'p', system: '', messages: [], maxTokens: 1 }

/** An answer of a brain that does this, and what was said of it. */
function makeAnswer(stream: Brain['stream'], { firstTokenTimeoutMs = 10_000, maxChars = 1_000 } = {}) {
  const said: string[] = []
  const turn = new AbortController()
  const brain = { ...makeBrain('claude'), stream }
  const candidate = { brain, model: 'm', paceMs: 0, maxChars, loadRequest: async () => REQUEST }
  const limits = { firstTokenTimeoutMs, tokenTimeoutMs: 10_000 }
  const answer = new Answer(candidate, { limits, signal: turn.signal, say: (texts) => said.push(...texts) })
  return { answer, said, turn }
}

const say = (hear: Hear, text: string) => hear([{ type: 'token', text }])

describe('an answer', () => {
  it('that has failed is not heard any more: another brain may be speaking', async () => {
    const failure = new ChatError('brain_unavailable', 'It broke.')
    const ears: Hear[] = []
    const { answer, said } = makeAnswer(async (_request, _signal, hear) => {
      ears.push(hear)
      say(hear, 'Hello ')
      throw failure
    })
    await expect(answer.whole()).rejects.toBe(failure)
    for (const hear of ears) say(hear, 'there')
    expect(said).toEqual(['Hello '])
    expect(answer.beganAt).not.toBeNull()
  })

  it('ends with the turn, though its brain does not heed that', async () => {
    const asked = Promise.withResolvers<void>()
    const { answer, turn } = makeAnswer(() => new Promise(() => asked.resolve()))
    const whole = answer.whole()
    await asked.promise
    turn.abort('stopped')
    await expect(whole).rejects.toBe('stopped')
  })

  it('that does not begin in time ends without the turn', async () => {
    const { answer, turn } = makeAnswer(() => new Promise(() => {}), { firstTokenTimeoutMs: 1 })
    await expect(answer.whole()).rejects.toMatchObject({ code: 'brain_timeout' })
    expect(turn.signal.aborted).toBe(false)
  })

  it('without an end marker has failed', async () => {
    const { answer } = makeAnswer(async (_request, _signal, hear) => say(hear, 'Hello'))
    await expect(answer.whole()).rejects.toMatchObject({ code: 'brain_bad_response' })
  })
})

describe('an answer that goes far beyond what was asked for', () => {
  it.each([
    ['in small pieces', ['ab '.repeat(4), 'abcd', 'efgh']],
    ['in one piece', [`${'ab '.repeat(4)}abcdefgh`]],
  ])('is cut as too long, %s, and the call of its provider ends', async (_name, pieces) => {
    let ended: unknown
    const { answer, said } = makeAnswer(
      async (_request, signal, hear) => {
        signal.addEventListener('abort', () => (ended = signal.reason as unknown))
        hear([{ type: 'usage', inputTokens: 7, outputTokens: null }])
        hear(pieces.map((text) => ({ type: 'token', text })))
        await new Promise((_resolve, reject) => signal.addEventListener('abort', reject))
      },
      { maxChars: 14 },
    )
    expect(await answer.whole()).toBe('length')
    expect(said.join('')).toBe('ab ab ab ab ab')
    expect(answer.usage).toEqual({ inputTokens: 7, outputTokens: null })
    expect(ended).toBe('length')
  })

  it('ends although its brain goes on, and never in half a character', async () => {
    const ears: Hear[] = []
    const { answer, said } = makeAnswer(
      async (_request, _signal, hear) => {
        ears.push(hear)
        say(hear, '12😀 and more')
        await new Promise(() => {})
      },
      { maxChars: 3 },
    )
    expect(await answer.whole()).toBe('length')
    for (const hear of ears) say(hear, 'more')
    expect(said).toEqual(['12'])
  })

  it('is heard to its last word when it ends before the limit', async () => {
    const { answer, said } = makeAnswer(
      async (_request, _signal, hear) => {
        say(hear, '1234')
        hear([{ type: 'finish', reason: 'stop', raw: 'stop' }])
      },
      { maxChars: 4 },
    )
    expect(await answer.whole()).toBe('stop')
    expect(said).toEqual(['1234'])
  })
})
