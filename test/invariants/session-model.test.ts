/** The model that a session has chosen: its brain is asked for it until it is taken back, and no other brain ever is. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { call, type Json, openStream, startService, startSession, startWithProvider } from '#test/helper.ts'
import { anthropic, startAnthropicProvider } from '#test/provider/anthropic.ts'
import { openai, says, startOpenAIProvider } from '#test/provider/openai.ts'
import { answers } from '#test/provider/scripts.ts'
import { STORES } from '#test/stores/each.ts'
import { socketIo, webSocket } from '#test/transports/clients.ts'
import { ask, askedOf, last, turnIdOf } from './conversation.ts'

/** OpenAI is active, and Claude is there, each with a model of its own. */
async function startBoth(env: Record<string, string> = {}) {
  const claude = await startAnthropicProvider()
  onTestFinished(() => claude.close())
  const service = await startWithProvider(says('Yes.'), {
    OPENAI_MODEL: 'gpt-own',
    ANTHROPIC_API_KEY: 'sk-ant-test',
    ANTHROPIC_BASE_URL: claude.url,
    ANTHROPIC_MODEL: 'claude-own',
    ...env,
  })
  const { url, provider } = service
  const patch = async (sessionId: string, change: Json) =>
    (await call(`${url}/chat/sessions/${sessionId}`, 'PATCH', change)).body
  return {
    ...service,
    patch,
    /** What OpenAI, and what Claude was asked for last. */
    askedOpenAI: () => askedOf(provider.requests.at(-1)!).model,
    askedClaude: () => anthropic.toAsked(claude.requests.at(-1)!.body).model,
  }
}

describe.each(STORES)('models that users may name ($name)', (store) => {
  const SOME = { ALLOWED_MODELS: 'gpt-large, claude-large' }

  it('are those that the operator allows, and each brain’s own', async () => {
    const { url, provider, patch, askedOpenAI, askedClaude } = await startBoth({ ...(await store.env()), ...SOME })
    const sessionId = await startSession(url)
    for (const model of ['gpt-large', 'gpt-own']) {
      expect((await ask(url, sessionId, 'Hello', { model })).body).toMatchObject({ model })
      expect(askedOpenAI()).toBe(model)
    }
    await ask(url, sessionId, 'Hello', { brain: 'claude', model: 'claude-own' })
    expect(askedClaude()).toBe('claude-own')
    expect(await patch(sessionId, { model: 'gpt-large' })).toMatchObject({ model: 'gpt-large' })

    const before = provider.requests.length
    const refused = { status: 400, body: { code: 'invalid_request', retryable: false } }
    for (const model of ['gpt-most-expensive-pro', 'GPT-LARGE', 'claude-own', ' gpt-large']) {
      expect(await ask(url, sessionId, 'Hello', { model })).toMatchObject(refused)
      expect(await call(`${url}/chat/start`, 'POST', { session_id: 'new', model })).toMatchObject(refused)
      expect(await call(`${url}/chat/sessions/${sessionId}`, 'PATCH', { model, title: 'x' })).toMatchObject(refused)
      expect(await call(`${url}/chat/turns/${sessionId}.3/regenerate`, 'POST', { model })).toMatchObject(refused)
    }
    expect(provider.requests).toHaveLength(before)
    expect((await call(`${url}/chat/sessions`)).body.sessions).toMatchObject([{ title: 'Hello', model: 'gpt-large' }])
  })

  it('are the same over sockets', async () => {
    const { url } = await startBoth({ ...(await store.env()), ...SOME })
    for (const transport of [webSocket, socketIo]) {
      const line = await transport.connect(url)
      const session_id = await startSession(url)
      const sending = line.send({ session_id, message: 'Hello', model: 'gpt-other' })
      await expect(sending).rejects.toMatchObject({ frame: { code: 'invalid_request' } })
      await (await line.send({ session_id, message: 'Hello', model: 'gpt-large' })).rest()
    }
  })

  it('are any where none is set; one that a session has chosen is not used while it is not allowed', async () => {
    const env = await store.lastingEnv()
    const before = await startBoth(env)
    const sessionId = await startSession(before.url, { brain: 'openai', model: 'gpt-other' })
    await ask(before.url, sessionId, 'Hello')
    expect(before.askedOpenAI()).toBe('gpt-other')
    await before.app.close()
    const after = await startBoth({ ...env, ...SOME })
    expect((await ask(after.url, sessionId, 'Hello')).body).toMatchObject({ model: 'gpt-own' })
    expect(after.askedOpenAI()).toBe('gpt-own')
  })
})

describe.each(STORES)('a session’s model ($name)', (store) => {
  it('is what its provider is asked for, in every turn that names no other', async () => {
    const { url, askedOpenAI } = await startBoth(await store.env())
    const sessionId = await startSession(url, { brain: 'openai', model: 'gpt-large' })
    expect((await ask(url, sessionId, 'One')).body).toMatchObject({ brain: 'openai', model: 'gpt-large' })
    expect(askedOpenAI()).toBe('gpt-large')
    expect((await ask(url, sessionId, 'Two', { model: 'gpt-once' })).body.model).toBe('gpt-once')
    expect(askedOpenAI()).toBe('gpt-once')
    const again = await openStream(`${url}/chat/turns/${sessionId}.2/regenerate`, {})
    expect(last(await again.rest())).toMatchObject({ turn_id: turnIdOf(again), model: 'gpt-large' })
    expect(askedOpenAI()).toBe('gpt-large')
    expect((await call(`${url}/chat/sessions/${sessionId}`)).body).toMatchObject({
      brain: 'openai',
      model: 'gpt-large',
    })
    expect((await call(`${url}/chat/sessions`)).body.sessions).toMatchObject([{ model: 'gpt-large' }])
  })

  it('can be changed, and taken back', async () => {
    const { url, patch, askedOpenAI } = await startBoth(await store.env())
    const sessionId = await startSession(url)
    expect(await patch(sessionId, { model: 'gpt-large' })).toMatchObject({ brain: 'openai', model: 'gpt-large' })
    expect(await patch(sessionId, { title: 'Runs' })).toMatchObject({ title: 'Runs', model: 'gpt-large' })
    await ask(url, sessionId, 'One')
    expect(askedOpenAI()).toBe('gpt-large')
    expect(await patch(sessionId, { model: null })).toMatchObject({ title: 'Runs', model: null })
    await ask(url, sessionId, 'Two')
    expect(askedOpenAI()).toBe('gpt-own')
  })

  it('is never asked of a brain that it was not chosen for', async () => {
    const { url, patch, askedOpenAI, askedClaude } = await startBoth(await store.env())
    const sessionId = await startSession(url, { model: 'gpt-large' })
    // A send’s own brain, one that the session is given, and one that all sessions are given that have chosen none.
    expect((await ask(url, sessionId, 'One', { brain: 'claude' })).body.model).not.toBe('gpt-large')
    expect(askedClaude()).toBe('claude-own')
    expect(await patch(sessionId, { brain: 'claude' })).toMatchObject({ brain: 'claude', model: null })
    await ask(url, sessionId, 'Two')
    expect(askedClaude()).toBe('claude-own')
    await patch(sessionId, { brain: null })
    await call(`${url}/brain/switch`, 'POST', { brain: 'claude' })
    await ask(url, sessionId, 'Three')
    expect(askedClaude()).toBe('claude-own')
    expect(await patch(sessionId, { model: 'claude-large' })).toMatchObject({ brain: 'claude', model: 'claude-large' })
    await ask(url, sessionId, 'Four')
    expect(askedClaude()).toBe('claude-large')
    expect(await patch(sessionId, { brain: 'openai', model: 'gpt-small' })).toMatchObject({ model: 'gpt-small' })
    await ask(url, sessionId, 'Five')
    expect(askedOpenAI()).toBe('gpt-small')
  })
})

it('a brain that stands in is asked for its own model, not for the session’s', async () => {
  const provider = await startOpenAIProvider({ script: answers(500, openai.encodeError(500)) })
  onTestFinished(() => provider.close())
  const { url, askedClaude } = await startBoth({ OPENAI_BASE_URL: `${provider.url}/v1`, BRAIN_FALLBACKS: 'claude' })
  const sessionId = await startSession(url, { model: 'gpt-large' })
  expect((await ask(url, sessionId, 'One')).body).toMatchObject({ brain: 'claude' })
  expect(askedOf(provider.requests.at(-1)!).model).toBe('gpt-large')
  expect(askedClaude()).toBe('claude-own')
})

it('a session that is there already keeps its model when it is asked for again', async () => {
  const { url } = await startService()
  await startSession(url, { session_id: 'mine', model: 'one' })
  await startSession(url, { session_id: 'mine', model: 'other' })
  expect((await call(`${url}/chat/sessions/mine`)).body).toMatchObject({ model: 'one' })
})
