/** The process, as people start it: `node src/server.ts`. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { call, openStream, startSession, toText } from './helper.ts'
import { makeDirectory, ROOT, startServer } from './process.ts'

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
    // Two signals that come at once count as one.
    const again = setInterval(() => server.kill('SIGINT'), 100)
    expect(await server.exited).toBe(1)
    clearInterval(again)
  })

  it('takes a signal that comes twice at once for one: npm passes on what the terminal has sent already', async () => {
    const server = await startServer({ CONFIG_BRAIN_PACE_MS: '100' })
    const session_id = await startSession(server.url)
    const stream = await openStream(`${server.url}/chat/stream`, { session_id, message: 'Hello' })
    await stream.take(1)
    server.kill('SIGINT')
    server.kill('SIGTERM')
    await server.says('Waiting for 1 running turns')
    expect((await stream.rest()).at(-1)?.data).toMatchObject({ done: true, finish_reason: 'stop' })
    expect(await server.exited).toBe(0)
  })

  it.each(['start', 'dev'])('ends with npm run %s, when its turns have', async (script) => {
    const server = await startServer({ CONFIG_BRAIN_PACE_MS: '100' }, { command: ['npm', 'run', script] })
    const session_id = await startSession(server.url)
    const stream = await openStream(`${server.url}/chat/stream`, { session_id, message: 'Hello' })
    await stream.take(1)
    server.kill('SIGTERM')
    await server.says('Waiting for 1 running turns')
    expect((await stream.rest()).at(-1)?.data).toMatchObject({ done: true, finish_reason: 'stop' })
    // The output closes when the last process that writes to it has ended.
    expect(await server.exited).toBe(0)
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
    [{ PERSONAS_DIR: '/nowhere' }, /PERSONAS_DIR.*\/nowhere/],
    [{ SQLITE_PATH: '/dev/null/nowhere.db' }, /SQLITE_PATH.*\/dev\/null\/nowhere.db/],
    // Folders cannot be made there, and do not show as missing.
    [{ SQLITE_PATH: '/proc/nowhere/chat.db' }, /SQLITE_PATH.*\/proc\/nowhere\/chat.db/],
    [{ HOST: '203.0.113.7', AUTH: 'off' }, /HOST "203.0.113.7" is not an address of this machine/],
    [{ HOST: 'nowhere.invalid', AUTH: 'off' }, /HOST "nowhere.invalid" is/],
  ])('does not start with %j and says why in one sentence', async (env, sentence) => {
    const server = await startServer(env, { isToFail: true })
    expect(await server.exited).toBe(1)
    expect(server.output()).toMatch(sentence)
    expect(server.output()).not.toContain('    at ')
  })

  it('does not start on a port that another process has, and names it', async () => {
    const { url } = await startServer()
    const { port } = new URL(url)
    const server = await startServer({ PORT: port }, { isToFail: true })
    expect(await server.exited).toBe(1)
    expect(server.output()).toContain(`Repartee cannot start: PORT ${port} is in use by another process`)
  })

  it('says the same sentence under npm run dev', async () => {
    const server = await startServer({ PORT: 'many' }, { isToFail: true, command: ['node', 'src/dev.ts'] })
    expect(await server.exited).toBe(1)
    expect(server.output()).toMatch(/^Repartee cannot start: PORT must be a whole number.*\n$/)
  })

  it('warns of names in .env that are probably misspelled, also where it does not start', async () => {
    const cwd = await makeDirectory()
    await writeFile(join(cwd, '.env'), 'JWT_SERCET=hunter2\nCONFIG_BRAIN_PACE_MS=1')
    const server = await startServer({}, { cwd })
    await server.says('JWT_SERCET is not a variable of this service: did you mean JWT_SECRET?')
    const failed = await startServer({ HOST: '0.0.0.0' }, { cwd, isToFail: true })
    expect(await failed.exited).toBe(1)
    expect(failed.output()).toContain('did you mean JWT_SECRET?')
    expect(server.output() + failed.output()).not.toContain('hunter2')
  })

  it('says one plain line on a terminal', async () => {
    const command = ['script', '-qec', `node ${join(ROOT, 'src/server.ts')}`, '/dev/null']
    const server = await startServer({}, { command, isToFail: true })
    await server.says('Open http://127.0.0.1:')
    server.kill('SIGTERM')
    await server.exited
    expect(server.output().trim()).toMatch(/^Open http:\/\/127\.0\.0\.1:\d+(\s+Session terminated.*)?$/s)
  })
})
