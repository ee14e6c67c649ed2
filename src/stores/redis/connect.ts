/**
 * Connects at the start: finds out whether Redis is there, what it is, and whether it does all that will be asked of it.
 * A server that is just starting is waited for. A fault that lasts ends the start at once, with a sentence for the
 * operator.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { type Client, createClient, OPTIONS, toBackoff, untilReady } from './connection.ts'
import { RedisUnusable, toUnusable } from './failure.ts'
import { rehearse, spanSlots } from './rehearsal.ts'
import { type Route, type Routes, type RouteSettings, toRoutes } from './routes.ts'

export interface ConnectSettings extends RouteSettings {
  cluster: 'auto' | 'on' | 'off'
  /** Begins the name of every key. */
  prefix: string
  /** Takes a sentence about something that works, but should be changed. */
  warn(sentence: string): void
}

/** Milliseconds to wait for Redis: less than 5 s with the rest of the start, and well below Fastify's 10 s. */
const PATIENCE_MS = 3_000

/**
 * Connects to the server, or to the cluster that it belongs to. Of several addresses, the first that answers counts.
 *
 * @throws Error with a sentence that names the variable and the host
 */
export async function connect(settings: ConnectSettings): Promise<Client> {
  const routes = toRoutes(settings)
  const signal = AbortSignal.timeout(PATIENCE_MS)
  let failure: RedisUnusable | undefined
  for (let tries = 1; ; tries++) {
    try {
      return await tryOnce(routes, settings, signal)
    } catch (error) {
      // An attempt that was broken off says less than the failure before it.
      if (!signal.aborted || !failure) failure = error as RedisUnusable
    }
    if (failure.isFinal || signal.aborted) throw failure
    await delay(toBackoff(tries), undefined, { signal }).catch(() => {})
  }
}

async function tryOnce(routes: Routes, settings: ConnectSettings, signal: AbortSignal): Promise<Client> {
  const { sentinels, servers } = routes
  if (sentinels.length > 0) await firstOf(sentinels, signal, askForMaster, settings)
  const { route, ...found } = await firstOf(servers, signal, inspect, settings)
  const client = createClient(servers, route, found)
  try {
    await during(client, route, signal, async () => {
      await untilReady(client)
      await rehearse(client, route, settings.prefix)
    })
  } catch (error) {
    client.disconnect()
    throw error
  }
  if (found.policy !== undefined && found.policy !== 'noeviction') {
    settings.warn(
      `Redis evicts keys when it is full (maxmemory-policy ${found.policy}): set noeviction, or conversations get lost.`,
    )
  }
  return client
}

/** Connects by all routes at once, and returns the result of the first on which `work` succeeds. */
async function firstOf<T>(
  routes: Route[],
  signal: AbortSignal,
  work: (client: Redis, route: Route, settings: ConnectSettings) => Promise<T>,
  settings: ConnectSettings,
): Promise<T> {
  const once = { enableReadyCheck: false, retryStrategy: () => null, sentinelRetryStrategy: () => null }
  const attempts = routes.map(async (route) => {
    const client = new Redis({ ...OPTIONS, ...route.options, ...once })
    try {
      return await during(client, route, signal, async () => {
        await untilReady(client)
        return await work(client, route, settings)
      })
    } finally {
      client.disconnect()
    }
  })
  try {
    return await Promise.any(attempts)
  } catch (error) {
    const failures = (error as AggregateError).errors as RedisUnusable[]
    throw failures.find(({ isFinal }) => !isFinal) ?? failures[0]
  }
}

/** Does `work`, gives a reason for whatever goes wrong, and breaks off when `signal` aborts. */
async function during<T>(client: Client, route: Route, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  let cause: Error | undefined
  // This listener stays: ioredis writes an error without one to the console.
  const note = (error: Error & { lastNodeError?: Error }): void => void (cause = error.lastNodeError ?? error)
  client.on('error', note).on('node error', note)
  const { promise: patience, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(new RedisUnusable(route, 'it does not answer', 'ETIMEDOUT', false))
  signal.addEventListener('abort', stop)
  try {
    signal.throwIfAborted()
    const done = await Promise.race([work(), patience])
    // Nothing else says that a database could not be selected.
    if (cause && !client.isCluster) throw cause
    return done
  } catch (error) {
    throw await toUnusable(route, isAnswer(error) ? error : (cause ?? error))
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function isAnswer(error: unknown): boolean {
  return error instanceof RedisUnusable || (error instanceof Error && error.name === 'ReplyError')
}

async function askForMaster(client: Redis, route: Route, { master }: ConnectSettings): Promise<void> {
  const address = await client.call('SENTINEL', 'get-master-addr-by-name', master).catch((error: Error) => {
    if (!error.message.startsWith('ERR unknown command')) throw error
    throw new RedisUnusable(route, 'it is no Sentinel, which REDIS_SENTINELS must name', 'ERR', true)
  })
  if (address === null) throw new RedisUnusable(route, 'it knows no master by the name in REDIS_MASTER', 'ERR', true)
}

/** Finds out what a server is. A user who may not ask INFO is no failure. */
async function inspect(client: Redis, route: Route, { cluster, prefix }: ConnectSettings) {
  const memory = await client.info('memory').catch((error: unknown) => {
    if (!isAnswer(error)) throw error
  })
  return {
    route,
    isCluster: cluster === 'auto' ? await isSpread(client, prefix) : cluster === 'on',
    mayAskInfo: memory !== undefined,
    policy: /maxmemory_policy:(\w[\w-]*)/.exec(memory ?? '')?.[1],
  }
}

/** Says whether it is a cluster, by a script: users of hosted servers often may not ask INFO or CLUSTER. */
async function isSpread(client: Redis, prefix: string): Promise<boolean> {
  try {
    await spanSlots(client, prefix)
    return false
  } catch (error) {
    if (/^(CROSSSLOT|MOVED|CLUSTERDOWN)/.test((error as Error).message)) return true
    throw error
  }
}
