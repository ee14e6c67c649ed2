/**
 * NVIDIA NIM's chat completions: OpenAI's wire, but for the name of the limit.
 *
 * @see https://docs.nvidia.com/nim/large-language-models/latest/reference/api-reference.html
 */
import type { Dialect } from './dialect.ts'
import { openai } from './openai.ts'

export const nvidia: Dialect = {
  ...openai,
  toAsked(body) {
    const { max_tokens: maxTokens, ...rest } = body as { max_tokens: number }
    return openai.toAsked({ ...rest, max_completion_tokens: maxTokens })
  },
}
