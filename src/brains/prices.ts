/** What a reply costs and what a model can hold, from the list that the package carries. Nothing is fetched. */
import { calcPrice } from '@pydantic/genai-prices'
import type { Usage } from '#src/chat/brain.ts'

/**
 * US dollars, or null when the usage or the model's price is unknown. `provider` is an id of the price list, e.g.
 * `openai`, `anthropic`, `google`. Tokens that the provider read from its cache count in full, so the price is an
 * upper bound.
 */
export function priceOf(provider: string, model: string, usage: Usage): number | null {
  const { inputTokens, outputTokens } = usage
  if (inputTokens === null || outputTokens === null) return null
  try {
    const counts = { input_tokens: inputTokens, output_tokens: outputTokens }
    return calcPrice(counts, model, { providerId: provider })?.total_price ?? null
  } catch {
    // The list throws on counts and entries that it cannot price. A reply does not fail over its price.
    return null
  }
}

/** Tokens that request and reply may have together; null where the list does not know. `provider` as for `priceOf`. */
export function contextWindowOf(provider: string, model: string): number | null {
  try {
    return calcPrice({}, model, { providerId: provider })?.model.context_window ?? null
  } catch {
    return null
  }
}
