/** Limits hold everywhere: over every transport and every node together, and whatever a client says of where it is. */
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { signToken } from '#src/identity/tokens.ts'
import { createKeys } from '#src/stores/redis/keys.ts'
import {
  call,
  type Json,
  startService,
  startSession,
  startWithProvider,
  toProviderEnv,
  UNLIMITED,
} from '#test/helper.ts'
import { send } from '#test/invariants/conversation.ts'
import { startServer } from '#test/process.ts'
import { says, startOpenAIProvider } from '#test/provider/openai.ts'
import { hasRedis, newPrefix, type RedisServer, startCluster, startRedis } from '#test/stores/redis.ts'
import { type Line, openSocketIo, openWebSocket, Refusal, socketIo, sse, webSocket } from '#test/transports/clients.ts'

const LIMIT = 9

/** A line of each transport to each node. */
function connectAll(...urls: string[]): Promise<Line[]> {
  return Promise.all(urls.flatMap((url) => [sse, webSocket, socketIo].map((transport) => transport.connect(url))))
}

/** Whether a message in a new session is let in; when it is not, it must be for the limit. */
async function isLetIn(line: Line, url: string): Promise<boolean> {
  const session_id = await startSession(url)
  try {
    await (await line.send({ session_id, message: 'Hello' })).rest()
    return true
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    expect(error.frame).toMatchObject({ code: 'rate_limited', retryable: true, retry_after: expect.any(Number) })
    return false
  }
}

/** What a proxy on the way adds to the head of a request, or whoever wants to be taken for another. */
function via(...hops: string[]) {
  return { 'x-forwarded-for': hops.join(', '), forwarded: hops.map((hop) => `for=${hop}`).join(', ') }
}

function ask(url: string, session_id: string, headers: Json = {}) {
  return call(`${url}/chat/message`, 'POST', { session_id, message: 'Hello' }, headers)
}

describe('one budget', () => {
  it('is for all transports together', async () => {
    const { url } = await startWithProvider(says(['Hi.']), { RATE_LIMIT_PER_MINUTE: `${LIMIT}` })
    const lines = await connectAll(url)
    for (let sent = 0; sent < LIMIT; sent++) expect(await isLetIn(lines[sent % lines.length]!, url)).toBe(true)
    for (const line of lines) expect(await isLetIn(line, url)).toBe(false)
  })

  it('is each user’s own, wherever that user is', async () => {
    const secret = 'a secret of thirty-two bytes, or more'
    const { url } = await startWithProvider(says(['Hi.']), {
      JWT_SECRET: secret,
      RATE_LIMIT_PER_MINUTE: '2',
      TRUSTED_PROXIES: '127.0.0.1',
    })
    for (const sub of ['ada', 'grace']) {
      const authorization = `Bearer ${await signToken(secret, { sub, ttl: '1h' })}`
      const from = (address: string) => ({ authorization, 'x-forwarded-for': address })
      const { body } = await call(`${url}/chat/start`, 'POST', {}, from('192.0.2.1'))
      const statuses = []
      for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
        statuses.push((await ask(url, body.session_id as string, from(address))).status)
      }
      expect(statuses).toEqual([200, 200, 429])
    }
  })
})

const sessionsOf = async (url: string) => (await call(`${url}/chat/sessions`)).body.sessions as Json[]

const startsOne = async (url: string) =>
  (await call(`${url}/chat/start`, 'POST', {})).status === 200 ? 'sent' : 'refused'

/** Opens a socket that returns the fate of a message in its own session: `sent`, or the refusal's code. */
async function connectOwn(kind: 'WebSocket' | 'Socket.IO', url: string) {
  const client = kind === 'WebSocket' ? await openWebSocket(url) : openSocketIo(url)
  let tell: ((outcome: string) => void) | undefined
  const listen = (event: string, data: Json) => {
    if (event === 'chat_complete') tell?.('sent')
    if (event === 'chat_stream_error') tell?.(String(data.code))
  }
  if ('hear' in client) client.hear(listen)
  else client.onAny(listen)
  return (message: string) =>
    new Promise<string>((resolve) => {
      tell = resolve
      if ('hear' in client) client.socket.send(JSON.stringify({ event: 'chat_stream', data: { message } }))
      else client.emit('chat_stream', { message })
    })
}

describe.each(['WebSocket', 'Socket.IO'] as const)('a session of a socket’s own (%s)', (kind) => {
  it('is not made by a message that is refused', async () => {
    const { url } = await startWithProvider(says(['Hi.']), { RATE_LIMIT_PER_MINUTE: '1' })
    const say = await connectOwn(kind, url)
    expect(await say('')).toBe('invalid_request')
    expect(await say('a'.repeat(10_001))).toBe('message_too_long')
    expect(await sessionsOf(url)).toEqual([])
    expect(await say('Hello')).toBe('sent')
    for (let sockets = 0; sockets < 3; sockets++)
      expect(await (await connectOwn(kind, url))('Hello')).toBe('rate_limited')
    expect(await sessionsOf(url)).toMatchObject([{ message_count: 2, persona: 'default' }])
  })

  it('is counted once, and is the same for the connection’s life', async () => {
    const { url } = await startWithProvider(says(['Hi.']), { SESSIONS_PER_HOUR: '1' })
    const say = await connectOwn(kind, url)
    for (let sent = 0; sent < 3; sent++) expect(await say('Hello')).toBe('sent')
    expect(await (await connectOwn(kind, url))('Hello')).toBe('rate_limited')
    expect(await sessionsOf(url)).toMatchObject([{ message_count: 6 }])
  })
})

describe('where a client is', () => {
  it('is not what it says of itself, on HTTP and on sockets', async () => {
    const { url } = await startWithProvider(says(['Hi.']), { RATE_LIMIT_PER_MINUTE: '1', MAX_SOCKETS_PER_IP: '2' })
    const session_id = await startSession(url)
    expect((await ask(url, session_id, via('203.0.113.1'))).status).toBe(200)
    expect((await ask(url, session_id, via('203.0.113.2'))).status).toBe(429)
    const { socket, hear } = await openWebSocket(url, [], via('203.0.113.3'))
    const refused = new Promise<Json>((resolve) =>
      hear((event, data) => event === 'chat_stream_error' && resolve(data)),
    )
    socket.send(JSON.stringify({ event: 'chat_stream', data: { message: 'Hello' } }))
    expect(await refused).toMatchObject({ code: 'rate_limited', retry_after: expect.any(Number) })
    const polling = openSocketIo(url, ['polling'], { extraHeaders: via('203.0.113.4') })
    const said = once(polling as never, 'chat_stream_error')
    polling.emit('chat_stream', { message: 'Hello' })
    expect((await said)[0]).toMatchObject({ code: 'rate_limited' })
    await expect(openWebSocket(url, [], via('203.0.113.5'))).rejects.toThrow('429')
  })

  it('is what a trusted proxy says, and nobody behind it', async () => {
    const env = { RATE_LIMIT_PER_MINUTE: '1', MAX_SOCKETS_PER_IP: '1', TRUSTED_PROXIES: '127.0.0.0/8,10.0.0.0/8' }
    const { url } = await startWithProvider(says(['Hi.']), env)
    const session_id = await startSession(url)
    expect((await ask(url, session_id, via('198.51.100.1'))).status).toBe(200)
    expect((await ask(url, session_id, via('203.0.113.7', '198.51.100.1', '10.1.2.3'))).status).toBe(429)
    expect((await ask(url, session_id, via('203.0.113.7', '198.51.100.2', '10.1.2.3'))).status).toBe(200)
    await openWebSocket(url, [], via('198.51.100.1'))
    await expect(openWebSocket(url, [], via('203.0.113.7', '198.51.100.1'))).rejects.toThrow('429')
    await openWebSocket(url, [], via('198.51.100.2'))
  })

  it('is a whole network where the address is one of IPv6', async () => {
    const env = { RATE_LIMIT_PER_MINUTE: '1', TRUSTED_PROXIES: '127.0.0.1' }
    const { url } = await startWithProvider(says(['Hi.']), env)
    const session_id = await startSession(url)
    const from = (address: string) => ask(url, session_id, { 'x-forwarded-for': address })
    expect((await from('2001:db8:1:2::1')).status).toBe(200)
    expect((await from('2001:0DB8:1:2:ffff:ffff:ffff:ffff')).status).toBe(429)
    expect((await from('2001:db8:1:3::1')).status).toBe(200)
    expect((await from('192.0.2.1')).status).toBe(200)
    expect((await from('::ffff:192.0.2.1')).status).toBe(429)
    expect((await from('::ffff:192.0.2.2')).status).toBe(200)
  })
})

describe.skipIf(!hasRedis)('over nodes', () => {
  let redis: RedisServer
  beforeAll(async () => void (redis = await startRedis()))
  afterAll(() => redis.close())

  /** Environments of nodes of one service. */
  const sharedEnv = (more: Record<string, string>) => ({ REDIS_URL: redis.url, REDIS_PREFIX: newPrefix(), ...more })

  it('one budget is for all nodes and transports together, also when all come at once', async () => {
    const env = sharedEnv({ RATE_LIMIT_PER_MINUTE: `${LIMIT}` })
    const urls = (await Promise.all([startServer(env), startService(env)])).map(({ url }) => url)
    const lines = await connectAll(...urls)
    const sending = Array.from({ length: 2 * LIMIT }, (_, n) => isLetIn(lines[n % lines.length]!, urls[0]!))
    expect((await Promise.all(sending)).filter(Boolean)).toHaveLength(LIMIT)
  })

  it('one budget of new sessions is for all nodes, and for HTTP and sockets together', async () => {
    const env = sharedEnv({ SESSIONS_PER_HOUR: '4', ...UNLIMITED })
    const [one, two] = (await Promise.all([startServer(env), startService(env)])).map(({ url }) => url)
    const ways: (() => Promise<string>)[] = [() => startsOne(one!), () => startsOne(two!)]
    for (const [kind, url] of [
      ['WebSocket', one!],
      ['Socket.IO', two!],
    ] as const)
      ways.push(async () => (await connectOwn(kind, url))('Hello'))
    const outcomes = await Promise.all([...ways, ...ways, ...ways].map((way) => way()))
    expect(outcomes.filter((outcome) => outcome === 'sent')).toHaveLength(4)
    expect(await sessionsOf(one!)).toHaveLength(4)
  })

  it('turns at the same time are counted together, and a killed node’s no longer than its lease', async () => {
    const provider = await startOpenAIProvider({ script: (exchange) => exchange.head(200) })
    onTestFinished(() => provider.close())
    const env = sharedEnv({ MAX_TURNS_PER_USER: '3', TURN_LEASE_S: '2', ...toProviderEnv(provider) })
    const [one, two] = await Promise.all([startServer(env), startService(env)])
    const begin = async ({ url }: { url: string }) => (await send(url, await startSession(two.url), 'Hello')).status
    const statuses = await Promise.all([one, one, two, one, two].map(begin))
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 200, 429, 429])
    // Longer than a lease: who lives says so again and again.
    const beginsWell = async () => (await begin(two)) === 200
    for (const until = Date.now() + 2_500; Date.now() < until; await delay(50)) expect(await beginsWell()).toBe(false)
    one.kill('SIGKILL')
    await expect.poll(beginsWell, { timeout: 8_000 }).toBe(true)
  })

  it('nothing is let in while the counts are away, and all is well when they are back', async () => {
    const own = await startRedis()
    onTestFinished(() => own.close())
    const limits = { RATE_LIMIT_PER_MINUTE: '2', MAX_TURNS_PER_USER: '2' }
    const { url } = await startService({ REDIS_URL: own.url, REDIS_PREFIX: newPrefix(), ...limits })
    const session_id = await startSession(url)
    expect((await ask(url, session_id)).status).toBe(200)
    own.kill('SIGKILL')
    expect(await ask(url, session_id)).toMatchObject({ status: 503, body: { code: 'store_unavailable' } })
    await own.restart()
    await expect.poll(async () => (await call(`${url}/chat/start`, 'POST', {})).status, { timeout: 5_000 }).toBe(200)
    const anew = await startSession(url)
    await expect.poll(async () => (await ask(url, anew)).status, { timeout: 5_000 }).toBe(200)
  })

  it('nothing is let in when what is kept of the counts cannot be read', async () => {
    for (const limit of ['RATE_LIMIT_PER_MINUTE', 'MAX_TURNS_PER_USER']) {
      const env = sharedEnv({ [limit]: '3' })
      const { url } = await startService(env)
      const session_id = await startSession(url)
      expect((await ask(url, session_id)).status).toBe(200)
      const [counted] = await redis.client.keys(`${env.REDIS_PREFIX}:sends:*`)
      await redis.client.set(counted ?? createKeys(env.REDIS_PREFIX).places('127.0.0.1'), 'nonsense')
      expect(await ask(url, session_id)).toMatchObject({ status: 503, body: { code: 'store_unavailable' } })
    }
  })

  it('the counts of a cluster are one, too', async () => {
    const cluster = await startCluster()
    onTestFinished(() => cluster.close())
    const limits = { RATE_LIMIT_PER_MINUTE: '3', MAX_TURNS_PER_USER: '3' }
    const env = { REDIS_URL: cluster.url, REDIS_PREFIX: newPrefix(), ...limits }
    const urls = (await Promise.all([startService(env), startService(env)])).map(({ url }) => url)
    const session_id = await startSession(urls[0]!)
    const statuses = []
    for (const n of [0, 1, 0, 1, 0]) statuses.push((await ask(urls[n]!, session_id)).status)
    expect(statuses).toEqual([200, 200, 200, 429, 429])
  })
})
