/** The service as processes on one Redis: killed and started again, and two side by side. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ask, follow, getTurn, last, NEGOTIATED, send, transcript, turnIdOf } from '#test/invariants/conversation.ts'
import { call, type Frame, startService, startSession, toProviderEnv, toText } from '#test/helper.ts'
import { startServer } from '#test/process.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { says, startOpenAIProvider } from '#test/provider/openai.ts'
import type { Script } from '#test/provider/provider.ts'
import { isSilent } from '#test/provider/scripts.ts'
import { hasRedis, newPrefix, type RedisServer, startRedis } from './redis.ts'
import { startProxy } from './redis-proxy.ts'

/** What is promised from the kill to the end. */
const DEFINITE_END_MS = 15_000

/** What was shown longer ago than this when the process is killed must have been kept: 25 ms, and what a busy machine adds. */
const KEPT_AFTER_MS = 500

describe.skipIf(!hasRedis)('the service on Redis', () => {
  let redis: RedisServer
  beforeAll(async () => void (redis = await startRedis()))
  afterAll(() => redis.close())

  async function prepare(script: Script, env: Record<string, string> = {}) {
    const provider = await startOpenAIProvider({ script })
    onTestFinished(() => provider.close())
    return { ...toProviderEnv(provider), REDIS_URL: redis.url, REDIS_PREFIX: newPrefix(), ...env }
  }

  it('ends a killed process’s turn as interrupted within 15 s of the kill', async () => {
    const hand = byHand()
    const env = await prepare(hand.script)
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

  it('has the reply of whoever saw done, after kill -9 at that very moment', async () => {
    const env = await prepare(says('Whatever you do, 火 🔥, keep breathing.', { delayMs: 3 }))
    let server = await startServer(env)
    const sessionId = await startSession(server.url)
    for (let round = 1; round <= 3; round++) {
      const stream = await send(server.url, sessionId, `Round ${round}`, {}, NEGOTIATED)
      let done: Frame | undefined
      while (!done?.data.done) [done] = await stream.take(1)
      server.kill('SIGKILL')
      await server.exited
      server = await startServer(env)
      const lines = await transcript(server.url, sessionId)
      expect(lines.slice(-2)).toEqual([
        `user complete: Round ${round}`,
        `assistant complete: ${done.data.full_text as string}`,
      ])
      expect(lines).toHaveLength(2 * round)
      const replay = await (await follow(server.url, turnIdOf(stream), '', NEGOTIATED)).rest()
      expect(replay.at(-1)).toEqual(done)
    }
  })

  it('is read and stopped on a node that does not run the turn', async () => {
    const hand = byHand()
    const env = await prepare(hand.script)
    const [one, two] = await Promise.all([startServer(env), startServer(env)])
    const sessionId = await startSession(one.url)
    const stream = await send(one.url, sessionId, 'Ready?', {}, NEGOTIATED)
    const turnId = turnIdOf(stream)
    const reply = await hand.next()
    reply.say('a ', 'b ')
    const before = await stream.take(2)
    const elsewhere = await follow(two.url, turnId, '', NEGOTIATED)
    expect(await elsewhere.take(2)).toEqual(before)
    reply.say('c ')
    expect(await elsewhere.take(1)).toEqual(await stream.take(1))
    const counted = await follow(two.url, turnId, '?after_count=2')
    expect((await counted.take(1)).map(({ data }) => data.token)).toEqual(['c '])
    expect(await call(`${two.url}/chat/turns/${turnId}/stop`, 'POST')).toMatchObject({ status: 200 })

    const [end] = await elsewhere.rest()
    expect(end!.data).toMatchObject({ done: true, finish_reason: 'stopped', full_text: 'a b c ' })
    // The node that runs it was asked to end it, though its provider was silent.
    await reply.exchange.request.closed
    expect(await stream.rest()).toEqual([end])
    for (const { url } of [one, two]) {
      expect(await getTurn(url, turnId)).toMatchObject({ state: 'stopped', text: 'a b c ' })
      expect((await (await follow(url, turnId, '', NEGOTIATED)).rest()).at(-1)).toEqual(end)
    }
  })

  /** A send whose turn is claimed, while the service does not know it yet. */
  async function startClaiming() {
    const env = await prepare(isSilent())
    const proxy = await startProxy(redis.port)
    onTestFinished(() => proxy.close())
    const { url } = await startService({ ...env, REDIS_URL: proxy.url })
    const { url: elsewhere } = await startService(env)
    const sessionId = await startSession(url)
    const holding = proxy.holdAnswerTo('Ready?')
    const stream = send(url, sessionId, 'Ready?')
    return { url, elsewhere, sessionId, stream, release: await holding }
  }

  it('sends the readers of a turn away whose session was deleted elsewhere before it ran', async () => {
    const { elsewhere, sessionId, stream, release } = await startClaiming()
    expect((await call(`${elsewhere}/chat/sessions/${sessionId}`, 'DELETE')).status).toBe(200)
    release()
    const frames = await (await stream).rest()
    expect(frames.map(({ data }) => data.code)).toEqual(['session_not_found'])
  })

  it('stops a turn that is just being claimed as one that runs here', async () => {
    const { url, sessionId, stream, release } = await startClaiming()
    const stopping = call(`${url}/chat/turns/${sessionId}.1/stop`, 'POST')
    await delay(20)
    release()
    const { body } = await stopping
    const end = last(await (await stream).rest())
    expect(end).toMatchObject({ done: true, finish_reason: 'stopped' })
    expect(body).toMatchObject({ stopped: true, state: 'stopped' })
  })
})
