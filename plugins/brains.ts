/** Decorates the app with the brains: those that the configuration allows, and which of them speaks. */
import fp from 'fastify-plugin'
import type { Brain } from '#src/chat/brain.ts'
import { createConfigBrain } from '#src/brains/config.ts'
import type { Proxies } from '#src/brains/lean-fetch.ts'
import { DEFAULT_MODELS } from '#src/brains/models.ts'
import { createRouter, type Router, type UnavailableBrain } from '#src/brains/router.ts'
import { type Config, toList } from '#src/config.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly brains: Router
  }
}

/** How soon a node follows a switch that was made on another. */
const REFRESH_MS = 500

/** How a provider's brain is loaded and made, once the variable that it needs is set. An SDK takes 100–200 ms to load. */
interface Recipe {
  id: keyof typeof DEFAULT_MODELS
  needs: keyof Config
  model: `${string}_MODEL` & keyof Config
  create: (config: Config, proxies: Proxies) => Promise<Brain>
}

/** Every provider of this version. The offline brain needs nothing and is always there. */
const RECIPES: readonly Recipe[] = [
  {
    id: 'claude',
    needs: 'ANTHROPIC_API_KEY',
    model: 'ANTHROPIC_MODEL',
    create: async (
      { ANTHROPIC_API_KEY: apiKey = '', ANTHROPIC_BASE_URL: baseURL, ANTHROPIC_MODEL: model },
      proxies,
    ) => {
      const { createClaudeBrain } = await import('#src/brains/claude.ts')
      return createClaudeBrain({ apiKey, baseURL, model, proxies })
    },
  },
  {
    id: 'openai',
    needs: 'OPENAI_API_KEY',
    model: 'OPENAI_MODEL',
    create: async ({ OPENAI_API_KEY: apiKey = '', OPENAI_BASE_URL: baseURL, OPENAI_MODEL: model }, proxies) => {
      const { createOpenAIBrain } = await import('#src/brains/openai.ts')
      return createOpenAIBrain({ apiKey, baseURL, model, proxies })
    },
  },
  {
    id: 'gemini',
    needs: 'GEMINI_API_KEY',
    model: 'GEMINI_MODEL',
    create: async ({ GEMINI_API_KEY: apiKey = '', GEMINI_BASE_URL: baseURL, GEMINI_MODEL: model }, proxies) => {
      const { createGeminiBrain } = await import('#src/brains/gemini.ts')
      return createGeminiBrain({ apiKey, baseURL, model, proxies })
    },
  },
  {
    id: 'ollama',
    needs: 'OLLAMA_BASE_URL',
    model: 'OLLAMA_MODEL',
    create: async (
      { OLLAMA_BASE_URL: baseURL = '', OLLAMA_MODEL: model, FIRST_TOKEN_TIMEOUT_S: patience },
      proxies,
    ) => {
      const { createOllamaBrain } = await import('#src/brains/ollama.ts')
      return createOllamaBrain({ baseURL, model, proxies, firstTokenTimeoutMs: patience && patience * 1000 })
    },
  },
  {
    id: 'nvidia',
    needs: 'NVIDIA_API_KEY',
    model: 'NVIDIA_MODEL',
    create: async ({ NVIDIA_API_KEY: apiKey = '', NVIDIA_BASE_URL: baseURL, NVIDIA_MODEL: model }, proxies) => {
      const { createNvidiaBrain } = await import('#src/brains/nvidia.ts')
      return createNvidiaBrain({ apiKey, baseURL, model, proxies })
    },
  },
]

/** Every brain of this version: made, or with the reason why it cannot be. */
export async function createBrains(config: Config): Promise<{ available: Brain[]; unavailable: UnavailableBrain[] }> {
  const available = [createConfigBrain({ paceMs: config.CONFIG_BRAIN_PACE_MS, seed: config.CONFIG_BRAIN_SEED })]
  const unavailable: UnavailableBrain[] = []
  const proxies = { http: config.HTTP_PROXY, https: config.HTTPS_PROXY, except: config.NO_PROXY }
  for (const { id, needs, model, create } of RECIPES) {
    if (config[needs]) available.push(await create(config, proxies))
    else unavailable.push({ id, model: config[model] ?? DEFAULT_MODELS[id], reason: `${needs} is not set.` })
  }
  return { available, unavailable }
}

export default fp(
  async (app) => {
    const { config, store, log } = app
    const router = createRouter({
      ...(await createBrains(config)),
      active: config.ACTIVE_BRAIN,
      fallbacks: toList(config.BRAIN_FALLBACKS),
      allowedModels: toList(config.ALLOWED_MODELS),
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
