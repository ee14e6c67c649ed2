/** Decorates the app with the store: Redis where there is one, else an SQLite file. */
import fp from 'fastify-plugin'
import type { Store } from '#src/chat/store.ts'
import type { Config } from '#src/config.ts'
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
    const store = await openStore(app.config)
    app.decorate('store', store)
    app.addHook('onClose', () => store.close())
  },
  { name: 'stores', dependencies: ['config'] },
)

async function openStore(config: Config): Promise<Store> {
  const times = {
    sessionTtlMs: config.SESSION_TTL_DAYS * DAY_MS,
    turnLogTtlMs: config.TURN_LOG_TTL_MINUTES * MINUTE_MS,
  }
  if (!config.REDIS_URL) return openSqliteStore({ path: config.SQLITE_PATH, ...times })
  return openRedisStore({
    url: config.REDIS_URL,
    prefix: config.REDIS_PREFIX,
    leaseMs: config.TURN_LEASE_S * 1000,
    ...times,
  })
}
