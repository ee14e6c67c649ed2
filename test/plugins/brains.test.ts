/** Which brains there are follows from the environment. */
import { describe, expect, it } from 'vitest'
import { createBrains } from '#plugins/brains.ts'
import { loadConfig } from '#src/config.ts'

const PROVIDERS = {
  claude: { ANTHROPIC_API_KEY: 'key', ANTHROPIC_MODEL: 'a-model' },
  openai: { OPENAI_API_KEY: 'key', OPENAI_MODEL: 'a-model' },
  gemini: { GEMINI_API_KEY: 'key', GEMINI_MODEL: 'a-model' },
  ollama: { OLLAMA_BASE_URL: 'http://127.0.0.1:11434', OLLAMA_MODEL: 'a-model' },
  nvidia: { NVIDIA_API_KEY: 'key', NVIDIA_MODEL: 'a-model' },
}

/** Milliseconds that Ollama's first token is waited for. */
const patienceOf = async (env: Record<string, string>) =>
  (await createBrains(loadConfig({ ...PROVIDERS.ollama, ...env }))).available[1]!.firstTokenTimeoutMs

describe.each(Object.entries(PROVIDERS))('the brain %s', (id, env) => {
  const [needed = '', model = ''] = Object.keys(env)

  it('is there when its variable is set, and speaks as its model', async () => {
    const { available } = await createBrains(loadConfig(env))
    expect(available.map((brain) => brain.id)).toEqual(['config', id])
    expect(available[1]).toMatchObject({ model: 'a-model' })
  })

  it('has a model of its own', async () => {
    const { available } = await createBrains(loadConfig({ ...env, [model]: '' }))
    expect(available[1]!.model).toMatch(/^[\w./-]+$/)
  })

  it('is missed with a reason that names the variable', async () => {
    const { unavailable } = await createBrains(loadConfig({ ...env, [needed]: '' }))
    expect(unavailable).toContainEqual({ id, model: 'a-model', reason: `${needed} is not set.` })
    const { available } = await createBrains(loadConfig({ ...env, [model]: '' }))
    const missed = await createBrains(loadConfig({}))
    expect(missed.unavailable).toContainEqual({ id, model: available[1]!.model, reason: `${needed} is not set.` })
  })
})

describe('Ollama', () => {
  it('is waited for as long as is said, where it is', async () => {
    expect(await patienceOf({})).toBe(180_000)
    expect(await patienceOf({ FIRST_TOKEN_TIMEOUT_S: '7' })).toBe(7000)
  })
})
