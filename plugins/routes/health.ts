/** Doors for whoever runs the service: is it alive, can it work. */
import type { FastifyPluginAsync } from 'fastify'
import { ChatError } from '#src/chat/errors.ts'

const routes: FastifyPluginAsync = async (app) => {
  app.get('/health', async () => ({ status: 'ok' }))

  app.get('/ready', async (_request, reply) => {
    if (app.chat.draining) return reply.sendError(new ChatError('draining', 'The service is restarting.'))
    await app.store.check()
    return { status: 'ready' }
  })
}

export default routes
