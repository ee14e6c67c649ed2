import { describe, expect, it } from 'vitest'
import { Answer } from '#src/chat/answer.ts'
import type { Brain, Hear } from '#src/chat/brain.ts'
import { ChatError } from '#src/chat/errors.ts'
import { makeBrain } from '#test/brains/make-brain.ts'

const REQUEST = { model: 'm', turn: 1, persona: 'p', system: '', messages: [], maxTokens: 1 }

/** An answer of a brain that does this, and what was said of it. */
function makeAnswer(stream: Brain['stream'], firstTokenTimeoutMs = 10_000) {
  const said: string[] = []
  const turn = new AbortController()
  const brain = { ...makeBrain('claude'), stream }
  const candidate = { brain, model: 'm', paceMs: 0, loadRequest: async () => REQUEST }
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
    const { answer, turn } = makeAnswer(() => new Promise(() => {}), 1)
    await expect(answer.whole()).rejects.toMatchObject({ code: 'brain_timeout' })
    expect(turn.signal.aborted).toBe(false)
  })

  it('without an end marker has failed', async () => {
    const { answer } = makeAnswer(async (_request, _signal, hear) => say(hear, 'Hello'))
    await expect(answer.whole()).rejects.toMatchObject({ code: 'brain_bad_response' })
  })
})
