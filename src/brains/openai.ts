/** OpenAI. */
import type { Brain } from '#src/chat/brain.ts'
import { createOpenAIWireBrain } from './openai-wire.ts'

export interface OpenAIOptions {
  apiKey: string
  /** Default `https://api.openai.com/v1`. */
  baseURL?: string | undefined
  /** Default `gpt-5.4-mini`. */
  model?: string | undefined
  /** Tokens that request and reply may have together. Default 400,000, that of the default model. */
  contextWindow?: number | undefined
  /** Milliseconds that the usage may take to come after the reply is whole; then it stays unknown. Default 5,000. */
  usageTimeoutMs?: number | undefined
}

export function createOpenAIBrain(options: OpenAIOptions): Brain {
  return createOpenAIWireBrain({
    id: 'openai',
    name: 'OpenAI',
    apiKey: options.apiKey,
    baseURL: options.baseURL ?? 'https://api.openai.com/v1',
    model: options.model ?? 'gpt-5.4-mini',
    contextWindow: options.contextWindow ?? 400_000,
    prices: 'openai',
    maxTokensField: 'max_completion_tokens',
    includeUsage: true,
    usageTimeoutMs: options.usageTimeoutMs ?? 5000,
  })
}
