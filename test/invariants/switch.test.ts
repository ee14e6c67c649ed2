/** The active brain is the same for all nodes, and outlives them. */
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startOpenAIProvider } from '#test/provider/openai.ts'
import { call, startService, startSession, toProviderEnv, UNLIMITED } from '#test/helper.ts'
import { makeDirectory, startServer } from '#test/process.ts'
import { hasRedis, newPrefix, startRedis } from '#test/stores/redis.ts'
import { ask } from './conversation.ts'

async function startProvider() {
  const provider = await startOpenAIProvider()
  onTestFinished(() => provider.close())
  return { ...toProviderEnv(provider), ACTIVE_BRAIN: 'config' }
}

async function startStore() {
  const redis = await startRedis()
  onTestFinished(() => redis.close())
  return { redis, env: { REDIS_URL: redis.url, REDIS_PREFIX: newPrefix(), ...UNLIMITED } }
}

async function activeOf(url: string): Promise<unknown> {
  return (await call(`${url}/brains`)).body.active
}

function switchTo(url: string, brain: string | null) {
  return call(`${url}/brain/switch`, 'POST', { brain })
}

describe.skipIf(!hasRedis)('a switch', () => {
  it('on one node is seen on another, at once when asked and by who sends within a second, and by later ones', async () => {
    const env = { ...(await startStore()).env, ...(await startProvider()) }
    const [here, there] = await Promise.all([startService(env), startServer(env)])
    const sessionId = await startSession(there.url)
    expect((await switchTo(here.url, 'openai')).body).toMatchObject({ success: true, active_brain: 'openai' })
    expect(await activeOf(there.url)).toBe('openai')
    expect((await ask(there.url, sessionId, 'Who?')).body.brain).toBe('openai')

    await switchTo(there.url, null)
    const brainOf = async () => (await ask(here.url, sessionId, 'Who?')).body.brain
    await expect.poll(brainOf, { timeout: 2000 }).toBe('config')

    await switchTo(there.url, 'openai')
    there.kill('SIGKILL')
    expect(await activeOf((await startService(env)).url)).toBe('openai')
  })

  it('to a brain that a node has no key for leaves that node with its own, and is said in its log', async () => {
    const { env } = await startStore()
    const rich = await startService({ ...env, ...(await startProvider()) })
    const poor = await startServer(env)
    await switchTo(rich.url, 'openai')
    await poor.says('The brain openai is not available: OPENAI_API_KEY is not set.')
    expect(await activeOf(poor.url)).toBe('config')
    expect((await ask(poor.url, await startSession(poor.url), 'Who?')).body.brain).toBe('config')
    expect(await activeOf(rich.url)).toBe('openai')
  })

  it('holds while Redis is away, and cannot be made then', async () => {
    const { redis, env } = await startStore()
    const { url } = await startService({ ...env, ...(await startProvider()) })
    await switchTo(url, 'openai')
    redis.kill('SIGKILL')
    await expect.poll(async () => (await switchTo(url, null)).body.code).toBe('store_unavailable')
    expect(await activeOf(url)).toBe('openai')
  })
})

describe('a switch on SQLite', () => {
  it('outlives the process, and wins over ACTIVE_BRAIN', async () => {
    const env = { SQLITE_PATH: join(await makeDirectory(), 'chat.db'), ...(await startProvider()) }
    const first = await startService(env)
    expect((await switchTo(first.url, 'openai')).status).toBe(200)
    await first.app.close()
    const { url } = await startService(env)
    expect(await activeOf(url)).toBe('openai')
    await switchTo(url, null)
    expect(await activeOf(url)).toBe('config')
  })
})
