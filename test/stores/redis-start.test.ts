/** A Redis that cannot be used, or not yet: what the start of the service says, and how long it waits. */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { makeDirectory, startServer } from '#test/process.ts'
import { newSession } from '#test/suites/store/values.ts'
import {
  connectTo,
  findFreePort,
  hasRedis,
  openStore,
  refusalOf,
  startCluster,
  startRedis,
  startTurn,
} from './redis.ts'

/** Milliseconds that a start may take. */
const PATIENCE_MS = 5_000

async function startOwn(args: string[] = []) {
  const server = await startRedis(args)
  onTestFinished(() => server.close())
  return server
}

/** Starts something that listens and is no Redis. */
async function listen(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    onConnection(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Returns the sentence for an address, which must come in time. */
async function refusal(url: string, settings: Parameters<typeof refusalOf>[1] = {}): Promise<string> {
  const startedAt = performance.now()
  const said = await refusalOf(url, settings)
  expect(performance.now() - startedAt).toBeLessThan(PATIENCE_MS)
  return said
}

/** Starts a server again that has to load so many keys, a millisecond each. */
async function startLoading(keys: number) {
  const server = await startOwn(['--key-load-delay', '1000', '--loading-process-events-interval-bytes', '1024'])
  await Promise.all(Array.from({ length: keys }, (_, i) => server.client.set(`key ${i}`, 'x')))
  await server.client.save()
  server.kill('SIGKILL')
  return { url: server.url, started: server.restart() }
}

describe('a start without a Redis', () => {
  it.each([
    [
      'redis://127.0.0.1',
      async () => `127.0.0.1:${await findFreePort()}`,
      /nothing listens there \(port \d+, ECONNREFUSED\)/,
    ],
    [
      'redis://:hunter2@nobody.invalid',
      async () => 'nobody.invalid:6379',
      /Redis at nobody\.invalid .*(ENOTFOUND|EAI_AGAIN)/,
    ],
    ['a host that is silent', () => listen(() => {}), /it does not answer \(port \d+, ETIMEDOUT\)/],
  ])('says so in one sentence within 5 s: %s', async (_, open, sentence) => {
    const server = await startServer({ REDIS_URL: `redis://user:hunter2@${await open()}` }, { isToFail: true })
    expect(await server.exited).toBe(1)
    expect(server.output()).toMatch(sentence)
    const said = server
      .output()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('{'))
    expect(said).toEqual([
      expect.stringMatching(/^Repartee cannot start: REDIS_URL: Redis at \S+ cannot be used: .*\.$/),
    ])
    expect(server.output()).not.toMatch(/hunter2|Plugin did not start/)
  })

  it('tells when something answers that is no Redis', async () => {
    const closing = await listen((socket) => socket.destroy())
    expect(await refusal(`redis://${closing}`)).toMatch(/closes the connection without an answer/)
    const web = createHttpServer().listen(0, '127.0.0.1')
    await once(web, 'listening')
    onTestFinished(() => void web.close())
    const { port } = web.address() as AddressInfo
    expect(await refusal(`redis://127.0.0.1:${port}`)).toMatch(/what answers there is no Redis/)
    expect(await refusal('unix:///nowhere/redis.sock')).toMatch(
      /Redis at \/nowhere\/redis\.sock .*no such socket \(ENOENT\)/,
    )
  })

  it('does not wait for one of several when another answers', async () => {
    const { url } = await startOwn()
    const client = await connectTo(`redis://127.0.0.1:1, redis://${await listen(() => {})}, ${url}`)
    onTestFinished(() => client.disconnect())
    expect(await client.ping()).toBe('PONG')
  })
})

describe.skipIf(!hasRedis)('a start on a Redis that cannot be used', () => {
  it('tells when a password is missing or wrong, or the user is unknown', async () => {
    const { port, client } = await startOwn()
    await client.config('SET', 'requirepass', 'right')
    const at = `127.0.0.1:${port}`
    expect(await refusal(`redis://${at}`)).toMatch(/asks for a password .*NOAUTH/)
    expect(await refusal(`redis://:hunter2@${at}`)).toMatch(/password is wrong .*WRONGPASS/)
    expect(await refusal(`redis://nobody:hunter2@${at}`)).toMatch(/user name or the password is wrong/)
  })

  it('does without HELLO, and tells the same there', async () => {
    const { url, port, client } = await startOwn(['--rename-command', 'HELLO', ''])
    await client.config('SET', 'requirepass', 'right')
    expect(await refusal(url)).toMatch(/asks for a password/)
    expect(await refusal(`redis://:hunter2@127.0.0.1:${port}`)).toMatch(/password is wrong/)
    const store = await openStore(`redis://:right@127.0.0.1:${port}`)
    await store.sessions.create(newSession())
    expect(await startTurn(store)).toMatchObject({ n: 1 })
  })

  it('never takes another database than the one that is named', async () => {
    const { url, client } = await startOwn()
    expect(await refusal(`${url}/99`)).toMatch(/no database of that number/)
    expect(await client.dbsize()).toBe(0)
    const inFive = await connectTo(`${url}/5`)
    onTestFinished(() => inFive.disconnect())
    await inFive.set('mine', 1)
    expect(await client.dbsize()).toBe(0)
    // Not even when it is lost later.
    await client.call('ACL', 'SETUSER', 'default', '-select')
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    for (let i = 0; i < 50; i++) await inFive.set('strayed', 1).catch(() => {})
    expect(await client.dbsize()).toBe(0)
  })

  it('tells a replica, which takes no writes', async () => {
    const { url, client } = await startOwn()
    await client.replicaof('127.0.0.1', 1)
    expect(await refusal(url)).toMatch(/it is a replica/)
  })

  it('tells a cluster from one server, and a wrong REDIS_CLUSTER', async () => {
    const { url } = await startOwn()
    expect(await refusal(url, { cluster: 'on' })).toMatch(/no cluster.*REDIS_CLUSTER/)
    const cluster = await startCluster()
    onTestFinished(() => cluster.close())
    expect(await refusal(cluster.url, { cluster: 'off' })).toMatch(/it is a cluster.*REDIS_CLUSTER/)
    expect(await refusal(`${cluster.url}/2`)).toMatch(/database 0 only/)
    for (const settings of [{ cluster: 'on' }, { cluster: 'auto' }] as const) {
      const client = await connectTo(cluster.url, settings)
      expect(client.isCluster).toBe(true)
      client.disconnect()
    }
  })

  it('warns of one that evicts, and starts on one that is full', async () => {
    const { url, client } = await startOwn(['--maxmemory-policy', 'allkeys-lru'])
    const warnings: string[] = []
    const warned = await connectTo(url, { warn: (sentence) => void warnings.push(sentence) })
    warned.disconnect()
    expect(warnings).toEqual([expect.stringMatching(/evicts .*allkeys-lru/)])
    await client.config('SET', 'maxmemory-policy', 'noeviction')
    await client.config('SET', 'maxmemory', '1')
    const full = await connectTo(url, { warn: (sentence) => void warnings.push(sentence) })
    full.disconnect()
    expect(warnings).toHaveLength(1)
  })
})

describe.skipIf(!hasRedis)('a start on a Redis', () => {
  it.each(['a,b', 'p@ss:w/ö#rd?&%', '100%', 'redis://'])(
    'takes the password %s, as it is and encoded',
    async (password) => {
      const { port, client } = await startOwn()
      await client.call('ACL', 'SETUSER', 'default', 'resetpass', `>${password}`)
      for (const written of [password, encodeURIComponent(password)]) {
        const connected = await connectTo(`redis://:${written}@127.0.0.1:${port}`)
        onTestFinished(() => connected.disconnect())
        expect(await connected.ping()).toBe('PONG')
      }
    },
  )

  it('connects by a Unix socket, for the store and for the connection that listens', async () => {
    const path = join(await makeDirectory(), 'redis.sock')
    const { client } = await startOwn(['--unixsocket', path])
    await client.config('SET', 'requirepass', 'pw')
    for (const url of [`unix://${path}?db=3&password=pw`, `redis+unix://:pw@${path}?db=3`]) {
      const store = await openStore(url)
      await store.sessions.create(newSession())
      const turn = await startTurn(store)
      const news: string[] = []
      store.turns.watch(turn, (what) => void news.push(what))
      await vi.waitFor(() => expect(news).toEqual(['changed']), { timeout: 10_000 })
    }
    expect(await client.info('keyspace')).toMatch(/db3:/)
    expect(await client.dbsize()).toBe(0)
    expect(await refusal(`unix://${path}`)).toMatch(/asks for a password \(NOAUTH\)/)
  })
})

describe.skipIf(!hasRedis)('a start on a Redis that is not there yet', () => {
  it('waits for one that begins to listen', async () => {
    const server = await startOwn()
    server.kill('SIGKILL')
    const connecting = connectTo(server.url)
    await server.restart()
    const client = await connecting
    onTestFinished(() => client.disconnect())
    expect(await client.ping()).toBe('PONG')
  })

  it('waits for one that loads its data', async () => {
    const { url, started } = await startLoading(200)
    const client = await connectTo(url)
    onTestFinished(() => client.disconnect())
    await started
    expect(await client.dbsize()).toBe(200)
  })

  it('tells when one still loads at the end of the wait', async () => {
    const { url, started } = await startLoading(8_000)
    expect(await refusal(url)).toMatch(/still loading its data .*LOADING/)
    await started
  })
})
