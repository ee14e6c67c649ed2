/** Every transport keeps the same contract, on every store. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe } from 'vitest'
import { hasRedis, type RedisServer, startRedis } from '#test/stores/redis.ts'
import { describeTransport, type StoreEnv } from '#test/suites/transport.ts'
import { socketIo, socketIoPolling, socketIoWebSocket, sse, webSocket } from './clients.ts'

let redis: RedisServer | undefined

beforeAll(async () => {
  if (hasRedis) redis = await startRedis()
})
afterAll(() => redis?.close())

const STORES: Record<string, StoreEnv> = {
  SQLite: async () => ({ SQLITE_PATH: ':memory:' }),
  ...(hasRedis && { Redis: async () => ({ REDIS_URL: redis!.url, REDIS_PREFIX: randomUUID() }) }),
}

describe.each(Object.entries(STORES))('on %s', (_store, env) => {
  describeTransport(sse, webSocket, env)
  describeTransport(webSocket, socketIo, env)
  describeTransport(socketIo, sse, env)
  describeTransport(socketIoWebSocket, webSocket, env)
  describeTransport(socketIoPolling, sse, env)
})
