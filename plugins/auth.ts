/**
 * Decorates requests with who asks, and the app with the one function that knows whose a token is. Every door is closed
 * to those without a token, unless its config says otherwise. While the service is open there are no tokens: everything
 * is everyone's, and the user is whom the request names.
 */
import jwt from '@fastify/jwt'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ChatError } from '#src/chat/errors.ts'
import { isLoopback } from '#src/config.ts'
import { EVERYBODY, type Identity, unauthorized } from '#src/identity/identity.ts'
import { CLOCK_SKEW_S, createKeySetDecode, createVerify, type Decode } from '#src/identity/tokens.ts'
import { toToken } from '#src/wire/credentials.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Lets in those without a token, too. Such a door does not know who asks. */
    isOpen?: boolean
    /** Lets in those alone whose token says so. */
    isForAdmins?: boolean
  }
  interface FastifyRequest {
    /** Who asks; null where nobody was asked for a token. */
    identity: Identity | null
    /** The signed-in user, or `''` while the service is open. */
    readonly owner: string
  }
  interface FastifyInstance {
    /** Who someone without a token is: null unless the service is open. */
    readonly stranger: Identity | null
    /** Whose token it is. @throws ChatError `unauthorized`, or `store_unavailable` while it cannot be checked */
    identify(token: string | undefined): Promise<Identity>
  }
}

export default fp(
  async (app) => {
    const decode = await createDecode(app)
    const verify = decode && createVerify(decode)
    if (!verify) {
      const level = isLoopback(app.config.HOST) ? 'info' : 'warn'
      app.log[level]('The service is open: anyone who can reach it can use it and read all of it.')
    }

    app.decorate('stranger', verify ? null : EVERYBODY)
    app.decorate('identify', async (token: string | undefined) => {
      if (!verify) return EVERYBODY
      if (token === undefined) throw unauthorized()
      return verify(token)
    })
    app.decorateRequest('identity', null)
    app.decorateRequest('owner', {
      getter(this: FastifyRequest) {
        // Not `''`, which is a key, too: of what was kept while the service was open.
        if (!this.identity) throw new Error('A door that asks who is there must not be open.')
        return this.identity.owner
      },
    })
    app.addHook('onRequest', async (request) => {
      const { isOpen, isForAdmins } = request.routeOptions.config
      if (isOpen || request.is404) {
        request.identity = app.stranger
        return
      }
      request.identity = await app.identify(toToken(request.headers))
      if (isForAdmins && !request.identity.isAdmin) throw new ChatError('forbidden', 'Only an admin may do this.')
    })
  },
  { name: 'auth', dependencies: ['config'] },
)

async function createDecode(app: FastifyInstance): Promise<Decode | null> {
  const { JWT_SECRET, JWKS_URL, JWT_ISSUER, JWT_AUDIENCE } = app.config
  if (JWKS_URL) {
    const unset = ['JWT_ISSUER', 'JWT_AUDIENCE'].filter((name) => !app.config[name as 'JWT_ISSUER'])
    if (unset.length > 0) {
      app.log.warn(
        `JWKS_URL without ${unset.join(' and ')}: tokens that its provider makes for other apps are accepted here.`,
      )
    }
    return createKeySetDecode(JWKS_URL, { issuer: JWT_ISSUER, audience: JWT_AUDIENCE })
  }
  if (!JWT_SECRET) return null
  // A claim that is missing is no wrong one to the library.
  const issuer = JWT_ISSUER ? { allowedIss: JWT_ISSUER, requiredClaims: ['iss'] } : {}
  const audience = JWT_AUDIENCE
    ? { allowedAud: JWT_AUDIENCE, requiredClaims: ['aud', ...(issuer.requiredClaims ?? [])] }
    : {}
  const clockTolerance = CLOCK_SKEW_S * 1000
  await app.register(jwt, {
    secret: JWT_SECRET,
    verify: { algorithms: ['HS256'], clockTolerance, ...issuer, ...audience },
  })
  // Not the request's own way of it, which sockets do not have.
  return async (token) => app.jwt.verify<object>(token)
}
