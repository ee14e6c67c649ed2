import { describe, expect, it } from 'vitest'
import { createRouter, type RouterOptions, type UnavailableBrain } from '#src/brains/router.ts'
import { ChatError } from '#src/chat/errors.ts'
import type { Brain, BrainRequest } from '#src/chat/brain.ts'
import { makeBrain, makeSettings } from './make-brain.ts'

function toUnavailable(id: string): UnavailableBrain {
  return { id, model: `${id}-model`, reason: `${id.toUpperCase()}_API_KEY is not set.` }
}

function makeRouter(options: Partial<RouterOptions> = {}) {
  return createRouter({
    available: [makeBrain('config'), makeBrain('claude')],
    unavailable: ['openai', 'gemini', 'ollama', 'nvidia'].map(toUnavailable),
    active: 'config',
    settings: makeSettings(),
    ...options,
  })
}

/** A brain that fails as the error says, for as long as there is one. */
function makeFailing(id: string, failing: { error: ChatError | undefined }): Brain {
  const stream = async () => {
    if (failing.error) throw failing.error
  }
  return { ...makeBrain(id), stream }
}

const REQUEST: BrainRequest = { model: 'claude-model', turn: 1, persona: 'p', system: '', messages: [], maxTokens: 1 }

/** Asks a brain so many times, whatever comes of it. */
async function askTimes(brain: Brain, times: number, model = 'claude-model'): Promise<void> {
  for (let time = 0; time < times; time++) {
    await brain.stream({ ...REQUEST, model }, new AbortController().signal, () => {}).catch(() => {})
  }
}

function idsOf(brains: Brain[]): string[] {
  return brains.map(({ id }) => id)
}

function thrownBy(run: () => unknown): ChatError {
  try {
    run()
  } catch (error) {
    if (error instanceof ChatError) return error
  }
  throw new Error('No ChatError was thrown')
}

describe('choosing', () => {
  it('gives the active brain for null, and any other by its id', () => {
    const router = makeRouter()
    expect(router.choose(null).id).toBe('config')
    expect(router.choose('claude').id).toBe('claude')
  })

  it('says why a known brain is not available', () => {
    const error = thrownBy(() => makeRouter().choose('openai'))
    expect(error).toMatchObject({ code: 'brain_unknown', retryable: false })
    expect(error.message).toContain('OPENAI_API_KEY is not set.')
  })

  it.each(['gpt', '', '__proto__', 'constructor', 'toString'])('does not know %j', (id) => {
    const error = thrownBy(() => makeRouter().choose(id))
    expect(error.code).toBe('brain_unknown')
    expect(error.details).toEqual({
      known: ['config', 'claude', 'openai', 'gemini', 'ollama', 'nvidia'],
      available: ['config', 'claude'],
    })
  })

  it('does not start with an active brain that cannot be chosen', () => {
    expect(thrownBy(() => makeRouter({ active: 'openai' })).message).toContain('OPENAI_API_KEY is not set.')
    expect(thrownBy(() => makeRouter({ active: 'nobody' })).code).toBe('brain_unknown')
  })
})

describe('switching', () => {
  it('makes another brain the active one, and null goes back to the configured one', async () => {
    const router = makeRouter()
    expect(await router.switch('claude')).toBe('claude')
    expect(router.active).toBe('claude')
    expect(router.choose(null).id).toBe('claude')
    expect(await router.switch(null)).toBe('config')
    expect(router.active).toBe('config')
  })

  it.each(['ollama', 'nobody', '__proto__'])('changes nothing when the brain cannot be chosen (%s)', async (id) => {
    const kept = new Map<string, string>()
    const router = makeRouter({ settings: makeSettings(kept) })
    await expect(router.switch(id)).rejects.toMatchObject({
      code: 'brain_unknown',
      details: { known: expect.anything() },
    })
    expect(router.active).toBe('config')
    expect(kept).toEqual(new Map())
  })

  it('is followed by whoever shares the settings, and by whoever comes later', async () => {
    const settings = makeSettings()
    const [here, there] = [makeRouter({ settings }), makeRouter({ settings })]
    await here.switch('claude')
    await there.refresh()
    expect(there.active).toBe('claude')
    const later = makeRouter({ settings })
    await later.refresh()
    expect(later.active).toBe('claude')
    await later.switch(null)
    await here.refresh()
    expect(here.active).toBe('config')
  })

  it('is not followed where that brain cannot be chosen: the configured one speaks, and that is said once', async () => {
    const settings = makeSettings()
    const warnings: string[] = []
    const poor = makeRouter({
      available: [makeBrain('config')],
      unavailable: [toUnavailable('claude')],
      settings,
      warn: (said) => warnings.push(said),
    })
    await makeRouter({ settings }).switch('claude')
    for (let time = 0; time < 3; time++) await poor.refresh()
    expect(poor.active).toBe('config')
    expect(poor.choose(null).id).toBe('config')
    expect(warnings).toEqual([expect.stringContaining('The brain claude is not available')])
  })

  it('holds while the store is away, and cannot be changed then', async () => {
    const away = new ChatError('store_unavailable', 'The store is away.')
    const settings = makeSettings()
    const router = makeRouter({ settings })
    await router.switch('claude')
    const isAway = (): Promise<never> => Promise.reject(away)
    settings.get = isAway
    settings.set = isAway
    await expect(router.refresh()).rejects.toBe(away)
    await expect(router.switch(null)).rejects.toBe(away)
    expect(router.active).toBe('claude')
  })
})

describe('candidates', () => {
  const failing = { error: undefined as ChatError | undefined }
  const available = [makeBrain('config'), makeFailing('claude', failing), makeBrain('openai')]
  const makeWithFallbacks = () => makeRouter({ available, unavailable: [], fallbacks: ['openai', 'config', 'openai'] })

  it('are the chosen brain alone where nobody stands in', () => {
    const router = makeRouter()
    expect(idsOf(router.candidates(router.choose('claude'), 'claude-model'))).toEqual(['claude'])
  })

  it('are the chosen brain and then, in their order, those that stand in, each once', () => {
    const router = makeWithFallbacks()
    expect(idsOf(router.candidates(router.choose('claude'), 'claude-model'))).toEqual(['claude', 'openai', 'config'])
    expect(idsOf(router.candidates(router.choose('config'), 'config-model'))).toEqual(['config', 'openai'])
  })

  it('are without the chosen brain while it rests', async () => {
    const router = makeWithFallbacks()
    const claude = router.choose('claude')
    failing.error = new ChatError('brain_unavailable', 'It is away.')
    await askTimes(claude, 5)
    expect(idsOf(router.candidates(claude, 'claude-model'))).toEqual(['openai', 'config'])
    expect(router.list().find(({ id }) => id === 'claude')).toMatchObject({ available: true, breaker: 'open' })
  })

  it('are with the chosen brain while only another of its models rests', async () => {
    const router = makeWithFallbacks()
    const claude = router.choose('claude')
    failing.error = new ChatError('brain_unavailable', 'It is away.')
    await askTimes(claude, 5, 'broken')
    expect(idsOf(router.candidates(claude, 'broken'))).toEqual(['openai', 'config'])
    expect(idsOf(router.candidates(claude, 'claude-model'))).toEqual(['claude', 'openai', 'config'])
    expect(router.list().find(({ id }) => id === 'claude')).toMatchObject({ breaker: 'closed' })
  })

  it('are without the chosen brain until the time that it names', async () => {
    const router = makeWithFallbacks()
    const claude = router.choose('claude')
    failing.error = new ChatError('brain_rate_limited', 'Too often.', { retryAfter: 5 })
    await askTimes(claude, 1)
    expect(idsOf(router.candidates(claude, 'claude-model'))).toEqual(['openai', 'config'])
  })

  it('are all of them when all rest: none is better than the other', async () => {
    failing.error = new ChatError('brain_rate_limited', 'Too often.', { retryAfter: 5 })
    const router = makeRouter({
      available: [makeFailing('config', failing), makeFailing('claude', failing)],
      fallbacks: ['config'],
    })
    await askTimes(router.choose('claude'), 1)
    await askTimes(router.choose('config'), 1, 'config-model')
    expect(idsOf(router.candidates(router.choose('claude'), 'claude-model'))).toEqual(['claude', 'config'])
  })

  it('cannot be brains that are not there', () => {
    expect(thrownBy(() => makeRouter({ fallbacks: ['config', 'openai'] })).message).toContain(
      'OPENAI_API_KEY is not set.',
    )
  })

  it('are told of when one is left alone', async () => {
    const warnings: string[] = []
    const router = makeRouter({ available, warn: (said) => warnings.push(said), unavailable: [] })
    failing.error = new ChatError('brain_unavailable', 'It is away.')
    await askTimes(router.choose('claude'), 6)
    expect(warnings).toEqual([expect.stringContaining('"claude" fails again and again')])
  })
})

describe('listing', () => {
  it('lists every known brain, and what keeps it away', () => {
    const breaker = 'closed'
    expect(makeRouter().list()).toEqual([
      { id: 'config', model: 'config-model', available: true, breaker },
      { id: 'claude', model: 'claude-model', available: true, breaker },
      ...['openai', 'gemini', 'ollama', 'nvidia'].map((id) => ({ ...toUnavailable(id), available: false, breaker })),
    ])
  })
})

describe('health', () => {
  it('says that the active brain is well', async () => {
    expect(await makeRouter().health()).toEqual({
      activeBrain: 'config',
      healthy: true,
      message: 'The offline brain is ready.',
    })
  })

  it('says what the brain says when it is not, and hides what is a bug', async () => {
    const away = makeBrain('config', () => Promise.reject(new ChatError('brain_unavailable', 'It is away.')))
    expect(await makeRouter({ available: [away] }).health()).toMatchObject({ healthy: false, message: 'It is away.' })
    const broken = makeBrain('config', () => Promise.reject(new TypeError('secret')))
    const health = await makeRouter({ available: [broken] }).health()
    expect(health).toMatchObject({ healthy: false, message: expect.not.stringContaining('secret') as string })
  })

  it('remembers the answer for 10 s per brain and shares a check that is under way', async () => {
    let clock = 1000
    const checks: string[] = []
    const waiting = Promise.withResolvers<void>()
    const router = makeRouter({
      available: [
        makeBrain('config', () => (checks.push('config'), waiting.promise)),
        makeBrain('claude', async () => void checks.push('claude')),
      ],
      now: () => clock,
    })
    const both = [router.health(), router.health()]
    clock += 60_000
    both.push(router.health())
    waiting.resolve()
    await Promise.all(both)
    expect(checks).toEqual(['config'])

    await router.switch('claude')
    expect((await router.health()).activeBrain).toBe('claude')
    await router.switch(null)
    clock += 9999
    await router.health()
    expect(checks).toEqual(['config', 'claude'])
    clock += 1
    await router.health()
    expect(checks).toEqual(['config', 'claude', 'config'])
  })
})
