/** Decorates the app with the brains: those that the configuration allows, and which of them speaks. */
import fp from 'fastify-plugin'
import type { Brain } from '#src/chat/brain.ts'
import { CLAUDE_MODEL, createClaudeBrain } from '#src/brains/claude.ts'
import { createConfigBrain } from '#src/brains/config.ts'
import { GEMINI_MODEL, createGeminiBrain } from '#src/brains/gemini.ts'
import { NVIDIA_MODEL, createNvidiaBrain } from '#src/brains/nvidia.ts'
import { OLLAMA_MODEL, createOllamaBrain } from '#src/brains/ollama.ts'
import { OPENAI_MODEL, createOpenAIBrain } from '#src/brains/openai.ts'
import { createRouter, type Router, type UnavailableBrain } from '#src/brains/router.ts'
import { type Config, toList } from '#src/config.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly brains: Router
  }
}

/** How soon a node follows a switch that was made on another. */
const REFRESH_MS = 500

/** How a provider's brain is made, once the variable that it needs is set. */
interface Recipe {
  id: string
  needs: keyof Config
  /** The model that was configured, for the list of brains where this one is missing. */
  model: (config: Config) => string
  create: (config: Config) => Brain
}

/** Every provider of this version. The offline brain needs nothing and is always there. */
const RECIPES: readonly Recipe[] = [
  {
    id: 'claude',
    needs: 'ANTHROPIC_API_KEY',
    model: (config) => config.ANTHROPIC_MODEL ?? CLAUDE_MODEL,
    create: ({ ANTHROPIC_API_KEY: apiKey = '', ANTHROPIC_BASE_URL: baseURL, ANTHROPIC_MODEL: model }) =>
      createClaudeBrain({ apiKey, baseURL, model }),
  },
  {
    id: 'openai',
    needs: 'OPENAI_API_KEY',
    model: (config) => config.OPENAI_MODEL ?? OPENAI_MODEL,
    create: ({ OPENAI_API_KEY: apiKey = '', OPENAI_BASE_URL: baseURL, OPENAI_MODEL: model }) =>
      createOpenAIBrain({ apiKey, baseURL, model }),
  },
  {
    id: 'gemini',
    needs: 'GEMINI_API_KEY',
    model: (config) => config.GEMINI_MODEL ?? GEMINI_MODEL,
    create: ({ GEMINI_API_KEY: apiKey = '', GEMINI_BASE_URL: baseURL, GEMINI_MODEL: model }) =>
      createGeminiBrain({ apiKey, baseURL, model }),
  },
  {
    id: 'ollama',
    needs: 'OLLAMA_BASE_URL',
    model: (config) => config.OLLAMA_MODEL ?? OLLAMA_MODEL,
    create: ({ OLLAMA_BASE_URL: baseURL = '', OLLAMA_MODEL: model, FIRST_TOKEN_TIMEOUT_S: patience }) =>
      createOllamaBrain({ baseURL, model, firstTokenTimeoutMs: patience && patience * 1000 }),
  },
  {
    id: 'nvidia',
    needs: 'NVIDIA_API_KEY',
    model: (config) => config.NVIDIA_MODEL ?? NVIDIA_MODEL,
    create: ({ NVIDIA_API_KEY: apiKey = '', NVIDIA_BASE_URL: baseURL, NVIDIA_MODEL: model }) =>
      createNvidiaBrain({ apiKey, baseURL, model }),
  },
]

/** Every brain of this version: made, or with the reason why it cannot be. */
export function createBrains(config: Config): { available: Brain[]; unavailable: UnavailableBrain[] } {
  const available = [createConfigBrain({ paceMs: config.CONFIG_BRAIN_PACE_MS, seed: config.CONFIG_BRAIN_SEED })]
  const unavailable: UnavailableBrain[] = []
  for (const { id, needs, model, create } of RECIPES) {
    if (config[needs]) available.push(create(config))
    else unavailable.push({ id, model: model(config), reason: `${needs} is not set.` })
  }
  return { available, unavailable }
}

export default fp(
  async (app) => {
    const { config, store, log } = app
    const router = createRouter({
      ...createBrains(config),
      active: config.ACTIVE_BRAIN,
      fallbacks: toList(config.BRAIN_FALLBACKS),
      settings: store.settings,
      warn: (sentence) => log.warn(sentence),
    })
    await router.refresh()
    const timer = setInterval(() => {
      // A store that is away is told of elsewhere; what is known of the brains still holds.
      router.refresh().catch(() => {})
    }, REFRESH_MS).unref()
    app.addHook('onClose', async () => clearInterval(timer))
    app.decorate('brains', router)
  },
  { name: 'brains', dependencies: ['config', 'stores'] },
)
