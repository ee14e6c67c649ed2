/** Where a brain cannot answer, the next one does, but only before anything was said. */
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { anthropic, encodeError as encodeAnthropicError, startAnthropicProvider } from '#test/provider/anthropic.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { encodeError, encodeReply, openai, says } from '#test/provider/openai.ts'
import type { Script } from '#test/provider/provider.ts'
import { answers, answersPage, hangsUp, isSilent, sends } from '#test/provider/scripts.ts'
import { call, type Json, startService, startSession, startWithProvider, toText } from '#test/helper.ts'
import { ask, askedOf, asks, getTurn, history, last, send, transcript, turnIdOf, within } from './conversation.ts'

const QUICK = { FIRST_TOKEN_TIMEOUT_S: '0.25' }

/** Who stands in has to begin within it, too. */
const NOT_SO_QUICK = { FIRST_TOKEN_TIMEOUT_S: '1' }

const OFFLINE = { brain: 'config', model: 'offline' }

/** OpenAI is asked, and the offline brain stands in. */
function startWithOffline(script?: Script, env: Record<string, string> = {}) {
  return startWithProvider(script, { BRAIN_FALLBACKS: 'config', ...env })
}

/** OpenAI is asked, then Claude, then the others that are named. */
async function startWithClaude(script: Script, claudeScript?: Script, env: Record<string, string> = {}) {
  const claude = await startAnthropicProvider(claudeScript ? { script: claudeScript } : {})
  onTestFinished(() => claude.close())
  const service = await startWithProvider(script, {
    ANTHROPIC_API_KEY: 'sk-ant-test',
    ANTHROPIC_BASE_URL: claude.url,
    ANTHROPIC_MODEL: 'claude-own',
    BRAIN_FALLBACKS: 'claude',
    ...env,
  })
  return { ...service, claude }
}

function stateOf({ body }: { body: Json }, id: string): unknown {
  return (body.brains as Json[]).find((brain) => brain.id === id)?.breaker
}

describe('a provider that dies', () => {
  it('between two turns is missed by nobody: the next turn is answered by who stands in', async () => {
    const { url, provider } = await startWithOffline()
    const sessionId = await startSession(url)
    expect((await ask(url, sessionId, 'Ready?')).body).toMatchObject({ brain: 'openai', full_text: 'Hello there!' })
    await provider.close()

    const stream = await send(url, sessionId, 'Still there?')
    const frames = await stream.rest()
    expect(frames.filter(({ data }) => 'error' in data)).toEqual([])
    expect(last(frames)).toMatchObject({ done: true, finish_reason: 'stop', full_text: toText(frames), ...OFFLINE })
    expect(toText(frames)).not.toBe('')
    expect(await getTurn(url, turnIdOf(stream))).toMatchObject({ state: 'done', ...OFFLINE })
    expect((await history(url, sessionId)).at(-1)).toMatchObject({ role: 'assistant', status: 'complete', ...OFFLINE })
  })

  it('in the middle of a reply ends it with what was said, and nobody goes on in its place', async () => {
    const hand = byHand()
    const { url, provider, claude } = await startWithClaude(hand.script)
    const sessionId = await startSession(url)
    const stream = await send(url, sessionId, 'Ready?')
    const reply = await hand.next()
    reply.say('Hello ', 'there, ')
    await stream.take(2)
    await provider.close()
    const error = { code: 'brain_unavailable', retryable: true, partial_text: 'Hello there, ' }
    expect(last(await stream.rest())).toMatchObject(error)
    expect(await getTurn(url, turnIdOf(stream))).toMatchObject({ state: 'failed', brain: 'openai' })
    expect(await transcript(url, sessionId)).toEqual(['user complete: Ready?', 'assistant failed: Hello there, '])
    expect(asks(claude)).toBe(0)
  })
})

const SILENT: [string, Script][] = [
  ['never answers', isSilent()],
  ['sends headers and then nothing', sends([], { ending: 'stall' })],
]

const BEFORE: [string, Script][] = [
  ['hangs up', hangsUp('fin')],
  ['resets the connection', hangsUp('reset')],
  ['has a 500', answers(500, openai.encodeError(500))],
  ['is overloaded (529)', answers(529, openai.encodeError(529))],
  ['limits the rate (429)', answers(429, openai.encodeError(429))],
  ['has no quota left', answers(429, encodeError('insufficient_quota', 'insufficient_quota'))],
  ['refuses the key (401)', answers(401, encodeError('invalid_api_key'))],
  ['wants to be paid (402)', answers(402, encodeError(null))],
  ['refuses the account (403)', answers(403, encodeError(null))],
  ['sends a page with 200', answersPage()],
  ['sends an empty 200', sends([])],
  ['sends an error frame', sends([openai.errorFrame])],
  ['counts tokens and breaks', sends([...encodeReply({ deltas: [] }).frames.slice(-2, -1), openai.errorFrame])],
]

describe('a provider that, before the first token,', () => {
  it.each(BEFORE)('%s is stood in for', async (_name, script) => {
    const { url, provider } = await startWithOffline(script)
    const { status, body } = await ask(url, await startSession(url), 'Ready?')
    expect({ status, ...body }).toMatchObject({ status: 200, ...OFFLINE, input_tokens: null, cost_usd: 0 })
    expect(asks(provider)).toBe(1)
  })

  it.each(SILENT)('%s is stood in for when its time is over', async (_name, script) => {
    const { url } = await startWithOffline(script, QUICK)
    expect((await ask(url, await startSession(url), 'Ready?')).body).toMatchObject(OFFLINE)
  })

  it.each<[string, Script]>([
    ['refuses what was asked (400)', answers(400, openai.encodeError(400))],
    ['does not know the model (404)', answers(404, encodeError('model_not_found'))],
    ['finds the conversation too long', answers(400, encodeError('context_length_exceeded'))],
    ['filters the message', sends([`data: ${encodeError('content_filter')}\n\n`])],
  ])('%s is not: another would have to, too', async (_name, script) => {
    const { url } = await startWithOffline(script)
    const { status, body } = await ask(url, await startSession(url), 'Ready?')
    expect({ status, ...body }).toMatchObject({ status: 502, code: 'brain_rejected', retryable: false })
  })

  it('fails is told of when nobody can stand in', async () => {
    const limited = answers(429, openai.encodeError(429), { 'retry-after': '7' })
    const refused = answers(401, encodeAnthropicError('authentication_error'))
    const { url, claude } = await startWithClaude(limited, refused)
    const stream = await send(url, await startSession(url), 'Ready?')
    const error = { code: 'brain_rate_limited', retryable: true, retry_after: 7, partial_text: '' }
    expect(last(await stream.rest())).toMatchObject(error)
    expect(await getTurn(url, turnIdOf(stream))).toMatchObject({ state: 'failed', brain: 'openai' })
    expect(asks(claude)).toBe(1)
  })

  it('stays silent is left after its time, and who stands in has as long again', async () => {
    const slow: Script = sends(anthropic.encode({ deltas: ['Here.'] }).frames, { delayMs: 100 })
    const { url, provider } = await startWithClaude(isSilent(), slow, NOT_SO_QUICK)
    const { body } = await ask(url, await startSession(url), 'Ready?')
    expect(body).toMatchObject({ brain: 'claude', full_text: 'Here.' })
    await within(1000, (await provider.nextRequest()).closed)
  })

  it('stays silent uses up the time of the turn as a whole', async () => {
    const env = { BRAIN_FALLBACKS: 'claude,config', TURN_TIMEOUT_S: '1.5', ...NOT_SO_QUICK }
    const { url, claude } = await startWithClaude(isSilent(), isSilent(), env)
    const stream = await send(url, await startSession(url), 'Ready?')
    expect(last(await stream.rest())).toMatchObject({ code: 'brain_timeout', error: 'The reply took too long.' })
    expect(await getTurn(url, turnIdOf(stream))).toMatchObject({ state: 'failed', brain: 'claude' })
    expect(asks(claude)).toBe(1)
  })
})

describe('who stands in', () => {
  it('is asked in its own words: its model, the same persona, the same conversation', async () => {
    const { url, provider, claude } = await startWithClaude(answers(500, openai.encodeError(500)))
    const sessionId = await startSession(url, { persona: 'calm_coach' })
    const { body } = await ask(url, sessionId, 'Ready?', { model: 'gpt-named' })
    expect(body).toMatchObject({ brain: 'claude', model: 'claude-own', persona: 'calm_coach' })
    const first = askedOf(await provider.nextRequest())
    const second = anthropic.toAsked((await claude.nextRequest()).body)
    expect(first.model).toBe('gpt-named')
    expect(second).toMatchObject({ model: 'claude-own', system: first.system, messages: first.messages })
  })

  it('speaks at its own pace', async () => {
    const { url } = await startWithOffline(answers(500, openai.encodeError(500)), { CONFIG_BRAIN_PACE_MS: '10000' })
    const sessionId = await startSession(url)
    const stream = await send(url, sessionId, 'Ready?')
    await stream.take(1)
    const { body } = await call(`${url}/chat/sessions/${sessionId}/stop`, 'POST')
    expect(body.stopped).toBe(true)
    expect(last(await stream.rest())).toMatchObject({ tokens: 1, finish_reason: 'stopped', brain: 'config' })
  })

  it('is asked in place of a brain that the send has named, too', async () => {
    const { url } = await startWithOffline(hangsUp('fin'), { ACTIVE_BRAIN: 'config' })
    const stream = await send(url, await startSession(url), 'Ready?', { brain: 'openai' })
    expect(last(await stream.rest())).toMatchObject({ done: true, ...OFFLINE })
  })

  it.each([
    ['a stop', async (url: string, id: string) => call(`${url}/chat/sessions/${id}/stop`, 'POST')],
    ['a deletion', async (url: string, id: string) => call(`${url}/chat/sessions/${id}`, 'DELETE')],
  ])('is not asked after %s', async (_name, end) => {
    const { url, provider, claude } = await startWithClaude(isSilent())
    const sessionId = await startSession(url)
    const stream = await send(url, sessionId, 'Ready?')
    const request = await provider.nextRequest()
    expect((await end(url, sessionId)).status).toBe(200)
    expect(toText(await stream.rest())).toBe('')
    await within(1000, request.closed)
    expect(asks(claude)).toBe(0)
  })

  it('must be there: the start says which variable is missing', async () => {
    const started = startService({ BRAIN_FALLBACKS: 'config,openai' })
    await expect(started).rejects.toThrow('OPENAI_API_KEY is not set.')
  })
})

describe('a provider that is left alone', () => {
  it('until the time that it names, when another can answer', async () => {
    const { url, provider } = await startWithOffline(answers(429, openai.encodeError(429), { 'retry-after': '30' }))
    const sessionId = await startSession(url)
    for (let turn = 0; turn < 3; turn++) expect((await ask(url, sessionId, 'Ready?')).body.brain).toBe('config')
    expect(asks(provider)).toBe(1)
  })

  it('is asked all the same where nobody stands in, and says again when to come back', async () => {
    const { url, provider } = await startWithProvider(answers(429, openai.encodeError(429), { 'retry-after': '30' }))
    const sessionId = await startSession(url)
    for (let turn = 0; turn < 3; turn++) {
      expect((await ask(url, sessionId, 'Ready?')).body).toMatchObject({ code: 'brain_rate_limited', retry_after: 30 })
    }
    expect(asks(provider)).toBe(3)
  })

  it('after it has failed again and again is not asked, tried out after a while, and asked again', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { url, provider } = await startWithProvider(answers(500, openai.encodeError(500)))
    const sessionId = await startSession(url)
    const unavailable = { status: 503, body: { code: 'brain_unavailable', retryable: true } }
    for (let turn = 0; turn < 5; turn++) expect(await ask(url, sessionId, 'Ready?')).toMatchObject(unavailable)
    expect(stateOf(await call(`${url}/brains`), 'openai')).toBe('open')

    const refused = await ask(url, sessionId, 'Ready?')
    expect(refused).toMatchObject(unavailable)
    expect(refused.body.retry_after).toBeGreaterThan(0)
    expect(asks(provider)).toBe(5)

    vi.setSystemTime(Date.now() + 10_000)
    expect(stateOf(await call(`${url}/brains`), 'openai')).toBe('half_open')
    provider.script(says('I am back.'))
    expect((await ask(url, sessionId, 'Ready?')).body.full_text).toBe('I am back.')
    expect(stateOf(await call(`${url}/brains`), 'openai')).toBe('closed')
  })

  it('after it has failed again and again is stood in for at once', async () => {
    const { url, provider } = await startWithOffline(hangsUp('fin'))
    const sessionId = await startSession(url)
    for (let turn = 0; turn < 8; turn++) expect((await ask(url, sessionId, 'Ready?')).body.brain).toBe('config')
    expect(asks(provider)).toBe(5)
  })

  it('is not, for what users have stopped', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script)
    const sessionId = await startSession(url)
    for (let turn = 0; turn < 6; turn++) {
      const stream = await send(url, sessionId, 'Ready?')
      await hand.next()
      await call(`${url}/chat/sessions/${sessionId}/stop`, 'POST')
      await stream.rest()
    }
    expect(stateOf(await call(`${url}/brains`), 'openai')).toBe('closed')
  })
})
