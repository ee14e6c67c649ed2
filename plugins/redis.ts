/**
 * Decorates the app with its one connection to Redis, or null where there is none. The store and the limits share it, so
 * that only one can fail at the start, with one sentence.
 */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { connect, type ConnectSettings } from '#src/stores/redis/connect.ts'
import type { Client } from '#src/stores/redis/connection.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly redis: Client | null
  }
}

export default fp(
  async (app) => {
    const client = await connectFor(app)
    app.decorate<Client | null>('redis', client)
    app.addHook('onClose', async () => client?.disconnect())
  },
  { name: 'redis', dependencies: ['config'] },
)

async function connectFor({ config, log }: FastifyInstance): Promise<Client | null> {
  const { REDIS_URL, REDIS_SENTINELS } = config
  if (!REDIS_URL && !REDIS_SENTINELS) return null
  const isVerified = config.REDIS_TLS_VERIFY === 'on'
  if (!isVerified) {
    log.warn('REDIS_TLS_VERIFY=off: anyone between this service and Redis can read and change all of it.')
  }
  return connect({
    // The Sentinels name the host, so there may be nothing else to say: no password, no TLS.
    url: REDIS_URL ?? 'redis://',
    sentinels: REDIS_SENTINELS,
    master: config.REDIS_MASTER ?? '',
    cluster: config.REDIS_CLUSTER as ConnectSettings['cluster'],
    caFile: config.REDIS_CA_FILE,
    isVerified,
    prefix: config.REDIS_PREFIX,
    warn: (sentence) => log.warn(sentence),
  })
}
