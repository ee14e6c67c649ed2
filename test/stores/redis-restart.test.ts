/** The service as a process on Redis: killed, and started again with the lease that it has by default. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ask, follow, getTurn, last, NEGOTIATED, send, transcript, turnIdOf } from '#test/invariants/conversation.ts'
import { startSession, toProviderEnv, toText } from '#test/helper.ts'
import { startServer } from '#test/process.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { startOpenAIProvider } from '#test/provider/openai.ts'
import { hasRedis, newPrefix, type RedisServer, startRedis } from './redis.ts'

/** What is promised from the kill to the end. */
const DEFINITE_END_MS = 15_000

/** What was shown longer ago than this when the process is killed must have been kept: 25 ms, and what a busy machine adds. */
const KEPT_AFTER_MS = 100

describe.skipIf(!hasRedis)('the service on Redis', () => {
  let redis: RedisServer
  beforeAll(async () => void (redis = await startRedis()))
  afterAll(() => redis.close())

  it('ends a killed process’s turn as interrupted within 15 s of the kill', async () => {
    const hand = byHand()
    const provider = await startOpenAIProvider({ script: hand.script })
    onTestFinished(() => provider.close())
    const env = { ...toProviderEnv(provider), REDIS_URL: redis.url, REDIS_PREFIX: newPrefix() }
    const first = await startServer(env)
    const sessionId = await startSession(first.url)
    const stream = await send(first.url, sessionId, 'Ready?', {}, NEGOTIATED)
    const reply = await hand.next()
    reply.say('Half ', 'a ', 'reply')
    await stream.take(3)
    await delay(KEPT_AFTER_MS)
    const killedAt = performance.now()
    first.kill('SIGKILL')
    await stream.ended

    const { url } = await startServer(env)
    const turnId = turnIdOf(stream)
    expect(await getTurn(url, turnId)).toMatchObject({ state: 'running', text: 'Half a reply' })
    // A reader that comes while nobody has ended it yet is told so when it is ended.
    const late = await follow(url, turnId, '', NEGOTIATED)
    const frames = await late.rest()
    expect(performance.now() - killedAt).toBeLessThan(DEFINITE_END_MS)
    expect(toText(frames)).toBe('Half a reply')
    expect(last(frames)).toMatchObject({ code: 'interrupted', partial_text: 'Half a reply', turn_id: turnId })
    expect(await getTurn(url, turnId)).toMatchObject({ state: 'interrupted', text: 'Half a reply' })
    expect(await transcript(url, sessionId)).toEqual(['user complete: Ready?', 'assistant interrupted: Half a reply'])
    const again = ask(url, sessionId, 'And now?')
    ;(await hand.next()).finish()
    expect(await again).toMatchObject({ status: 200 })
  })
})
