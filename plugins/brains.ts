/** Decorates the app with the brains: those that the configuration allows, and which of them speaks. */
import fp from 'fastify-plugin'
import type { Brain } from '#src/chat/brain.ts'
import { createConfigBrain } from '#src/brains/config.ts'
import { createOpenAIBrain } from '#src/brains/openai.ts'
import { createRouter, type Router, type UnavailableBrain } from '#src/brains/router.ts'
import type { Config } from '#src/config.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly brains: Router
  }
}

/** Every brain of this version: made, or with the reason why it cannot be. */
export function createBrains(config: Config): { available: Brain[]; unavailable: UnavailableBrain[] } {
  const available = [createConfigBrain({ paceMs: config.CONFIG_BRAIN_PACE_MS, seed: config.CONFIG_BRAIN_SEED })]
  const unavailable: UnavailableBrain[] = []
  if (config.OPENAI_API_KEY) {
    available.push(
      createOpenAIBrain({
        apiKey: config.OPENAI_API_KEY,
        baseURL: config.OPENAI_BASE_URL,
        model: config.OPENAI_MODEL,
      }),
    )
  } else {
    unavailable.push({ id: 'openai', model: config.OPENAI_MODEL ?? null, reason: 'OPENAI_API_KEY is not set.' })
  }
  return { available, unavailable }
}

export default fp(
  async (app) => {
    app.decorate('brains', createRouter({ ...createBrains(app.config), active: app.config.ACTIVE_BRAIN }))
  },
  { name: 'brains', dependencies: ['config'] },
)
