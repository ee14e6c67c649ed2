/**
 * Decorates the app with the limits on what users begin, the same for all doors, and on Redis for all nodes; and
 * requests with who pays for what they begin.
 */
import { hash } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { createPlaces, type Limits, type Places, rateLimited } from '#src/chat/limits.ts'
import type { Config } from '#src/config.ts'
import { guard } from '#src/stores/redis/connection.ts'
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
const HOUR_MS = 60 * MINUTE_MS

const SESSIONS_PER_HOUR = 120

/** Counts that are remembered where there is no Redis. The one that was not used for longest is forgotten first. */
const MAX_REMEMBERED = 100_000

/** Something that a payer may do so many times within a window of time. */
interface Budget {
  /** Part of the keys in Redis. */
  name: string
  /** 0 is no limit. */
  max: number
  windowMs: number
  /** The sentence for a payer who has spent it. */
  refusal: string
}

/**
 * Takes one from a payer's budget, or only looks whether one is left.
 *
 * It throws ChatError `rate_limited`, `store_unavailable`.
 */
type Count = (budget: Budget, payer: string, how: 'take' | 'look') => Promise<void>

export default fp(
  async (app) => {
    const { MAX_TURNS_PER_USER } = app.config
    const { sends, starts } = toBudgets(app.config)
    const places = createPlacesFor(app)
    const count = await createCount(app)

    app.decorate('limits', {
      async takeTurn(payer, session, isNew) {
        const release = await places.take(payer, session)
        if (!release) throw rateLimited(`${MAX_TURNS_PER_USER} turns are running already.`, 1)
        try {
          // Only looked at first, so that a refused send costs neither budget.
          if (isNew) await count(starts, payer, 'look')
          await count(sends, payer, 'take')
          if (isNew) await count(starts, payer, 'take')
        } catch (error) {
          release()
          throw error
        }
        return release
      },
      takeSession: (payer) => count(starts, payer, 'take'),
    })
    app.decorateRequest('payer', {
      getter(this: FastifyRequest) {
        return this.owner || app.toNetwork(this.raw)
      },
    })
  },
  { name: 'limits', dependencies: ['config', 'redis', 'security', 'auth'] },
)

function createPlacesFor(app: FastifyInstance): Places {
  const { MAX_TURNS_PER_USER: max, REDIS_PREFIX, TURN_LEASE_S } = app.config
  if (max === 0) return { take: async () => () => {} }
  if (!app.redis) return createPlaces(max)
  const places = createRedisPlaces({
    client: app.redis,
    keys: createKeys(REDIS_PREFIX),
    max,
    leaseMs: TURN_LEASE_S * 1000,
  })
  app.addHook('onClose', async () => places.close())
  return places
}

/** Reads the two budgets. Where the limit of messages is off, so is that of sessions, unless it is set itself. */
function toBudgets({ RATE_LIMIT_PER_MINUTE: perMinute, SESSIONS_PER_HOUR: perHour }: Config) {
  const max = perHour ?? (perMinute === 0 ? 0 : SESSIONS_PER_HOUR)
  return {
    sends: {
      name: 'sends',
      max: perMinute,
      windowMs: MINUTE_MS,
      refusal: `More than ${perMinute} messages within a minute: wait a little.`,
    },
    starts: {
      name: 'starts',
      max,
      windowMs: HOUR_MS,
      refusal: `More than ${max} new sessions within an hour: use an old one, or wait.`,
    },
  }
}

async function createCount(app: FastifyInstance): Promise<Count> {
  // The core knows no requests. The plugin reads only this much of one.
  type Counted = { budget: Budget; payer: string; routeOptions: object }
  const of = (request: FastifyRequest) => request as unknown as Counted
  await app.register(rateLimit, {
    global: false,
    max: (request) => of(request).budget.max,
    timeWindow: (request) => of(request).budget.windowMs,
    cache: MAX_REMEMBERED,
    keyGenerator: (request) => `${of(request).budget.name}:${hash('sha256', of(request).payer, 'base64url')}`,
    ...(app.redis ? { redis: app.redis, nameSpace: `${app.config.REDIS_PREFIX}:` } : {}),
  })
  const limit = app.createRateLimit()
  return async (budget, payer, how) => {
    if (budget.max === 0) return
    const request = { budget, payer, routeOptions: {} } satisfies Counted as unknown as FastifyRequest
    const counted = await guard(() => limit(request, { increment: how === 'take' }))
    if (counted.isAllowed) return
    const isSpent = how === 'take' ? counted.isExceeded : counted.remaining === 0
    if (isSpent) throw rateLimited(budget.refusal, Math.max(1, counted.ttlInSeconds))
  }
}
