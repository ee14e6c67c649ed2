/** What a process still begins, and reads, in the moment in which it is told to leave. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startService, startSession, toProviderEnv } from '#test/helper.ts'
import { follow, last, NEGOTIATED, send, turnIdOf } from '#test/invariants/conversation.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { startOpenAIProvider } from '#test/provider/openai.ts'
import { hasRedis, newPrefix, type RedisServer, startRedis } from '#test/stores/redis.ts'
import { startProxy } from '#test/stores/redis-proxy.ts'

/** How the first page of a log is asked for: from the beginning, 500 entries. */
const FIRST_PAGE = '\r\n-\r\n$3\r\n500\r\n'

describe.skipIf(!hasRedis)('a service that is told to leave', () => {
  let redis: RedisServer
  beforeAll(async () => void (redis = await startRedis()))
  afterAll(() => redis.close())

  async function prepare() {
    const hand = byHand()
    const provider = await startOpenAIProvider({ script: hand.script })
    onTestFinished(() => provider.close())
    const proxy = await startProxy(redis.port)
    onTestFinished(() => proxy.close())
    const env = { ...toProviderEnv(provider), REDIS_PREFIX: newPrefix() }
    const leaving = await startService({ ...env, REDIS_URL: proxy.url })
    const staying = await startService({ ...env, REDIS_URL: redis.url })
    return { hand, proxy, leaving, staying, sessionId: await startSession(staying.url) }
  }

  it('finishes a turn that was being claimed then', async () => {
    const { hand, proxy, leaving, sessionId } = await prepare()
    const holding = proxy.holdAnswerTo('Ready?')
    const sending = send(leaving.url, sessionId, 'Ready?')
    const release = await holding
    let isDrained = false
    const drained = leaving.app.chat.drain(10_000).finally(() => (isDrained = true))
    release()
    const stream = await sending
    const reply = await hand.next()
    reply.say('Yes')
    await stream.take(1)
    expect(isDrained).toBe(false)
    reply.finish()
    expect(last(await stream.rest())).toMatchObject({ done: true, full_text: 'Yes' })
    await drained
    expect(leaving.app.chat.running).toBe(0)
  })

  it('sends away who was about to read another’s turn then, and not who reads one that has ended', async () => {
    const { hand, proxy, leaving, staying, sessionId } = await prepare()
    const ended = send(staying.url, sessionId, 'First')
    ;(await hand.next()).finish()
    const first = turnIdOf(await ended)
    await (await ended).rest()
    const running = turnIdOf(await send(staying.url, sessionId, 'Second'))
    const reply = await hand.next()
    const holding = proxy.holdAnswerTo(FIRST_PAGE)
    const following = follow(leaving.url, running, '', NEGOTIATED)
    const release = await holding
    void leaving.app.chat.drain(10_000)
    release()
    expect((await following).status).toBe(503)
    expect((await follow(leaving.url, running)).status).toBe(503)
    expect(last(await (await follow(leaving.url, first)).rest())).toMatchObject({ done: true, turn_id: first })
    reply.finish()
  })
})
