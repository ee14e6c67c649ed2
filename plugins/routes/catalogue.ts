/** Doors to what there is to choose from: personas and brains. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { DEFAULT_PERSONA } from '#src/chat/persona.ts'
import { SwitchRequest } from '#src/wire/requests.ts'

const routes: FastifyPluginAsyncTypebox = async (app) => {
  /** Whoever asks right after a switch on another node hears of it; while the store is away, what is known holds. */
  const refreshBrains = () => app.brains.refresh().catch(() => {})

  app.get('/chat/personas', async () => ({
    personas: [...app.personas.values()].map(({ id, description }) => ({ id, description })),
    default: DEFAULT_PERSONA,
  }))

  app.get('/brains', async () => {
    await refreshBrains()
    return { brains: app.brains.list(), active: app.brains.active }
  })

  app.get('/brain/health', async (_request, reply) => {
    await refreshBrains()
    const { activeBrain, healthy, message } = await app.brains.health()
    return reply.code(healthy ? 200 : 503).send({ active_brain: activeBrain, healthy, message })
  })

  app.post('/brain/switch', { config: { isForAdmins: true }, schema: { body: SwitchRequest } }, async ({ body }) => {
    const active = await app.brains.switch(body.brain)
    return { success: true, active_brain: active, message: `The active brain is ${active}.` }
  })
}

export default routes
