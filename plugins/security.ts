/** Response headers that say who may call: CORS, the request's id, and what browsers must not do with an answer. */
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import fp from 'fastify-plugin'
import { isLoopback, toList } from '#src/config.ts'

const LOCAL_ORIGIN = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/

export default fp(
  async (app) => {
    const { ALLOWED_ORIGINS, HOST } = app.config
    const listed = toList(ALLOWED_ORIGINS)
    // Whoever tries it out on their own machine has a page on another port.
    const byDefault = isLoopback(HOST) ? [LOCAL_ORIGIN] : []
    await app.register(cors, {
      origin: listed.length > 0 ? listed : byDefault,
      methods: ['GET', 'POST', 'PATCH', 'DELETE'],
      allowedHeaders: ['Authorization', 'Content-Type', 'Last-Event-ID', 'Idempotency-Key'],
      exposedHeaders: ['X-Session-Id', 'X-Turn-Id', 'X-Request-Id', 'Retry-After'],
      maxAge: 600,
      // An OPTIONS that is no preflight is answered as one that is, not with a refusal in plain text.
      strictPreflight: false,
    })
    await app.register(helmet, {
      crossOriginResourcePolicy: { policy: 'cross-origin' },
      // The service itself speaks http: a browser that upgrades would find nobody.
      contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
    })
    app.addHook('onRequest', async (request, reply) => {
      reply.header('X-Request-Id', request.id)
    })
  },
  { name: 'security', dependencies: ['config'] },
)
