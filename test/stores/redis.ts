/** Redis for tests: servers of the test's own, on free ports, in folders that are gone afterwards; and a cluster of three. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { expect, onTestFinished } from 'vitest'
import type { Claim, Store, Turn } from '#src/chat/store.ts'
import { connect, type ConnectSettings } from '#src/stores/redis/connect.ts'
import type { Client } from '#src/stores/redis/connection.ts'
import { openRedisStore, type RedisStoreOptions } from '#src/stores/redis.ts'
import { SESSION_TTL_MS, TURN_LOG_TTL_MS } from '#test/suites/store/fixture.ts'
import { newClaim } from '#test/suites/store/values.ts'

/** Whether there is a redis-server. In CI one must be there: a test that is skipped for ever holds nothing. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0
if (!hasRedis && process.env.CI === 'true') throw new Error('There is no redis-server on this machine.')

export interface RedisServer {
  url: string
  port: number
  /** A client of the test's own. */
  client: Redis
  kill(signal: NodeJS.Signals): void
  /** Starts it anew, on the same port and folder, after it was killed. */
  restart(): Promise<void>
  /** Kills it and removes its folder. */
  close(): Promise<void>
}

/**
 * Starts a server that keeps nothing on the disk, unless told otherwise by arguments such as `--appendonly yes`. The
 * password is for the test's own client.
 */
export async function startRedis(args: string[] = [], password = ''): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'repartee-redis-'))
  const port = await findFreePort()
  let child = await launch(port, folder, args)
  const client = new Redis({ port, host: '127.0.0.1', password, retryStrategy: () => 20, maxRetriesPerRequest: null })
  client.on('error', () => {})
  await checkIdentity(client, child)
  const killed = async (): Promise<void> => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    client,
    kill: (signal) => void child.kill(signal),
    async restart() {
      await killed()
      child = await launch(port, folder, args)
      await checkIdentity(client, child)
    },
    async close() {
      client.disconnect()
      await killed()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A Redis to keep things in: one server, or the masters of a cluster. */
export interface RedisPlace {
  url: string
  servers: RedisServer[]
  close(): Promise<void>
}

/** Starts one server, where a cluster could be, too. */
export async function startSingle(): Promise<RedisPlace> {
  const server = await startRedis()
  return { url: server.url, servers: [server], close: () => server.close() }
}

/** Reads the README's command that gives a user the rights that the service needs. */
function readRights(): string {
  const [, rights] = /^ACL (SETUSER repartee .*)$/m.exec(readFileSync('README.md', 'utf8')) ?? []
  if (rights === undefined) throw new Error('README.md gives no rights to a user of Redis.')
  return rights
}

/** Makes a user with those rights and `more`, and returns the address with its password. */
export async function createUser({ client, port }: RedisServer, prefix = 'test-*', ...more: string[]): Promise<string> {
  const rights = readRights().replace('>PASSWORD', '>pw').replaceAll('repartee:*', `${prefix}:*`).split(' ')
  await client.call('ACL', ...rights, ...more)
  return `redis://repartee:pw@127.0.0.1:${port}`
}

/** Starts what `startSingle` starts, with a user who has the rights in the README and no others. */
export async function startLimited(): Promise<RedisPlace> {
  const place = await startSingle()
  return { ...place, url: await createUser(place.servers[0]!) }
}

const SLOTS = 16_384

/** Starts three masters that share the slots. */
export async function startCluster(): Promise<RedisPlace> {
  const buses: number[] = []
  const servers = await Promise.all(
    [0, 1, 2].map(async (i) => {
      buses[i] = await findFreePort()
      return startRedis(['--cluster-enabled', 'yes', '--cluster-port', `${buses[i]}`, '--cluster-node-timeout', '2000'])
    }),
  )
  const close = async (): Promise<void> => void (await Promise.all(servers.map((server) => server.close())))
  try {
    for (const [i, { client }] of servers.entries()) {
      const [first, next] = [i, i + 1].map((share) => Math.floor((share * SLOTS) / servers.length))
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1)
      await client.call('CLUSTER', 'ADDSLOTSRANGE', first!, next! - 1)
      if (i > 0) await client.call('CLUSTER', 'MEET', '127.0.0.1', servers[0]!.port, buses[0]!)
    }
    for (const { client } of servers) await untilWhole(client, servers.length)
  } catch (error) {
    await close()
    throw error
  }
  return { url: servers[0]!.url, servers, close }
}

async function untilWhole(client: Redis, count: number): Promise<void> {
  for (;;) {
    const info = String(await client.call('CLUSTER', 'INFO'))
    const slots = (await client.call('CLUSTER', 'SLOTS')) as unknown[]
    if (info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${count}`) && slots.length === count)
      return
    await delay(20)
  }
}

export function newPrefix(): string {
  return `test-${randomBytes(6).toString('hex')}`
}

/** Connects as the service does. */
export function connectTo(url: string, settings: Partial<ConnectSettings> = {}): Promise<Client> {
  const plain = { sentinels: '', master: '', caFile: undefined, isVerified: true, cluster: 'auto', warn() {} } as const
  return connect({ url, prefix: newPrefix(), ...plain, ...settings })
}

/** Returns the sentence for an address that cannot be used. It never repeats a password. */
export async function refusalOf(url: string, settings: Partial<ConnectSettings> = {}): Promise<string> {
  const failure = await connectTo(url, settings).then(
    (client) => {
      client.disconnect()
      return 'it can be used'
    },
    (error: Error) => error.message,
  )
  expect(failure).not.toMatch(/hunter2/)
  return failure
}

/** Opens a store on a connection of its own, which closes with it. */
export async function openStoreAt(url: string, options: Partial<RedisStoreOptions> = {}): Promise<Store> {
  const times = { sessionTtlMs: SESSION_TTL_MS, turnLogTtlMs: TURN_LOG_TTL_MS, leaseMs: 10_000 }
  const prefix = options.prefix ?? newPrefix()
  const client = options.client ?? (await connectTo(url, { prefix }))
  const store = await openRedisStore({ client, prefix, ...times, ...options })
  return { ...store, close: () => store.close().then(() => client.disconnect()) }
}

/** Opens a store for the running test: on keys of its own, unless told otherwise. */
export async function openStore(url: string, options: Partial<RedisStoreOptions> = {}): Promise<Store> {
  const store = await openStoreAt(url, options)
  onTestFinished(() => store.close())
  return store
}

/** Claims a turn that must be free. */
export async function startTurn(store: Store, claim: Partial<Claim> = {}): Promise<Turn> {
  const claimed = await store.turns.claim(newClaim(claim))
  if (claimed.outcome !== 'claimed') throw new Error(`expected to claim a turn, but: ${claimed.outcome}`)
  return claimed.turn
}

/** Everything that a server has under a prefix. */
export async function keysOf(client: Redis, prefix: string): Promise<string[]> {
  const keys = new Set<string>()
  for await (const page of client.scanStream({ match: `${prefix}:*`, count: 1000 }))
    for (const key of page as string[]) keys.add(key)
  return [...keys].toSorted()
}

export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function launch(port: number, folder: string, args: string[]): Promise<ChildProcess> {
  const own = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', [...own, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  // Of the last resort: a test process that dies leaves no server behind.
  const onExit = (): void => void child.kill('SIGKILL')
  process.once('exit', onExit)
  child.once('exit', () => process.off('exit', onExit))
  let output = ''
  for await (const text of child.stdout.setEncoding('utf8')) {
    output += text as string
    if (output.includes('Ready to accept connections')) break
  }
  if (!output.includes('Ready to accept connections')) throw new Error(`redis-server did not start:\n${output}`)
  return child
}

/** That it is this process which answers on the port, not another's. */
async function checkIdentity(client: Redis, child: ChildProcess): Promise<void> {
  const info = await client.info('server')
  const pid = Number(/process_id:(\d+)/.exec(info)?.[1])
  if (pid !== child.pid) throw new Error(`The Redis that answers is process ${pid}, not the ${child.pid} of this test.`)
}
