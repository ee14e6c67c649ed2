/** Redis is away, full, loading or a replica: nothing is lost for some seconds, then turns fail, and all mends itself. */
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { call, startSession, toText } from '#test/helper.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { hasRedis, newPrefix, type RedisServer, startRedis } from '#test/stores/redis.ts'
import { ask, asks, follow, getTurn, last, NEGOTIATED, send, transcript, turnIdOf } from './conversation.ts'
import { startUnlimited } from './reading.ts'

/** What is acknowledged is on the disk. */
const ON_DISK = ['--appendonly', 'yes', '--appendfsync', 'always']

/** What turns wait for at least. */
const OUTAGE_MS = 5_000

const UNAVAILABLE = { code: 'store_unavailable', retryable: true }
const REFUSED = { status: 503, body: UNAVAILABLE }

/** Begins an outage; the returned function ends it. */
type Outage = (redis: RedisServer) => Promise<() => Promise<unknown>>

const OUTAGES: [name: string, outage: Outage][] = [
  [
    'answers nobody (CLIENT PAUSE)',
    async ({ client }) => {
      await client.call('CLIENT', 'PAUSE', OUTAGE_MS, 'ALL')
      return async () => {}
    },
  ],
  [
    'is stopped (SIGSTOP)',
    async (redis) => {
      redis.kill('SIGSTOP')
      return async () => redis.kill('SIGCONT')
    },
  ],
  [
    'is killed and started again',
    async (redis) => {
      redis.kill('SIGKILL')
      return () => redis.restart()
    },
  ],
]

/** A service on a Redis of its own, with a turn in the middle of its reply. */
async function startSpeaking(args: string[] = ON_DISK) {
  const redis = await startRedis(args)
  onTestFinished(() => redis.close())
  const hand = byHand()
  const service = await startUnlimited(hand.script, { REDIS_URL: redis.url, REDIS_PREFIX: newPrefix() })
  const { url } = service
  const sessionId = await startSession(url)
  const stream = await send(url, sessionId, 'Count', {}, NEGOTIATED)
  const reply = await hand.next()
  reply.say('One, ')
  await stream.take(1)
  return { ...service, redis, hand, sessionId, stream, reply, turnId: turnIdOf(stream) }
}

async function untilReady(url: string): Promise<void> {
  const isReady = async () => expect((await call(`${url}/ready`)).status).toBe(200)
  await vi.waitFor(isReady, { timeout: 8_000, interval: 50 })
}

describe.skipIf(!hasRedis)('a Redis that', () => {
  it.each(OUTAGES)('%s for 5 s loses nothing, and its readers read on', async (_what, outage) => {
    const { url, provider, redis, sessionId, stream, reply, turnId } = await startSpeaking()
    const overAt = performance.now() + OUTAGE_MS
    const end = await outage(redis)
    reply.say('two, ')
    expect(toText(await stream.take(1))).toBe('two, ')
    // Who comes now is given the turn, too: it runs here.
    const late = await follow(url, turnId, '', NEGOTIATED)
    expect(toText(await late.take(2))).toBe('One, two, ')
    reply.say('three.')
    for (const reader of [stream, late]) expect(toText(await reader.take(1))).toBe('three.')
    expect(await call(`${url}/ready`)).toMatchObject(REFUSED)
    reply.finish()
    // It is not done before it is stored.
    const ending = Promise.all([stream.rest(), late.rest()])
    const timer = new Promise((resolve) => setTimeout(() => resolve('still open'), overAt - performance.now() - 200))
    expect(await Promise.race([ending, timer])).toBe('still open')
    await end()

    for (const frames of await ending) {
      expect(frames.map(({ data }) => data.full_text)).toEqual(['One, two, three.'])
    }
    await untilReady(url)
    expect(await transcript(url, sessionId)).toEqual(['user complete: Count', 'assistant complete: One, two, three.'])
    const replay = await (await follow(url, turnId, '', NEGOTIATED)).rest()
    expect(replay.map(({ data }) => data.token)).toEqual(['One, ', 'two, ', 'three.', undefined])
    expect(asks(provider)).toBe(1)
  })

  it('comes and goes loses nothing, and its readers read on', async () => {
    const { url, redis, sessionId, stream, reply } = await startSpeaking()
    const words = Array.from({ length: 8 }, (_, index) => `${index} `)
    for (const word of words) {
      redis.kill('SIGKILL')
      reply.say(word)
      expect(toText(await stream.take(1))).toBe(word)
      await redis.restart()
      await redis.client.ping()
    }
    reply.finish()
    const text = `One, ${words.join('')}`
    expect(last(await stream.rest())).toMatchObject({ done: true, full_text: text })
    await untilReady(url)
    expect(await transcript(url, sessionId)).toEqual(['user complete: Count', `assistant complete: ${text}`])
  })

  it('is away for longer fails the turn, and all comes back by itself', async () => {
    const { url, redis, hand, sessionId, stream, reply, turnId } = await startSpeaking()
    redis.kill('SIGKILL')
    reply.say('two, ')
    expect(toText(await stream.take(1))).toBe('two, ')
    await reply.request.closed
    const frames = await stream.rest()
    expect(frames).toHaveLength(1)
    expect(last(frames)).toMatchObject({ ...UNAVAILABLE, turn_id: turnId, partial_text: 'One, two, ' })
    expect(await call(`${url}/ready`)).toMatchObject(REFUSED)
    expect(await ask(url, sessionId, 'And now?')).toMatchObject(REFUSED)

    await redis.restart()
    await untilReady(url)
    // The end that was shown is the one that is kept.
    await vi.waitFor(async () => expect((await getTurn(url, turnId)).state).toBe('failed'), { timeout: 8_000 })
    const replay = await (await follow(url, turnId, '', NEGOTIATED)).rest()
    expect(toText(replay)).toBe('One, two, ')
    expect(replay.at(-1)).toEqual(frames[0])
    expect(await transcript(url, sessionId)).toEqual(['user complete: Count', 'assistant failed: One, two, '])
    const again = ask(url, sessionId, 'And now?')
    ;(await hand.next()).finish()
    expect(await again).toMatchObject({ status: 200 })
  })

  it('is full takes no turn, and what has begun is ended, read and deleted', async () => {
    const { url, provider, redis, sessionId, stream, reply } = await startSpeaking([])
    const idle = await startSession(url)
    await redis.client.config('SET', 'maxmemory', '1mb')
    expect(await ask(url, idle, 'Hello')).toMatchObject(REFUSED)
    expect((await send(url, idle, 'Hello')).status).toBe(503)
    expect(await call(`${url}/ready`)).toMatchObject(REFUSED)
    reply.say('two.')
    reply.finish()
    expect(last(await stream.rest())).toMatchObject({ done: true, full_text: 'One, two.' })
    expect(await transcript(url, sessionId)).toEqual(['user complete: Count', 'assistant complete: One, two.'])
    expect(last(await (await follow(url, turnIdOf(stream))).rest())).toMatchObject({ done: true })
    expect(await call(`${url}/chat/sessions/${sessionId}`, 'DELETE')).toMatchObject({ status: 200 })
    expect((await call(`${url}/chat/sessions/${sessionId}`)).status).toBe(404)
    expect(asks(provider)).toBe(1)

    await redis.client.config('SET', 'maxmemory', 0)
    provider.script((exchange) => exchange.reset())
    expect((await ask(url, idle, 'Hello')).body.code).toBe('brain_unavailable')
    await untilReady(url)
  })

  it('is a replica takes no turn, and is read', async () => {
    const { url, provider, redis, hand, sessionId, stream, reply } = await startSpeaking([])
    reply.finish()
    await stream.rest()
    await redis.client.replicaof('127.0.0.1', 1)
    const refused = async () => expect(await ask(url, sessionId, 'Hello')).toMatchObject(REFUSED)
    await refused()
    const read = async () => expect(await transcript(url, sessionId)).toHaveLength(2)
    // At the first refusal it looks for the master, by connecting anew.
    await vi.waitFor(read, { timeout: 5_000, interval: 50 })
    await refused()
    expect(last(await (await follow(url, turnIdOf(stream))).rest())).toMatchObject({ done: true })
    expect(await call(`${url}/ready`)).toMatchObject(REFUSED)
    expect(asks(provider)).toBe(1)

    await redis.client.replicaof('NO', 'ONE')
    await untilReady(url)
    const again = ask(url, sessionId, 'And now?')
    ;(await hand.next()).finish()
    expect(await again).toMatchObject({ status: 200 })
  })

  it('is loading takes no turn until it has loaded', async () => {
    // A millisecond a key, and answers in between.
    const slowly = ['--key-load-delay', '1000', '--loading-process-events-interval-bytes', '1024']
    const { url, provider, redis, hand, sessionId, stream, reply } = await startSpeaking([...ON_DISK, ...slowly])
    reply.finish()
    await stream.rest()
    const filling = redis.client.pipeline()
    for (let n = 0; n < 4_000; n++) filling.set(`filling:${n}`, 'x'.repeat(100))
    await filling.exec()
    const restarted = redis.restart()
    const bare = new Redis(redis.url, { enableReadyCheck: false, retryStrategy: () => 10, maxRetriesPerRequest: null })
    bare.on('error', () => {})
    onTestFinished(() => bare.disconnect())
    const isLoading = async () => expect(await bare.get('x').catch(String)).toContain('LOADING')
    await vi.waitFor(isLoading, { timeout: 5_000, interval: 5 })
    const answers = await Promise.all([ask(url, sessionId, 'Hello'), call(`${url}/ready`)])
    for (const answer of answers) expect(answer).toMatchObject(REFUSED)
    expect(asks(provider)).toBe(1)

    await restarted
    await untilReady(url)
    expect(await transcript(url, sessionId)).toHaveLength(2)
    const again = ask(url, sessionId, 'And now?')
    ;(await hand.next()).finish()
    expect(await again).toMatchObject({ status: 200 })
  })
})
