/**
 * Decorates the app with the limits on what users begin, the same for all doors, and on Redis for all nodes; and
 * requests with who pays for what they begin.
 */
import { hash } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { createPlaces, type Limits, type Places, tooManyTurns } from '#src/chat/limits.ts'
import { type Client, connect, guard } from '#src/stores/redis/connection.ts'
import { createKeys } from '#src/stores/redis/keys.ts'
import { createRedisPlaces } from '#src/stores/redis/places.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The signed-in user, or the client's network while the service is open. */
    readonly payer: string
  }
  interface FastifyInstance {
    readonly limits: Limits
  }
}

const MINUTE_MS = 60_000

/** Payers who are remembered where there is no Redis: whoever was quiet for longest is forgotten first. */
const MAX_REMEMBERED = 100_000

export default fp(
  async (app) => {
    const { RATE_LIMIT_PER_MINUTE, MAX_TURNS_PER_USER, REDIS_URL } = app.config
    const isOff = RATE_LIMIT_PER_MINUTE === 0 && MAX_TURNS_PER_USER === 0
    const client = REDIS_URL && !isOff ? await connect(REDIS_URL) : undefined
    if (client) app.addHook('onClose', async () => client.disconnect())
    const places = createPlacesFor(app, client)
    const countTurn = await createTurnCounter(app, client)

    app.decorate('limits', {
      async takeTurn(payer, session) {
        const release = await places.take(payer, session)
        if (!release) throw tooManyTurns(`${MAX_TURNS_PER_USER} turns are running already.`, 1)
        try {
          await countTurn(payer)
        } catch (error) {
          release()
          throw error
        }
        return release
      },
    })
    app.decorateRequest('payer', {
      getter(this: FastifyRequest) {
        return this.owner || app.toNetwork(this.raw)
      },
    })
  },
  { name: 'limits', dependencies: ['config', 'security', 'auth'] },
)

function createPlacesFor(app: FastifyInstance, client: Client | undefined): Places {
  const { MAX_TURNS_PER_USER: max, REDIS_PREFIX, TURN_LEASE_S } = app.config
  if (max === 0) return { take: async () => () => {} }
  if (!client) return createPlaces(max)
  const places = createRedisPlaces({ client, keys: createKeys(REDIS_PREFIX), max, leaseMs: TURN_LEASE_S * 1000 })
  app.addHook('onClose', async () => places.close())
  return places
}

/** Counts the turns that a payer begins within a minute. It throws ChatError `rate_limited`, `store_unavailable`. */
async function createTurnCounter(
  app: FastifyInstance,
  client: Client | undefined,
): Promise<(payer: string) => Promise<void>> {
  const { RATE_LIMIT_PER_MINUTE: max, REDIS_PREFIX } = app.config
  if (max === 0) return async () => {}
  await app.register(rateLimit, {
    global: false,
    max,
    timeWindow: MINUTE_MS,
    cache: MAX_REMEMBERED,
    keyGenerator: ({ payer }) => hash('sha256', payer, 'base64url'),
    ...(client ? { redis: client, nameSpace: `${REDIS_PREFIX}:sends:` } : {}),
  })
  const count = app.createRateLimit()
  return async (payer) => {
    // The core knows no requests, and this is all of one that is read.
    const request = { payer, routeOptions: {} } as unknown as FastifyRequest
    const counted = await guard(() => count(request))
    if (counted.isAllowed || !counted.isExceeded) return
    throw tooManyTurns(`More than ${max} messages within a minute: wait a little.`, Math.max(1, counted.ttlInSeconds))
  }
}
