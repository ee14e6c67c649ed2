/**
 * The connection: to one server or to a cluster, found out by asking. It is tried for ever, nothing queues up while it
 * is away, and every failure is `store_unavailable`.
 */
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { ChatError } from '#src/chat/errors.ts'

export type Client = Redis | Cluster

/** Milliseconds until a call fails on a server that accepts and does not answer, such as a stopped one. */
export const COMMAND_TIMEOUT_MS = 2_000

const OPTIONS = {
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: COMMAND_TIMEOUT_MS,
  // A connection that is dead without a word (a cut cable) is left for a new one.
  socketTimeout: 2 * COMMAND_TIMEOUT_MS,
  // What was sent is sent once again when the connection comes back: scripts and log entries do the same twice.
  maxRetriesPerRequest: 1,
  lazyConnect: true,
} satisfies RedisOptions

/** How long a start waits for a server that is not there yet. */
const START_PATIENCE_MS = 10_000

/** How often a new connection is tried because the server has become a replica: a failover moves addresses. */
const READONLY_RECONNECT_MS = 5_000

/**
 * Connects to the server at `url`, or to the cluster that it belongs to. Several addresses, with commas between them,
 * are seeds: the first that answers counts.
 *
 * @throws Error with a sentence for the operator
 */
export async function connect(url: string): Promise<Client> {
  const seeds = url.split(',').map((seed) => seed.trim())
  const first = await connectToAny(seeds)
  if (!(await first.info('cluster')).includes('cluster_enabled:1')) return first
  const { username, password, tls } = first.options
  first.disconnect()
  const redisOptions = { ...OPTIONS, username, password, tls }
  const cluster = new Cluster(seeds.map(toAddress), {
    redisOptions,
    enableOfflineQueue: false,
    lazyConnect: true,
    clusterRetryStrategy: toBackoff,
    clusterNodeRetryStrategy: toBackoff,
    // Three times 100 ms while a failover goes on, and the caller hears of it.
    maxRedirections: 3,
    slotsRefreshTimeout: COMMAND_TIMEOUT_MS,
  })
  await whenReady(cluster, seeds[0]!)
  return cluster
}

async function connectToAny(seeds: string[]): Promise<Redis> {
  const clients = seeds.map((seed) => createClient(seed))
  try {
    const first = await Promise.any(clients.map((client, i) => whenReady(client, seeds[i]!).then(() => client)))
    for (const client of clients) if (client !== first) client.disconnect()
    return first
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error
  }
}

function createClient(seed: string): Redis {
  let reconnectedAt = -Infinity
  const reconnectOnError = (error: Error): boolean => {
    if (!error.message.startsWith('READONLY') || performance.now() - reconnectedAt < READONLY_RECONNECT_MS) return false
    reconnectedAt = performance.now()
    return true
  }
  return new Redis(seed, { ...OPTIONS, enableOfflineQueue: false, retryStrategy: toBackoff, reconnectOnError })
}

/** 50 ms, doubled up to a second: well below a heartbeat, so that no living node is taken for dead after an outage. */
function toBackoff(attempt: number): number {
  return Math.min(50 * 2 ** (attempt - 1), 1_000)
}

function toAddress(seed: string): { host: string; port: number } {
  const { hostname, port } = new URL(seed)
  return { host: hostname, port: Number(port || 6379) }
}

async function whenReady(client: Client, seed: string): Promise<void> {
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
  let cause: unknown
  // Stays for good: an error event without a listener ends the process.
  client.on('error', (error: unknown) => (cause = error))
  client.once('ready', resolve)
  const patience = setTimeout(() => {
    const { host } = new URL(seed)
    const reason = cause instanceof Error && cause.message ? cause.message : 'no answer'
    reject(new Error(`Redis at ${host} cannot be used (${reason}).`, { cause }))
  }, START_PATIENCE_MS)
  // Tried again until then; what was wrong is told by `error`.
  client.connect().catch(() => {})
  try {
    await ready
  } catch (error) {
    client.disconnect()
    throw error
  } finally {
    clearTimeout(patience)
  }
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
