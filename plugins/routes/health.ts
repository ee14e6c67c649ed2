/** Doors for whoever runs the service: is it alive, can it work. */
import type { FastifyPluginAsync } from 'fastify'
import { draining } from '#src/chat/errors.ts'

const routes: FastifyPluginAsync = async (app) => {
  app.get('/health', { config: { isOpen: true } }, async () => ({ status: 'ok' }))

  app.get('/ready', { config: { isOpen: true } }, async (_request, reply) => {
    if (app.chat.draining) return reply.sendError(draining())
    await app.store.check()
    return { status: 'ready' }
  })
}

export default routes
