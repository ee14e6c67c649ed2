/** Decorates the app with the store: Redis where there is one, else an SQLite file. */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Store } from '#src/chat/store.ts'
import { withVariable } from '#src/config.ts'
import { openRedisStore } from '#src/stores/redis.ts'
import { openSqliteStore } from '#src/stores/sqlite.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly store: Store
  }
}

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

export default fp(
  async (app) => {
    const store = await openStore(app)
    app.decorate('store', store)
    app.addHook('onClose', () => store.close())
  },
  { name: 'stores', dependencies: ['config', 'redis'] },
)

async function openStore({ config, redis }: FastifyInstance): Promise<Store> {
  const times = {
    sessionTtlMs: config.SESSION_TTL_DAYS * DAY_MS,
    turnLogTtlMs: config.TURN_LOG_TTL_MINUTES * MINUTE_MS,
  }
  if (!redis) {
    return withVariable('SQLITE_PATH', async () => openSqliteStore({ path: config.SQLITE_PATH, ...times }))
  }
  return openRedisStore({
    client: redis,
    prefix: config.REDIS_PREFIX,
    leaseMs: config.TURN_LEASE_S * 1000,
    ...times,
  })
}
