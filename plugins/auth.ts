/**
 * Decorates requests with their owner, and the app with the one function that knows whose a token is. While the service
 * is open that is nobody: everything is everyone's, and the user is whom the request names.
 */
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** The signed-in user, or `''` while the service is open. */
    owner: string
  }
  interface FastifyInstance {
    /** Whose token it is: an owner. @throws ChatError `unauthorized` */
    identify(token: string | undefined): Promise<string>
  }
}

export default fp(
  async (app) => {
    app.decorateRequest('owner', '')
    app.decorate('identify', async () => '')
    app.log.warn('The service is open: anyone who can reach it can use it and read all of it.')
  },
  { name: 'auth' },
)
