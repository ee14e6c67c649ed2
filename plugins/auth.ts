/**
 * Decorates requests with their owner. While the service is open that is nobody: everything is everyone's, and the user
 * is whom the request names.
 */
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** The signed-in user, or `''` while the service is open. */
    owner: string
  }
}

export default fp(
  async (app) => {
    app.decorateRequest('owner', '')
    app.log.warn('The service is open: anyone who can reach it can use it and read all of it.')
  },
  { name: 'auth' },
)
