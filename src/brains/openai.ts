/** OpenAI. */
import type { Brain } from '#src/chat/brain.ts'
import type { Proxies } from './lean-fetch.ts'
import { DEFAULT_MODELS } from './models.ts'
import { createOpenAIWireBrain } from './openai-wire.ts'
import { contextWindowOf } from './prices.ts'

/** What every model has that is still offered; most have more. */
const LEAST_CONTEXT_WINDOW = 128_000

export interface OpenAIOptions {
  apiKey: string
  /** Default `https://api.openai.com/v1`. */
  baseURL?: string | undefined
  /** Default `gpt-5.4-mini`. */
  model?: string | undefined
  /** Milliseconds that the usage may take to come after the reply is whole; then it stays unknown. Default 5,000. */
  usageTimeoutMs?: number | undefined
  /** Default: straight to the provider. */
  proxies?: Proxies | undefined
}

export function createOpenAIBrain(options: OpenAIOptions): Brain {
  return createOpenAIWireBrain({
    id: 'openai',
    name: 'OpenAI',
    apiKey: options.apiKey,
    baseURL: options.baseURL ?? 'https://api.openai.com/v1',
    model: options.model ?? DEFAULT_MODELS.openai,
    contextWindow: (asked) => contextWindowOf('openai', asked) ?? LEAST_CONTEXT_WINDOW,
    images: 'all',
    prices: 'openai',
    maxTokensField: 'max_completion_tokens',
    usageTimeoutMs: options.usageTimeoutMs ?? 5000,
    proxies: options.proxies,
  })
}
