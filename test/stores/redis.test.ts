import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeSessionStore } from '#test/suites/session-store.ts'
import { describeSettingsStore } from '#test/suites/settings-store.ts'
import { type OpenStore, TURN_LOG_TTL_MS } from '#test/suites/store/fixture.ts'
import { newClaim, newSession, newSettlement } from '#test/suites/store/values.ts'
import { describeTurnStore } from '#test/suites/turn-store.ts'
import {
  hasRedis,
  keysOf,
  newPrefix,
  openStoreAt,
  type RedisPlace,
  startCluster,
  startLimited,
  startSingle,
} from './redis.ts'

/** Whatever a test of the suites has done, no key that it leaves lives for ever, but for the settings. */
async function checkTimes({ servers }: RedisPlace, prefix: string): Promise<void> {
  for (const { client } of servers) {
    for (const key of await keysOf(client, prefix)) {
      if (!key.startsWith(`${prefix}:setting:`)) expect(await client.pttl(key), key).toBeGreaterThan(0)
      await client.unlink(key)
    }
  }
}

for (const [name, start] of [
  ['Redis', startSingle],
  ['a Redis cluster', startCluster],
  ['a Redis with no more rights than the README lists', startLimited],
] as const) {
  describe.skipIf(!hasRedis)(name, () => {
    let place: RedisPlace
    beforeAll(async () => void (place = await start()))
    afterAll(() => place.close())

    const open: OpenStore = async (options) => {
      const prefix = newPrefix()
      const store = await openStoreAt(place.url, { prefix, ...options })
      const close = async (): Promise<void> => {
        await store.close()
        await checkTimes(place, prefix)
      }
      return { store, close }
    }
    describeSessionStore(name, open)
    describeTurnStore(name, open)

    it('lets the keys of an ephemeral session go when its turn’s log goes', async () => {
      const prefix = newPrefix()
      const store = await openStoreAt(place.url, { prefix })
      await store.sessions.create(newSession({ ephemeral: true }))
      const claimed = await store.turns.claim(newClaim({ clientId: 'c1' }))
      if (claimed.outcome === 'claimed') await store.turns.settle(newSettlement(claimed.turn, 'Hi'))
      await store.close()
      const kept: number[] = []
      for (const { client } of place.servers) {
        const keys = (await keysOf(client, prefix)).filter((key) => key.includes('{'))
        for (const key of keys) kept.push(await client.pttl(key))
      }
      expect(kept).toHaveLength(6)
      expect(Math.max(...kept)).toBeLessThanOrEqual(TURN_LOG_TTL_MS + 60_000)
      await checkTimes(place, prefix)
    })

    it('has sessions that were made when none could choose a model', async () => {
      const prefix = newPrefix()
      const store = await openStoreAt(place.url, { prefix })
      const made = await store.sessions.create(newSession())
      for (const { client } of place.servers) {
        for (const key of await keysOf(client, prefix)) if (key.endsWith(':session')) await client.hdel(key, 'model')
      }
      expect(await store.sessions.get(made)).toEqual(made)
      await store.close()
    })
    describeSettingsStore(name, open)
  })
}
