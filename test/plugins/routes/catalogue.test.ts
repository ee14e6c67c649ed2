/** Doors to what there is to choose from. */
import { describe, expect, it } from 'vitest'
import { ask } from '#test/invariants/conversation.ts'
import { answers } from '#test/provider/scripts.ts'
import { call, type Json, startService, startSession, startWithProvider } from '#test/helper.ts'

const OPENAI = { OPENAI_API_KEY: 'sk-test-key', OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }

describe('GET /chat/personas', () => {
  it('lists the personas and the default, and never their prompts', async () => {
    const { url } = await startService()
    const { body } = await call(`${url}/chat/personas`)
    const personas = body.personas as Json[]
    expect(new Set(personas.map(({ id }) => id))).toEqual(
      new Set(['fitness_coach', 'calm_coach', 'drill_sergeant', 'personal_trainer', 'default', 'language_tutor']),
    )
    expect(body.default).toBe('fitness_coach')
    for (const persona of personas) expect(Object.keys(persona)).toEqual(['id', 'description'])
  })
})

describe('GET /brains', () => {
  it('lists every brain, and why one cannot be chosen', async () => {
    const { url } = await startService()
    const { body } = await call(`${url}/brains`)
    const brains = new Map((body.brains as Json[]).map((brain) => [brain.id, brain]))
    expect(new Set(brains.keys())).toEqual(new Set(['claude', 'config', 'gemini', 'nvidia', 'ollama', 'openai']))
    expect(brains.get('config')).toMatchObject({ available: true, breaker: expect.any(String) })
    expect(brains.get('openai')).toMatchObject({ available: false, reason: expect.stringContaining('OPENAI_API_KEY') })
    expect(body.active).toBe('config')
  })
})

describe('POST /brain/switch', () => {
  it('changes who speaks in all sessions that have chosen nobody, and back', async () => {
    const { url, provider } = await startWithProvider()
    const sessionId = await startSession(url)
    const chosen = await startSession(url, { brain: 'openai' })
    const switched = await call(`${url}/brain/switch`, 'POST', { brain: 'config' })
    expect(switched).toMatchObject({ status: 200, body: { success: true, active_brain: 'config' } })
    expect(typeof switched.body.message).toBe('string')
    expect((await ask(url, sessionId, 'Hi')).body.brain).toBe('config')
    expect((await ask(url, chosen, 'Hi')).body.brain).toBe('openai')
    expect((await call(`${url}/chat/sessions/${sessionId}`)).body.brain).toBe('config')
    expect((await call(`${url}/brains`)).body.active).toBe('config')
    const back = await call(`${url}/brain/switch`, 'POST', { brain: null })
    expect(back.body.active_brain).toBe('openai')
    expect((await ask(url, sessionId, 'Hi')).body.brain).toBe('openai')
    expect(provider.requests).toHaveLength(2)
  })

  it.each<[Json, string]>([
    [{ brain: 'nobody' }, 'brain_unknown'],
    [{ brain: 'constructor' }, 'brain_unknown'],
    [{ brain: 'openai' }, 'brain_unknown'],
    [{ brain: '' }, 'invalid_request'],
    [{}, 'invalid_request'],
  ])('refuses %j and changes nothing', async (body, code) => {
    const { url } = await startService()
    const refused = await call(`${url}/brain/switch`, 'POST', body)
    expect(refused).toMatchObject({ status: 400, body: { code } })
    if (body.brain === 'openai') expect(refused.body.error).toContain('OPENAI_API_KEY')
    expect((await call(`${url}/brains`)).body.active).toBe('config')
  })
})

describe('GET /brain/health', () => {
  it('is 200 while the provider answers', async () => {
    const { url } = await startWithProvider()
    const { status, body } = await call(`${url}/brain/health`)
    expect(status).toBe(200)
    expect(body).toEqual({ active_brain: 'openai', healthy: true, message: expect.stringMatching(/\.$/) })
  })

  it('is 503 while it cannot be reached, and follows the switch', async () => {
    const { url } = await startService({ ...OPENAI, ACTIVE_BRAIN: 'openai' })
    const { status, body } = await call(`${url}/brain/health`)
    expect(status).toBe(503)
    expect(body).toMatchObject({ active_brain: 'openai', healthy: false, message: 'OpenAI cannot be reached.' })
    await call(`${url}/brain/switch`, 'POST', { brain: 'config' })
    expect(await call(`${url}/brain/health`)).toMatchObject({ status: 200, body: { active_brain: 'config' } })
  })

  it('is 503 when the key is refused, and does not repeat the key', async () => {
    const { url, provider } = await startWithProvider()
    provider.scriptCheck(answers(401, '{"error": {"message": "Incorrect API key provided: sk-test-key"}}'))
    const { status, body } = await call(`${url}/brain/health`)
    expect(status).toBe(503)
    expect(JSON.stringify(body)).not.toContain('sk-test-key')
  })

  it('asks the provider once for all who ask at once', async () => {
    const { url, provider } = await startWithProvider()
    await Promise.all(Array.from({ length: 20 }, () => call(`${url}/brain/health`)))
    expect(provider.requests).toHaveLength(1)
  })
})
