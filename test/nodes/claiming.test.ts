/** A node that has claimed a turn and has not heard so yet, while somebody ends it. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { call, startService, startSession, startWithProvider } from '#test/helper.ts'
import { history, last, NEGOTIATED, send } from '#test/invariants/conversation.ts'
import { says } from '#test/provider/openai.ts'
import { hasRedis, newPrefix, type RedisServer, startRedis } from '#test/stores/redis.ts'
import { startProxy } from '#test/stores/redis-proxy.ts'

describe.skipIf(!hasRedis)('a turn that is ended before its node knows of it', () => {
  let redis: RedisServer
  beforeAll(async () => void (redis = await startRedis()))
  afterAll(() => redis.close())

  /** One node whose claim has been answered, but the answer is still under way; and another. */
  async function startClaimed() {
    const proxy = await startProxy(redis.port)
    onTestFinished(() => proxy.close())
    const prefix = newPrefix()
    const one = await startWithProvider(says(['Half ', 'of it']), { REDIS_URL: proxy.url, REDIS_PREFIX: prefix })
    const other = await startService({ REDIS_URL: redis.url, REDIS_PREFIX: prefix })
    const sessionId = await startSession(one.url)
    const held = proxy.holdAnswerTo('Ready?')
    const sending = send(one.url, sessionId, 'Ready?', {}, NEGOTIATED)
    return { one: one.url, other: other.url, sessionId, sending, release: await held }
  }

  it('is stopped, and nothing of it is said', async () => {
    const { one, other, sessionId, sending, release } = await startClaimed()
    // Each node has tried at its start whether it may publish.
    const before = await published(redis)
    const stopping = call(`${other}/chat/turns/${sessionId}.1/stop`, 'POST')
    await expect.poll(() => published(redis)).toBeGreaterThan(before)
    release()
    const [end] = await (await sending).rest()
    expect(end!.data).toMatchObject({ done: true, finish_reason: 'stopped', full_text: '' })
    expect((await stopping).body).toMatchObject({ stopped: true, state: 'stopped', partial_text: '' })
    expect(await history(one, sessionId)).toMatchObject([{ role: 'user', content: 'Ready?' }])
  })

  it('is stopped on its own node as one that runs there', async () => {
    const { one, sessionId, sending, release } = await startClaimed()
    const stopping = call(`${one}/chat/turns/${sessionId}.1/stop`, 'POST')
    await delay(20)
    release()
    expect(last(await (await sending).rest())).toMatchObject({ done: true, finish_reason: 'stopped' })
    expect((await stopping).body).toMatchObject({ stopped: true, state: 'stopped' })
  })

  it('is forgotten with its session', async () => {
    const { other, sessionId, sending, release } = await startClaimed()
    expect((await call(`${other}/chat/sessions/${sessionId}`, 'DELETE')).status).toBe(200)
    release()
    const [end] = await (await sending).rest()
    expect(end!.data).toMatchObject({ code: 'session_not_found' })
  })
})

async function published({ client }: RedisServer): Promise<number> {
  const info = await client.info('commandstats')
  return Number(/cmdstat_publish:calls=(\d+)/.exec(info)?.[1] ?? 0)
}
