/** NVIDIA NIM, hosted or one's own: OpenAI's wire. */
import type { Brain } from '#src/chat/brain.ts'
import type { Proxies } from './lean-fetch.ts'
import { DEFAULT_MODELS } from './models.ts'
import { createOpenAIWireBrain } from './openai-wire.ts'

/** The default model's as it is hosted, and what nearly every model has that is offered for chats. */
const CONTEXT_WINDOW = { default: 262_144, least: 32_768 }

export interface NvidiaOptions {
  apiKey: string
  /** With the version. Default `https://integrate.api.nvidia.com/v1`. */
  baseURL?: string | undefined
  /** Default `nvidia/nemotron-3-super-120b-a12b`. */
  model?: string | undefined
  /** Milliseconds that the usage may take to come after the reply is whole; then it stays unknown. Default 5,000. */
  usageTimeoutMs?: number | undefined
  /** Default: straight to the provider. */
  proxies?: Proxies | undefined
}

/**
 * It is shown no images: its default model and most others do not see, and which do is not told.
 *
 * @see https://docs.api.nvidia.com/nim/reference/nvidia-nemotron-3-super-120b-a12b-infer
 */
export function createNvidiaBrain(options: NvidiaOptions): Brain {
  return createOpenAIWireBrain({
    id: 'nvidia',
    name: 'NVIDIA NIM',
    apiKey: options.apiKey,
    baseURL: options.baseURL ?? 'https://integrate.api.nvidia.com/v1',
    model: options.model ?? DEFAULT_MODELS.nvidia,
    contextWindow: (model) => CONTEXT_WINDOW[model === DEFAULT_MODELS.nvidia ? 'default' : 'least'],
    // What a NIM costs is in no list.
    prices: null,
    maxTokensField: 'max_tokens',
    usageTimeoutMs: options.usageTimeoutMs ?? 5000,
    proxies: options.proxies,
    // This model thinks aloud before it speaks, on account of `max_tokens`, unless it is told not to; the words for it
    // are the model's own.
    more: (model) => (model === DEFAULT_MODELS.nvidia ? { chat_template_kwargs: { enable_thinking: false } } : {}),
  })
}
