/** The process, as people start it: `node src/server.ts`. */
import { describe, expect, it } from 'vitest'
import { call, openStream, startSession, toText } from './helper.ts'
import { startServer } from './process.ts'

describe('the server process', () => {
  it('serves with no key and no other server, and says where', async () => {
    const server = await startServer()
    const session_id = await startSession(server.url)
    const stream = await openStream(`${server.url}/chat/stream`, { session_id, message: 'Hello' })
    const frames = await stream.rest()
    expect(frames.at(-1)?.data).toMatchObject({ done: true, full_text: toText(frames), brain: 'config' })
    expect(server.output()).toContain(server.url)
  })

  it('stops at once on a signal when nothing runs', async () => {
    const server = await startServer()
    server.kill('SIGINT')
    expect(await server.exited).toBe(0)
  })

  it('lets a running turn finish on a signal, takes no new one, and then stops', async () => {
    const server = await startServer({ CONFIG_BRAIN_PACE_MS: '100' })
    const session_id = await startSession(server.url)
    const other = await startSession(server.url)
    const stream = await openStream(`${server.url}/chat/stream`, { session_id, message: 'Hello' })
    await stream.take(1)
    server.kill('SIGTERM')
    await server.says('Waiting for 1 running turns')
    const refused = await call(`${server.url}/chat/message`, 'POST', { session_id: other, message: 'Hello' })
    expect(refused).toMatchObject({ status: 503, body: { code: 'draining', retryable: true } })
    expect((await call(`${server.url}/ready`)).status).toBe(503)
    expect((await stream.rest()).at(-1)?.data).toMatchObject({ done: true, finish_reason: 'stop' })
    expect(await server.exited).toBe(0)
  })

  it('exits at once on a second signal', async () => {
    const server = await startServer({ CONFIG_BRAIN_PACE_MS: '2000' })
    const session_id = await startSession(server.url)
    const stream = await openStream(`${server.url}/chat/stream`, { session_id, message: 'Hello' })
    await stream.take(1)
    server.kill('SIGINT')
    await server.says('Waiting for 1 running turns')
    server.kill('SIGINT')
    expect(await server.exited).toBe(1)
  })

  it('ends what still runs as interrupted when the drain takes too long', async () => {
    const server = await startServer({ CONFIG_BRAIN_PACE_MS: '2000', DRAIN_TIMEOUT_S: '0.2' })
    const session_id = await startSession(server.url)
    const stream = await openStream(`${server.url}/chat/stream`, { session_id, message: 'Hello' })
    const [first] = await stream.take(1)
    server.kill('SIGTERM')
    expect((await stream.rest()).at(-1)?.data).toMatchObject({ code: 'interrupted', partial_text: first!.data.token })
    expect(await server.exited).toBe(0)
  })

  it.each([
    [{ PORT: 'many' }, /PORT must be a whole number/],
    [{ HOST: '0.0.0.0' }, /AUTH=off/],
    [{ ACTIVE_BRAIN: 'openai' }, /OPENAI_API_KEY/],
    [{ PERSONAS_DIR: '/nowhere' }, /\/nowhere/],
    [{ SQLITE_PATH: '/dev/null/nowhere.db' }, /\/dev\/null\/nowhere.db/],
  ])('does not start with %j and says why in one sentence', async (env, sentence) => {
    const server = await startServer(env, { isToFail: true })
    expect(await server.exited).toBe(1)
    expect(server.output()).toMatch(sentence)
    expect(server.output()).not.toContain('    at ')
  })
})
