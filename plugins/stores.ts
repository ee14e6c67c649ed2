/** Decorates the app with the store. */
import fp from 'fastify-plugin'
import type { Store } from '#src/chat/store.ts'
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
    const { SQLITE_PATH, SESSION_TTL_DAYS, TURN_LOG_TTL_MINUTES } = app.config
    const store = openSqliteStore({
      path: SQLITE_PATH,
      sessionTtlMs: SESSION_TTL_DAYS * DAY_MS,
      turnLogTtlMs: TURN_LOG_TTL_MINUTES * MINUTE_MS,
    })
    app.decorate('store', store)
    app.addHook('onClose', () => store.close())
  },
  { name: 'stores', dependencies: ['config'] },
)
