import { describe, expect, it } from 'vitest'
import { createRouter, type RouterOptions } from '#src/brains/router.ts'
import type { Brain } from '#src/chat/brain.ts'
import { ChatError } from '#src/chat/errors.ts'

function makeBrain(id: string, check: Brain['check'] = async () => {}): Brain {
  return {
    id,
    model: `${id}-model`,
    contextWindow: 1000,
    paceMs: 0,
    firstTokenTimeoutMs: null,
    estimateTokens: (text) => text.length,
    stream: async function* () {},
    price: () => null,
    check,
  }
}

function makeRouter(options: Partial<RouterOptions> = {}) {
  return createRouter({
    available: [makeBrain('config'), makeBrain('claude')],
    unavailable: [{ id: 'openai', model: 'gpt-5.4-mini', reason: 'OPENAI_API_KEY is not set.' }],
    active: 'config',
    ...options,
  })
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
  it('makes another brain the active one, and null goes back to the configured one', () => {
    const router = makeRouter()
    expect(router.switch('claude')).toBe('claude')
    expect(router.active).toBe('claude')
    expect(router.choose(null).id).toBe('claude')
    expect(router.switch(null)).toBe('config')
    expect(router.active).toBe('config')
  })

  it('changes nothing when the brain cannot be chosen', () => {
    const router = makeRouter()
    expect(thrownBy(() => router.switch('ollama')).details).toHaveProperty('known')
    expect(router.active).toBe('config')
  })
})

describe('listing', () => {
  it('lists every known brain, and what keeps it away', () => {
    const breaker = 'closed'
    expect(makeRouter().list()).toEqual([
      { id: 'config', model: 'config-model', available: true, breaker },
      { id: 'claude', model: 'claude-model', available: true, breaker },
      { id: 'openai', model: 'gpt-5.4-mini', available: false, reason: 'OPENAI_API_KEY is not set.', breaker },
      { id: 'gemini', model: null, available: false, reason: 'Gemini is not part of this version yet.', breaker },
      { id: 'ollama', model: null, available: false, reason: 'Ollama is not part of this version yet.', breaker },
      { id: 'nvidia', model: null, available: false, reason: 'NVIDIA NIM is not part of this version yet.', breaker },
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

    router.switch('claude')
    expect((await router.health()).activeBrain).toBe('claude')
    router.switch(null)
    clock += 9999
    await router.health()
    expect(checks).toEqual(['config', 'claude'])
    clock += 1
    await router.health()
    expect(checks).toEqual(['config', 'claude', 'config'])
  })
})
