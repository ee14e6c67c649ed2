/** Who calls, and what the answer's head says of that: the client's network, CORS, the request's id, and what browsers
 * must not do with an answer. */
import type { IncomingMessage } from 'node:http'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import fp from 'fastify-plugin'
import { isLoopback, toList } from '#src/config.ts'
import { createAddressReader, toNetwork } from '#src/transports/address.ts'

const LOCAL_ORIGIN = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Whether a page may open a socket, which browsers do not ask about. Who is no page sends no origin.
     *
     * @param host the `Host` that was asked: its own pages may
     */
    isAllowedOrigin(origin: string | undefined, host: string | undefined): boolean
    /** What counts as one client for limits. A forwarded address counts only when a trusted proxy has sent it. */
    toNetwork(request: IncomingMessage): string
  }
}

export default fp(
  async (app) => {
    const { ALLOWED_ORIGINS, HOST, TRUSTED_PROXIES } = app.config
    const listed = toList(ALLOWED_ORIGINS)
    // Whoever tries it out on their own machine has a page on another port.
    const byDefault = isLoopback(HOST) ? [LOCAL_ORIGIN] : []
    const allowed: (string | RegExp)[] = listed.length > 0 ? listed : byDefault
    // Before CORS, which answers preflights by itself. What a client sends as an id of its own is not taken over.
    app.addHook('onRequest', async (request, reply) => {
      reply.header('X-Request-Id', request.id)
    })
    await app.register(cors, {
      origin: allowed,
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
    const toAddress = createAddressReader(toList(TRUSTED_PROXIES))
    app.decorate('toNetwork', (request: IncomingMessage) => toNetwork(toAddress(request)))
    app.decorate('isAllowedOrigin', (origin: string | undefined, host: string | undefined) => {
      if (origin === undefined) return true
      if (URL.canParse(origin) && new URL(origin).host === host) return true
      return allowed.some((one) => (typeof one === 'string' ? one === origin : one.test(origin)))
    })
  },
  { name: 'security', dependencies: ['config'] },
)
