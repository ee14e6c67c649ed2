/**
 * Finds out who calls (the client's network, the host name it asks by, the page that asks), and sets the headers that
 * follow from it: CORS, the request's id, and what browsers must not do with an answer.
 */
import type { IncomingMessage } from 'node:http'
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { createHostCheck, createPageCheck, type PageCheck, toHostRules } from '#src/callers.ts'
import { ChatError } from '#src/chat/errors.ts'
import { isLoopback, toList } from '#src/config.ts'
import { splitTarget } from '#src/target.ts'
import { createAddressReader, toNetwork } from '#src/transports/address.ts'
import { notJson } from './errors.ts'

const LOCAL_ORIGIN = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/

/** Methods that change nothing. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

declare module 'fastify' {
  interface FastifyInstance {
    /** Checks the host name of a request. @throws ChatError `host_not_allowed` when it may be anyone's */
    checkHost(request: IncomingMessage): void
    /** Says whether the host name of a request is the service's, with a sign-in or without. */
    isKnownHost(request: IncomingMessage): boolean
    /** Checks the page that asks; browsers ask nobody before they open a socket. @throws ChatError `forbidden` */
    checkPage(request: IncomingMessage): void
    /** What counts as one client for limits. A forwarded address counts only when a trusted proxy has sent it. */
    toNetwork(request: IncomingMessage): string
  }
}

export default fp(
  async (app) => {
    const { ALLOWED_HOSTS, ALLOWED_ORIGINS, HOST, JWKS_URL, JWT_SECRET, TRUSTED_PROXIES } = app.config
    const listed = toList(ALLOWED_ORIGINS)
    // Whoever tries it out on their own machine has a page on another port.
    const byDefault = isLoopback(HOST) ? [LOCAL_ORIGIN] : []
    const allowed: (string | RegExp)[] = listed.length > 0 ? listed : byDefault
    const isForeign = createPageCheck(allowed)
    const isKnown = createHostCheck([HOST, ...toHostRules(listed), ...toList(ALLOWED_HOSTS)])

    // With a sign-in, a caller without a token gets nothing by any name.
    const isChecked = (!JWT_SECRET && !JWKS_URL) || ALLOWED_HOSTS !== ''
    // A request without a host name is from no browser.
    app.decorate('isKnownHost', (request: IncomingMessage) => listHosts(request).every(isKnown))
    app.decorate('checkHost', (request: IncomingMessage) => {
      if (isChecked && !app.isKnownHost(request)) throw hostNotAllowed()
    })
    app.decorate('checkPage', ({ headers }: IncomingMessage) => {
      if (isForeign(headers)) throw pageNotAllowed()
    })
    const toAddress = createAddressReader(toList(TRUSTED_PROXIES))
    app.decorate('toNetwork', (request: IncomingMessage) => toNetwork(toAddress(request)))

    // Before CORS, which answers preflights by itself. What a client sends as an id of its own is not taken over.
    app.addHook('onRequest', async (request, reply) => {
      reply.header('X-Request-Id', request.id)
    })
    await app.register(helmet, {
      crossOriginResourcePolicy: { policy: 'cross-origin' },
      // The service itself speaks http: a browser that upgrades would find nobody.
      contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
    })
    app.addHook('onRequest', async ({ raw }) => app.checkHost(raw))
    await allowPages(app, allowed, isForeign)
    app.addHook('onRequest', async ({ method, raw }) => {
      if (SAFE.has(method) || !isForeign(raw.headers)) return
      // Browsers let any page send these types without asking. The answer is the one for a type that is not accepted.
      if (!isJson(raw.headers['content-type'])) throw notJson()
      throw pageNotAllowed()
    })
  },
  { name: 'security', dependencies: ['config', 'errors'] },
)

/** Lists the host names of a request: those of every `Host`, and that of a target which is written with its scheme. */
function listHosts({ url, rawHeaders }: IncomingMessage): string[] {
  const { host } = splitTarget(url)
  const hosts = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === 'host')
  return host === undefined ? hosts : [...hosts, host]
}

function isJson(type: string | undefined): boolean {
  return type === undefined || /^application\/json *(;|$)/i.test(type)
}

/** Sets up CORS for the pages that may call. No cookies are used, so any header that a page sends is harmless. */
async function allowPages(app: FastifyInstance, origin: (string | RegExp)[], isForeign: PageCheck): Promise<void> {
  // Browsers ask this for a page on the internet, before it may call a service in its user's own network.
  // https://wicg.github.io/private-network-access/#cors-preflight
  app.addHook('onRequest', async ({ method, headers }, reply) => {
    if (method !== 'OPTIONS' || headers['access-control-request-private-network'] !== 'true') return
    if (!isForeign(headers)) reply.header('Access-Control-Allow-Private-Network', 'true')
  })
  await app.register(cors, {
    origin,
    methods: ['GET', 'POST', 'PATCH', 'DELETE'],
    exposedHeaders: [
      'X-Session-Id',
      'X-Turn-Id',
      'X-Request-Id',
      'Retry-After',
      'X-Should-Retry',
      'Content-Disposition',
    ],
    maxAge: 600,
    // An OPTIONS that is no preflight is answered as one that is, not with a refusal in plain text.
    strictPreflight: false,
  })
}

export function hostNotAllowed(): ChatError {
  return new ChatError('host_not_allowed', 'The service does not go by this name: list it in ALLOWED_HOSTS.')
}

function pageNotAllowed(): ChatError {
  return new ChatError('forbidden', 'Pages of this origin may not do this: list it in ALLOWED_ORIGINS.')
}
