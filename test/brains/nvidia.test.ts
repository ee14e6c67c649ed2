import { describe, expect, it } from 'vitest'
import { createNvidiaBrain } from '#src/brains/nvidia.ts'
import { nvidia } from '#test/provider/nvidia.ts'
import { describeBrain, type BrainSubject } from '#test/suites/brain.ts'
import { never, read, setUp, toRequest } from '#test/suites/brain/subject.ts'

const KEY = 'nvapi-test-0123456789'
const subject: BrainSubject = {
  name: 'NVIDIA NIM',
  dialect: nvidia,
  step: 16,
  makeBrain: (baseURL) => createNvidiaBrain({ apiKey: KEY, baseURL }),
}

describeBrain(subject)

describe('NVIDIA NIM’s own', () => {
  it('sends the key, and asks for the usage and a limit in its own words', async () => {
    const { brain, provider } = await setUp(subject)
    await read(brain, toRequest(), never())
    const { headers, body, path } = provider.requests[0]!
    expect(path).toBe('/v1/chat/completions')
    expect(headers.authorization).toBe(`Bearer ${KEY}`)
    expect(body).toMatchObject({ max_tokens: 321, stream_options: { include_usage: true } })
    expect(body).not.toHaveProperty('max_completion_tokens')
  })

  it('asks the default model not to think before it speaks, and others nothing of the kind', async () => {
    const { brain, provider } = await setUp(subject)
    await read(brain, toRequest('Hi', { model: brain.model }), never())
    await read(brain, toRequest('Hi', { model: 'meta/llama-3.3-70b-instruct' }), never())
    expect(provider.requests[0]!.body).toMatchObject({ chat_template_kwargs: { enable_thinking: false } })
    expect(provider.requests[1]!.body).not.toHaveProperty('chat_template_kwargs')
  })

  it('does not know its prices, and what others than its default model can hold only at the least', () => {
    const brain = createNvidiaBrain({ apiKey: KEY })
    expect(brain.price(brain.model, { inputTokens: 1, outputTokens: 1 })).toBeNull()
    expect(brain.contextWindow(brain.model)).toBe(262_144)
    expect(brain.contextWindow('meta/llama-3.3-70b-instruct')).toBe(32_768)
  })

  it('refuses a key that no header can carry, without quoting it', () => {
    expect(() => createNvidiaBrain({ apiKey: 'nvapi-secret\n' })).toThrow(/^(?!.*secret).*key of NVIDIA NIM/)
  })
})
