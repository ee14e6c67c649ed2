/** Decorates the app with the brains: those that the configuration allows, and which of them speaks. */
import fp from 'fastify-plugin'
import type { Brain } from '#src/chat/brain.ts'
import { createClaudeBrain } from '#src/brains/claude.ts'
import { createConfigBrain } from '#src/brains/config.ts'
import { createOpenAIBrain } from '#src/brains/openai.ts'
import { createRouter, type Router, type UnavailableBrain } from '#src/brains/router.ts'
import type { Config } from '#src/config.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly brains: Router
  }
}

/** How a provider's brain is made, once the variable that it needs is set. */
interface Recipe {
  id: string
  needs: keyof Config
  /** The model that was configured, for the list of brains where this one is missing. */
  model: (config: Config) => string | undefined
  create: (config: Config) => Brain
}

/** Every provider of this version. The offline brain needs nothing and is always there. */
const RECIPES: readonly Recipe[] = [
  {
    id: 'claude',
    needs: 'ANTHROPIC_API_KEY',
    model: (config) => config.ANTHROPIC_MODEL,
    create: ({ ANTHROPIC_API_KEY: apiKey = '', ANTHROPIC_BASE_URL: baseURL, ANTHROPIC_MODEL: model }) =>
      createClaudeBrain({ apiKey, baseURL, model }),
  },
  {
    id: 'openai',
    needs: 'OPENAI_API_KEY',
    model: (config) => config.OPENAI_MODEL,
    create: ({ OPENAI_API_KEY: apiKey = '', OPENAI_BASE_URL: baseURL, OPENAI_MODEL: model }) =>
      createOpenAIBrain({ apiKey, baseURL, model }),
  },
]

/** Every brain of this version: made, or with the reason why it cannot be. */
export function createBrains(config: Config): { available: Brain[]; unavailable: UnavailableBrain[] } {
  const available = [createConfigBrain({ paceMs: config.CONFIG_BRAIN_PACE_MS, seed: config.CONFIG_BRAIN_SEED })]
  const unavailable: UnavailableBrain[] = []
  for (const { id, needs, model, create } of RECIPES) {
    if (config[needs]) available.push(create(config))
    else unavailable.push({ id, model: model(config) ?? null, reason: `${needs} is not set.` })
  }
  return { available, unavailable }
}

export default fp(
  async (app) => {
    app.decorate('brains', createRouter({ ...createBrains(app.config), active: app.config.ACTIVE_BRAIN }))
  },
  { name: 'brains', dependencies: ['config'] },
)
