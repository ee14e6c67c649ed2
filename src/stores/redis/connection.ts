/**
 * The connection: to one server, to the master that Sentinels name, or to a cluster. It is tried for ever, nothing queues
 * up while it is away, and every failure is `store_unavailable`. The one that listens is a copy, with the same TLS.
 */
import { Cluster, Redis } from 'ioredis'
import { ChatError } from '#src/chat/errors.ts'
import type { Options, Route } from './routes.ts'

export type Client = Redis | Cluster

/** Milliseconds until a call fails on a server that accepts and does not answer, such as a stopped one. */
export const COMMAND_TIMEOUT_MS = 2_000

export const OPTIONS = {
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: COMMAND_TIMEOUT_MS,
  // A connection that is dead without a word (a cut cable) is left for a new one.
  socketTimeout: 2 * COMMAND_TIMEOUT_MS,
  sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
  // What was sent is sent once again when the connection comes back: scripts and log entries do the same twice.
  maxRetriesPerRequest: 1,
  lazyConnect: true,
  // No CLIENT SETINFO: the Redis user would need one more right.
  disableClientInfo: true,
} satisfies Options

/** How often a new connection is tried because the server has become a replica: a failover moves addresses. */
const READONLY_RECONNECT_MS = 5_000

/** What a start has found out about a server. */
export interface Found {
  isCluster: boolean
  /** Whether INFO may be asked: it tells whether a server is still loading, or is a replica. */
  mayAskInfo: boolean
}

/** Creates a client that keeps trying to connect for ever. It is not connected yet. */
export function createClient(routes: Route[], route: Route, { isCluster, mayAskInfo }: Found): Client {
  const own = { ...OPTIONS, enableReadyCheck: mayAskInfo }
  const client = isCluster ? createCluster(routes, route, own) : createSingle(route, own)
  // This listener stays: an error event without one ends the process.
  client.on('error', (error: Error & { command?: { name?: string } }) => {
    // ioredis goes on with database 0 when the one that it was told to select is gone.
    if (error.command?.name === 'select') client.disconnect(true)
  })
  return client
}

function createSingle({ options }: Route, own: Options): Redis {
  let reconnectedAt = -Infinity
  const reconnectOnError = (error: Error): boolean => {
    if (!error.message.startsWith('READONLY') || performance.now() - reconnectedAt < READONLY_RECONNECT_MS) return false
    reconnectedAt = performance.now()
    return true
  }
  const strategies = { retryStrategy: toBackoff, sentinelRetryStrategy: toBackoff, reconnectOnError }
  return new Redis({ ...own, ...options, ...strategies, enableOfflineQueue: false })
}

function createCluster(routes: Route[], { options }: Route, own: Options): Cluster {
  const { username = '', password = '', tls } = options
  return new Cluster(
    routes.map(({ host, port }) => ({ host, port: port! })),
    {
      redisOptions: { ...own, username, password, ...(tls && { tls }) },
      // Names are not looked up: certificates are for names, not for the addresses behind them.
      dnsLookup: (host, callback) => callback(null, host),
      enableOfflineQueue: false,
      lazyConnect: true,
      clusterRetryStrategy: toBackoff,
      clusterNodeRetryStrategy: toBackoff,
      // Three times 100 ms while a failover goes on, and the caller hears of it.
      maxRedirections: 3,
      slotsRefreshTimeout: COMMAND_TIMEOUT_MS,
    },
  )
}

/** Connects once. The events `error` and, of a cluster, `node error` tell what is wrong. */
export async function untilReady(client: Client): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const fail = (): void => reject(new Error(client.isCluster ? 'CLUSTERDOWN' : 'Connection is closed.'))
  client.once('ready', resolve).once('close', fail).once('end', fail)
  client.connect().catch(() => {})
  try {
    await promise
  } finally {
    client.off('ready', resolve).off('close', fail).off('end', fail)
  }
}

const LISTENER: Options = {
  lazyConnect: true,
  enableOfflineQueue: false,
  // The caller makes the next one: ioredis subscribes again by itself, but nobody catches its failure, and a cluster's
  // own subscriber tries only once.
  retryStrategy: () => null,
  autoResubscribe: false,
  socketTimeout: 2 * COMMAND_TIMEOUT_MS,
}

/**
 * Creates a connection that listens, as such a one can do nothing else: to any server of a cluster, as they tell each
 * other. It is not connected yet; undefined while no server is known.
 */
export function createListener(client: Client): Redis | undefined {
  const servers = client instanceof Cluster ? client.nodes() : [client]
  const listener = servers[Math.floor(Math.random() * servers.length)]?.duplicate(LISTENER)
  // An error ends the connection, which is all that its owner needs to know.
  return listener?.on('error', () => {})
}

/** 50 ms, doubled up to a second: well below a heartbeat, so that no living node is taken for dead after an outage. */
export function toBackoff(attempt: number): number {
  return Math.min(50 * 2 ** (attempt - 1), 1_000)
}

/** Turns whatever a call to Redis fails with into `store_unavailable`. */
export async function guard<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof ChatError) throw error
    throw new ChatError('store_unavailable', 'Conversations cannot be stored or read right now.', { cause: error })
  }
}
