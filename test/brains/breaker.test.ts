import { once } from 'node:events'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type GuardedBrain, withBreaker } from '#src/brains/breaker.ts'
import type { Brain, BrainRequest } from '#src/chat/brain.ts'
import { ChatError } from '#src/chat/errors.ts'
import { makeBrain } from './make-brain.ts'

const MODEL = 'claude-model'
const REQUEST: BrainRequest = { model: MODEL, turn: 1, persona: 'p', system: '', messages: [], maxTokens: 1 }

const unavailable = new ChatError('brain_unavailable', 'It has a problem.')

const speaks: Brain['stream'] = async (_request, _signal, hear) => hear([{ type: 'token', text: 'Hi' }])

/** A guarded brain whose next replies are what the test says. */
function guard() {
  const news: string[] = []
  let reply = speaks
  let asked = 0
  const stream: Brain['stream'] = (...args) => {
    asked++
    return reply(...args)
  }
  const brain = withBreaker({ ...makeBrain('claude'), stream }, (id, state) => news.push(`${id} ${state}`))
  return {
    brain,
    /** What is known of its own model. */
    get state() {
      return { breaker: brain.breaker, isResting: brain.isResting(MODEL) }
    },
    news,
    get asked() {
      return asked
    },
    answers: (next: Brain['stream']) => void (reply = next),
    fails(error: unknown) {
      reply = async () => {
        throw error
      }
    },
  }
}

/** What asking it came to: its error's code, or what was thrown, or `answered`. */
async function ask(brain: GuardedBrain, signal = new AbortController().signal, model = MODEL): Promise<unknown> {
  try {
    await brain.stream({ ...REQUEST, model }, signal, () => {})
    return 'answered'
  } catch (error) {
    return error instanceof ChatError ? error.code : error
  }
}

async function failTimes(brain: GuardedBrain, times: number, model = MODEL): Promise<void> {
  for (let time = 0; time < times; time++) await ask(brain, undefined, model)
}

/** A guarded brain that was just left alone. */
async function guardOpen() {
  const guarded = guard()
  guarded.fails(unavailable)
  await failTimes(guarded.brain, 5)
  return guarded
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })
  onTestFinished(() => void vi.useRealTimers())
})

const later = (ms: number) => vi.setSystemTime(Date.now() + ms)

describe('a brain that fails', () => {
  it.each([
    ['is unavailable', unavailable],
    ['is too slow', new ChatError('brain_timeout', 'It was late.')],
    ['limits the rate', new ChatError('brain_rate_limited', 'Too often.')],
    ['answers nonsense', new ChatError('brain_bad_response', 'Nonsense.')],
  ])('and %s five times in a row is not asked any more', async (_name, error) => {
    const guarded = guard()
    guarded.fails(error)
    await failTimes(guarded.brain, 4)
    expect(guarded.state).toEqual({ breaker: 'closed', isResting: false })
    expect(await ask(guarded.brain)).toBe(error.code)
    expect(guarded.state).toEqual({ breaker: 'open', isResting: true })
    expect(guarded.news).toEqual(['claude open'])

    guarded.answers(speaks)
    later(9_000)
    const refused = await guarded.brain.stream(REQUEST, new AbortController().signal, () => {}).catch((e: unknown) => e)
    expect(refused).toMatchObject({ code: 'brain_unavailable', retryable: true, retryAfter: 1 })
    expect((refused as ChatError).message).toContain(error.message)
    expect(guarded.asked).toBe(5)
  })

  it('counts failures after the first token, too', async () => {
    const guarded = guard()
    guarded.answers(async (...args) => {
      await speaks(...args)
      throw unavailable
    })
    await failTimes(guarded.brain, 5)
    expect(guarded.brain.breaker).toBe('open')
  })

  it('is forgiven by one reply', async () => {
    const guarded = guard()
    guarded.fails(unavailable)
    await failTimes(guarded.brain, 4)
    guarded.answers(speaks)
    expect(await ask(guarded.brain)).toBe('answered')
    guarded.fails(unavailable)
    await failTimes(guarded.brain, 4)
    expect(guarded.brain.breaker).toBe('closed')
  })

  it.each([
    ['a refusal of what was asked', new ChatError('brain_rejected', 'Not that.')],
    ['a refusal of the account', new ChatError('brain_rejected', 'Not you.', { elsewhere: true })],
    ['a stop', 'stopped'],
    ['a deletion', 'deleted'],
    ['a store that is away', new ChatError('store_unavailable', 'Away.')],
  ])('is not left alone for %s', async (_name, error) => {
    const guarded = guard()
    guarded.fails(error)
    await failTimes(guarded.brain, 20)
    expect(guarded.state).toEqual({ breaker: 'closed', isResting: false })
    expect(guarded.asked).toBe(20)
  })
})

describe('a brain that was left alone', () => {
  it('is tried out by one turn after 10 s, and asked by all when that one speaks', async () => {
    const guarded = await guardOpen()
    later(10_000)
    expect(guarded.state).toEqual({ breaker: 'half_open', isResting: false })
    const spoken = Promise.withResolvers<void>()
    const over = Promise.withResolvers<void>()
    guarded.answers(async (...args) => {
      await spoken.promise
      await speaks(...args)
      await over.promise
    })
    const trial = ask(guarded.brain)
    expect(guarded.state).toEqual({ breaker: 'half_open', isResting: true })
    expect(await ask(guarded.brain)).toBe('brain_unavailable')
    expect(guarded.asked).toBe(6)

    spoken.resolve()
    await vi.waitFor(() => expect(guarded.brain.breaker).toBe('closed'), { timeout: 10_000 })
    expect(guarded.state.isResting).toBe(false)
    expect(guarded.news).toEqual(['claude open', 'claude closed'])
    over.resolve()
    expect(await trial).toBe('answered')
  })

  it('is left alone for another 10 s when the trial fails', async () => {
    const guarded = await guardOpen()
    later(10_000)
    guarded.fails(unavailable)
    expect(await ask(guarded.brain)).toBe('brain_unavailable')
    expect(guarded.asked).toBe(6)
    expect(guarded.brain.breaker).toBe('open')
    later(9_999)
    await ask(guarded.brain)
    expect(guarded.asked).toBe(6)
    later(1)
    guarded.answers(speaks)
    expect(await ask(guarded.brain)).toBe('answered')
    expect(guarded.brain.breaker).toBe('closed')
  })

  it('is left alone still when the trial is stopped before it spoke', async () => {
    const guarded = await guardOpen()
    later(10_000)
    const stop = new AbortController()
    guarded.answers(async (_request, signal) => {
      await once(signal, 'abort')
      throw signal.reason
    })
    const trial = ask(guarded.brain, stop.signal)
    stop.abort('stopped')
    expect(await trial).toBe('stopped')
    expect(guarded.brain.breaker).toBe('open')
  })

  it('is asked again when it refuses what the trial asks: it lives', async () => {
    const guarded = await guardOpen()
    later(10_000)
    guarded.fails(new ChatError('brain_rejected', 'Not that.'))
    expect(await ask(guarded.brain)).toBe('brain_rejected')
    expect(guarded.brain.breaker).toBe('closed')
  })
})

describe('a brain that says when to come back', () => {
  it.each([
    [7, 7],
    [3600, 60],
  ])('in %i s rests for %i s, and is asked all the same', async (retryAfter, seconds) => {
    const guarded = guard()
    guarded.fails(new ChatError('brain_rate_limited', 'Too often.', { retryAfter }))
    await ask(guarded.brain)
    expect(guarded.state).toEqual({ breaker: 'closed', isResting: true })
    later(seconds * 1000 - 1)
    expect(guarded.state.isResting).toBe(true)
    await ask(guarded.brain)
    expect(guarded.asked).toBe(2)
    later(seconds * 1000)
    expect(guarded.state.isResting).toBe(false)
  })
})

describe('a model that fails', () => {
  it('is left alone by itself: its brain still answers everybody else', async () => {
    const guarded = guard()
    guarded.fails(unavailable)
    await failTimes(guarded.brain, 5, 'broken')
    expect(guarded.brain.isResting('broken')).toBe(true)
    expect(guarded.state).toEqual({ breaker: 'closed', isResting: false })
    expect(guarded.news).toEqual([])
    guarded.answers(speaks)
    expect(await ask(guarded.brain)).toBe('answered')
    expect(await ask(guarded.brain, undefined, 'another')).toBe('answered')
    expect(await ask(guarded.brain, undefined, 'broken')).toBe('brain_unavailable')
  })

  it('is remembered while it is among the hundred named last; the brain’s own always is', async () => {
    const guarded = await guardOpen()
    await failTimes(guarded.brain, 5, 'first')
    await failTimes(guarded.brain, 5, 'second')
    for (let n = 0; n < 99; n++) guarded.brain.isResting(`model ${n}`)
    expect(guarded.brain.isResting('second')).toBe(true)
    expect(guarded.brain.isResting('first')).toBe(false)
    expect(guarded.state).toEqual({ breaker: 'open', isResting: true })
  })
})
