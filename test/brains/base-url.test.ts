/** Addresses of providers as people write them: with a slash at the end or two, with the version or without it. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { createClaudeBrain } from '#src/brains/claude.ts'
import { createGeminiBrain } from '#src/brains/gemini.ts'
import { createNvidiaBrain } from '#src/brains/nvidia.ts'
import { createOllamaBrain } from '#src/brains/ollama.ts'
import { createOpenAIBrain } from '#src/brains/openai.ts'
import type { Brain } from '#src/chat/brain.ts'
import { startOpenAIProvider } from '#test/provider/openai.ts'
import { answers } from '#test/provider/scripts.ts'

const apiKey = 'sk-test-key'

const BRAINS: [make: (baseURL: string) => Brain, path: string, ends: string[]][] = [
  [(baseURL) => createClaudeBrain({ apiKey, baseURL }), '/v1/models?limit=1', ['', '/', '/v1', '/v1/']],
  [(baseURL) => createGeminiBrain({ apiKey, baseURL }), '/v1beta/models?pageSize=1', ['', '//', '/v1beta', '/v1/']],
  [(baseURL) => createOllamaBrain({ baseURL }), '/api/tags', ['', '/', '/api', '/api/', '/v1', '/v1/']],
  [(baseURL) => createOpenAIBrain({ apiKey, baseURL }), '/v1/models', ['/v1', '/v1/', '/v1//']],
  [(baseURL) => createNvidiaBrain({ apiKey, baseURL }), '/v1/models', ['/v1', '/v1/', '/v1//']],
]

const CASES = BRAINS.flatMap(([make, path, ends]) => ends.map((end) => ({ make, path, end, id: make('http://x').id })))

describe('a provider’s address', () => {
  it.each(CASES)('of $id that ends with "$end" asks $path', async ({ make, path, end }) => {
    const provider = await startOpenAIProvider()
    onTestFinished(() => provider.close())
    provider.scriptCheck(answers(404, '{}'))
    await expect(make(provider.url + end).check(AbortSignal.timeout(5_000))).rejects.toThrow('')
    expect(provider.requests.map((request) => request.path)).toEqual([path])
  })
})
