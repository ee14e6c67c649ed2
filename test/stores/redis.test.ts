import { afterAll, beforeAll, describe, expect } from 'vitest'
import { openRedisStore } from '#src/stores/redis.ts'
import { describeSessionStore } from '#test/suites/session-store.ts'
import type { OpenStore } from '#test/suites/store/fixture.ts'
import { describeTurnStore } from '#test/suites/turn-store.ts'
import { hasRedis, keysOf, newPrefix, type RedisServer, startCluster, startRedis } from './redis.ts'

const LEASE_MS = 10_000

interface Place {
  url: string
  servers: RedisServer[]
  close(): Promise<void>
}

async function startOne(): Promise<Place> {
  const server = await startRedis()
  return { url: server.url, servers: [server], close: () => server.close() }
}

/** Whatever a test of the suites has done, no key that it leaves lives for ever. */
async function checkTimes({ servers }: Place, prefix: string): Promise<void> {
  for (const { client } of servers) {
    for (const key of await keysOf(client, prefix)) {
      expect(await client.pttl(key), key).toBeGreaterThan(0)
      await client.unlink(key)
    }
  }
}

for (const [name, start] of [
  ['Redis', startOne],
  ['a Redis cluster', startCluster],
] as const) {
  describe.skipIf(!hasRedis)(name, () => {
    let place: Place
    beforeAll(async () => void (place = await start()))
    afterAll(() => place.close())

    const open: OpenStore = async (options) => {
      const prefix = newPrefix()
      const store = await openRedisStore({ url: place.url, prefix, leaseMs: LEASE_MS, ...options })
      const close = async (): Promise<void> => {
        await store.close()
        await checkTimes(place, prefix)
      }
      return { store, close }
    }
    describeSessionStore(name, open)
    describeTurnStore(name, open)
  })
}
