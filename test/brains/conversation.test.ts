/** Claude through the whole service: what people say over SSE, and what the provider is asked. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { anthropic, encodeReply, says, startAnthropicProvider } from '#test/provider/anthropic.ts'
import type { Provider } from '#test/provider/provider.ts'
import { says as saysAsOpenAI, startOpenAIProvider } from '#test/provider/openai.ts'
import { answers, sends } from '#test/provider/scripts.ts'
import { call, startService, startSession, toProviderEnv, toText } from '#test/helper.ts'
import { ask, getTurn, last, send, transcript, turnIdOf, within } from '#test/invariants/conversation.ts'

async function startWithClaude(env: Record<string, string> = {}) {
  const provider = await startAnthropicProvider()
  onTestFinished(() => provider.close())
  const claude = { ACTIVE_BRAIN: 'claude', ANTHROPIC_API_KEY: 'sk-ant-test-key', ANTHROPIC_BASE_URL: provider.url }
  return { ...(await startService({ ...claude, ...env })), provider }
}

/** What the provider's last request said, as `role: content`. */
function heard(provider: Provider): string[] {
  const { messages } = anthropic.toAsked(provider.requests.at(-1)!.body)
  return messages.map(({ role, content }) => `${role}: ${content}`)
}

describe('a conversation with Claude', () => {
  it('goes on over three turns, each of which knows those before it', async () => {
    const { url, provider } = await startWithClaude()
    const sessionId = await startSession(url)
    const expected: string[] = []
    for (const [said, reply] of [
      ['Hello', 'Good day!'],
      ['How do I begin?', 'With ten minutes 🎈 a day.'],
      ['And then?', 'Then eleven.'],
    ] as const) {
      provider.script(says(reply, { apart: true, usage: { inputTokens: 100, outputTokens: 10 } }))
      const frames = await (await send(url, sessionId, said)).rest()
      expect(toText(frames)).toBe(reply)
      expect(last(frames)).toMatchObject({ done: true, full_text: reply, finish_reason: 'stop', brain: 'claude' })
      expect(last(frames)).toMatchObject({ input_tokens: 100, output_tokens: 10, model: 'claude-sonnet-5-5' })
      expect(last(frames).cost_usd).toBeCloseTo(100 * 2e-6 + 10 * 10e-6)
      expected.push(`user: ${said}`)
      expect(heard(provider)).toEqual(expected)
      expected.push(`assistant: ${reply}`)
    }
    expect(anthropic.toAsked(provider.requests[0]!.body).system).toMatch(/\w/)
  })

  it('that is stopped closes the connection and keeps what was said and what went in', async () => {
    const { url, provider } = await startWithClaude()
    const sessionId = await startSession(url)
    const { frames } = encodeReply({
      deltas: ['One, ', 'two, '],
      usage: { inputTokens: 42, outputTokens: 99 },
      finish: null,
    })
    provider.script(sends(frames, { ending: 'stall' }))
    const stream = await send(url, sessionId, 'Count')
    const request = await provider.nextRequest()
    expect(toText(await stream.take(2))).toBe('One, two, ')
    const stopped = call(`${url}/chat/turns/${turnIdOf(stream)}/stop`, 'POST')
    await within(1000, request.closed)
    expect((await stopped).body).toMatchObject({ stopped: true, partial_text: 'One, two, ' })
    // What came out is only counted at the end, so it stays unknown, and with it the price.
    const counts = { input_tokens: 42, output_tokens: null, cost_usd: null }
    const done = last(await stream.rest())
    expect(done).toMatchObject({ done: true, finish_reason: 'stopped', full_text: 'One, two, ', ...counts })
    expect(await getTurn(url, turnIdOf(stream))).toMatchObject({ state: 'stopped', ...counts })

    provider.script(says('Three.'))
    expect((await ask(url, sessionId, 'Go on')).body).toMatchObject({ message: 'Three.' })
    expect(heard(provider)).toEqual(['user: Count', 'assistant: One, two, ', 'user: Go on'])
  })

  it('takes over the history that another brain has made', async () => {
    const other = await startOpenAIProvider({ script: saysAsOpenAI('Call me OpenAI.') })
    onTestFinished(() => other.close())
    const { url, provider } = await startWithClaude(toProviderEnv(other))
    const sessionId = await startSession(url)
    expect((await ask(url, sessionId, 'Who are you?')).body).toMatchObject({ brain: 'openai' })
    const patched = await call(`${url}/chat/sessions/${sessionId}`, 'PATCH', { brain: 'claude' })
    expect(patched).toMatchObject({ status: 200, body: { brain: 'claude' } })
    provider.script(says('Call me Claude.'))
    const frames = await (await send(url, sessionId, 'And now?')).rest()
    expect(last(frames)).toMatchObject({ brain: 'claude', model: 'claude-sonnet-5-5', full_text: 'Call me Claude.' })
    expect(heard(provider)).toEqual(['user: Who are you?', 'assistant: Call me OpenAI.', 'user: And now?'])
    expect(other.requests).toHaveLength(1)
  })

  it('ends with what was said when Claude is overloaded in the middle, and goes on after it', async () => {
    const { url, provider } = await startWithClaude()
    const sessionId = await startSession(url)
    const { frames } = encodeReply({ deltas: ['One, '], finish: null })
    provider.script(sends([...frames, anthropic.errorFrame], { ending: 'stall' }))
    const failed = last(await (await send(url, sessionId, 'Count')).rest())
    expect(failed).toMatchObject({ code: 'brain_unavailable', retryable: true, partial_text: 'One, ' })
    provider.script(says('One, two.'))
    expect((await ask(url, sessionId, 'Again')).body).toMatchObject({ message: 'One, two.' })
    expect(await transcript(url, sessionId)).toHaveLength(4)
  })

  it('is listed, and says when its key is refused', async () => {
    const { url, provider } = await startWithClaude()
    const { body } = await call(`${url}/brains`)
    expect(body.brains).toContainEqual(
      expect.objectContaining({ id: 'claude', available: true, model: 'claude-sonnet-5-5' }),
    )
    provider.scriptCheck(answers(401, anthropic.encodeError(401)))
    const health = await call(`${url}/brain/health`)
    expect(health.body).toMatchObject({
      active_brain: 'claude',
      healthy: false,
      message: 'Claude refused the request: the API key is not accepted.',
    })
  })
})
