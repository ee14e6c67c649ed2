/**
 * What is somebody's is nobody else's: every door and transport, for whoever has no token, another user's, an old one, or
 * asks for what was deleted. The doors are those that the app really has: one that is added is in here by itself.
 */
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { call, type Json, openStream, startService, startWithProvider, toProviderEnv } from '#test/helper.ts'
import { as, bearer, SIGNED_IN, tokenFor, tokenUntil } from '#test/identity/tokens.ts'
import { makeDirectory, startServer } from '#test/process.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { says, startOpenAIProvider } from '#test/provider/openai.ts'
import { answers } from '#test/provider/scripts.ts'
import { hasRedis, newPrefix, type RedisServer, startRedis } from '#test/stores/redis.ts'
import { openSocketIo } from '#test/transports/clients.ts'

/** Doors that are open by intent. Whoever opens another says so here. */
const OPEN = [
  '/',
  '/assets',
  '/health',
  '/ready',
  '/docs',
  '/openapi.json',
  '/api/status',
  '/metrics',
  '/ws',
  '/socket.io',
]

/** Where a chat that is not there is one in which nothing was said yet. */
const EMPTY = ['GET /api/chat/:id/stream']

interface Door {
  method: string
  path: string
}

/** Every door that the app has. */
function readDoors(app: FastifyInstance): Door[] {
  const above: string[] = []
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const [, indent = '', name = '', methods = ''] = /^((?:[│ ] {3})*)[├└]── (\S+)(?: \((.+)\))?$/.exec(line) ?? []
      if (!name) throw new Error(`This is no line of a route: ${line}`)
      const depth = indent.length / 4
      const path = (above[depth - 1] ?? '') + name
      above[depth] = path
      return methods.split(', ').map((method) => ({ method, path }))
    })
    .filter(({ method }) => method !== '' && method !== 'OPTIONS')
}

const isOpen = ({ path }: Door) => OPEN.some((open) => path === open || (open !== '/' && path.startsWith(`${open}/`)))
const nameOf = ({ method, path }: Door) => `${method} ${path}`

interface Seen {
  status: number
  text: string
}

/** What a door answers, to the letter. */
async function knock(url: string, { method, path }: Door, id: string, headers: object = {}): Promise<Seen> {
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const response = await fetch(url + path.replace(/:\w+|\*/g, id), {
    method,
    headers: { ...headers, ...(hasBody ? { 'content-type': 'application/json' } : {}) },
    ...(hasBody ? { body: JSON.stringify({ title: 'Mine now' }) } : {}),
  })
  return { status: response.status, text: await response.text() }
}

/** The id that a door with one is about. */
const idFor = ({ path }: Door, sessionId: string) => (path.includes('/turns/') ? `${sessionId}.1` : sessionId)

async function start(url: string, sub: string): Promise<string> {
  return (await call(`${url}/chat/start`, 'POST', {}, as(sub))).body.session_id as string
}

/** A session of the user's in which something was said. */
async function converse(url: string, sub: string): Promise<string> {
  const session_id = await start(url, sub)
  const { status } = await call(`${url}/chat/message`, 'POST', { session_id, message: 'My secret' }, as(sub))
  expect(status).toBe(200)
  return session_id
}

async function converseAndDelete(url: string, sub: string): Promise<string> {
  const id = await converse(url, sub)
  await call(`${url}/chat/sessions/${id}`, 'DELETE', undefined, as(sub))
  return id
}

describe('without a token that is valid', () => {
  it('every door but those that are open by intent is closed, in the same bytes for everyone', async () => {
    const { app, url } = await startService(SIGNED_IN)
    const session = await converse(url, 'ann')
    const doors = readDoors(app)
    expect(doors.length).toBeGreaterThan(25)
    expect(doors.filter(isOpen).map(({ path }) => path)).toContain('/health')
    for (const door of doors.filter((one) => !isOpen(one))) {
      const refused = await knock(url, door, idFor(door, session))
      expect([refused.status, nameOf(door)]).toEqual([401, nameOf(door)])
      expect(refused.text).not.toContain('secret')
      for (const token of ['x', tokenUntil('ann', -1), `${tokenFor('ann')}x`]) {
        expect(await knock(url, door, idFor(door, session), bearer(token)), nameOf(door)).toEqual(refused)
        expect(await knock(url, door, 'nothing', bearer(token)), nameOf(door)).toEqual(refused)
      }
    }
    // None of it was done.
    const { body } = await call(`${url}/chat/sessions/${session}`, 'GET', undefined, as('ann'))
    expect(body).toMatchObject({ title: 'My secret', message_count: 2 })
  })

  it('the doors that are open know nothing of anybody', async () => {
    const { app, url } = await startService(SIGNED_IN)
    const session = await converse(url, 'ann')
    for (const door of readDoors(app).filter(isOpen)) {
      if (door.method === 'HEAD' || door.path === '/ws' || door.path === '/socket.io') continue
      const { status, text } = await knock(url, door, session, as('ann'))
      expect(status, nameOf(door)).toBeLessThan(500)
      expect(text).not.toContain('My secret')
      expect(text).not.toContain(session)
    }
  })
})

describe.runIf(hasRedis)('another user’s', () => {
  let redis: RedisServer
  beforeAll(async () => void (redis = await startRedis()))
  afterAll(() => redis?.close())

  // Nothing is done on the store by the clock while commands are counted, but a GET of the brain that was switched to.
  const env = () => ({ ...SIGNED_IN, REDIS_URL: redis.url, REDIS_PREFIX: newPrefix(), TURN_LEASE_S: '86400' })

  /** What is done, and what the store had to do for it. */
  async function count<T>(act: () => Promise<T>): Promise<{ seen: T; commands: Record<string, number> }> {
    await redis.client.config('RESETSTAT')
    const seen = await act()
    const info = await redis.client.info('commandstats')
    const calls = [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, n]) => [name!, Number(n)] as const)
    return { seen, commands: Object.fromEntries(calls.filter(([name]) => !/^(info|config|get$)/.test(name))) }
  }

  it('sessions and turns are as those that never were, and as those that were deleted: status, bytes and commands', async () => {
    const { app, url } = await startService(env())
    const doors = readDoors(app).filter((door) => !isOpen(door) && door.path.includes(':'))
    expect(doors.length).toBeGreaterThan(10)
    const anns = await converse(url, 'ann')
    const annsGone = await converseAndDelete(url, 'ann')
    const bobsGone = await converseAndDelete(url, 'bob')
    const never = 'x'.repeat(anns.length)
    for (const door of doors) {
      const ask = (id: string) => count(() => knock(url, door, idFor(door, id), as('bob')))
      // Once before: scripts are loaded when they are first used.
      await ask(never)
      const expected = await ask(never)
      expect([expected.seen.status, nameOf(door)]).toEqual([EMPTY.includes(nameOf(door)) ? 204 : 404, nameOf(door)])
      for (const id of [anns, annsGone, bobsGone]) expect(await ask(id), nameOf(door)).toEqual(expected)
    }
    const { body } = await call(`${url}/chat/sessions/${anns}`, 'GET', undefined, as('ann'))
    expect(body).toMatchObject({ title: 'My secret', message_count: 2 })
  })

  it('sessions cannot be spoken in', async () => {
    const { url } = await startService(env())
    const anns = await converse(url, 'ann')
    const bobsGone = await converseAndDelete(url, 'bob')
    for (const path of ['/chat/stream', '/chat/message']) {
      const ask = (session_id: string) =>
        count(() => call(url + path, 'POST', { session_id, message: 'Hello', if_busy: 'stop' }, as('bob')))
      await ask('x'.repeat(anns.length))
      const { seen, commands } = await ask('x'.repeat(anns.length))
      expect(seen).toMatchObject({ status: 404, body: { code: 'session_not_found' } })
      for (const id of [anns, bobsGone]) {
        expect(await ask(id)).toMatchObject({ seen: { status: 404, body: seen.body }, commands })
      }
    }
  })

  it('sessions are as those that never were on sockets, too', async () => {
    const { url } = await startService(env())
    const anns = await converse(url, 'ann')
    const annsGone = await converseAndDelete(url, 'ann')
    const never = 'x'.repeat(anns.length)
    for (const ask of [await askWebSocket(url, 'bob'), await askSocketIo(url, 'bob')]) {
      for (const [event, toData] of EVENTS) {
        const see = async (id: string) => {
          const { seen, commands } = await count(() => ask(event, toData(id)))
          return { seen: JSON.parse(JSON.stringify(seen).replaceAll(id, 'ID')) as unknown, commands }
        }
        await see(never)
        const expected = await see(never)
        expect(expected.seen).toMatchObject({ code: expect.stringMatching(/_not_found$/) })
        expect(await see(anns)).toEqual(expected)
        expect(await see(annsGone)).toEqual(expected)
      }
    }
  })
})

const EVENTS: [string, (sessionId: string) => Json][] = [
  ['chat_stream', (id) => ({ session_id: id, message: 'Hello', if_busy: 'stop' })],
  ['chat_stream', (id) => ({ session_id: id, message: 'My secret', after: `${id}.1.1-00000000` })],
  ['chat_resume', (id) => ({ turn_id: `${id}.1` })],
  ['chat_resume', (id) => ({ turn_id: `${id}.1`, after_count: 0 })],
  ['chat_stop', (id) => ({ turn_id: `${id}.1` })],
  ['chat_stop', (id) => ({ session_id: id })],
]

type Ask = (event: string, data: Json) => Promise<Json>

/** What the server says to an event that it refuses. */
async function askWebSocket(url: string, sub: string): Promise<Ask> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers: as(sub) })
  await once(socket, 'message')
  return async (event, data) => {
    socket.send(JSON.stringify({ event, data }))
    const [text] = (await once(socket, 'message')) as [Buffer]
    const said = JSON.parse(text.toString()) as { event: string; data: Json }
    expect(said.event).toBe('chat_stream_error')
    return said.data
  }
}

async function askSocketIo(url: string, sub: string): Promise<Ask> {
  const socket = openSocketIo(url, ['websocket'], { auth: { token: tokenFor(sub) } })
  await new Promise<void>((resolve) => void socket.once('connected', () => resolve()))
  return async (event, data) => (await socket.emitWithAck(event, data)) as Json
}

describe('a running turn of another user’s', () => {
  it('can be neither seen nor stopped', async () => {
    const hand = byHand()
    const { app, url } = await startWithProvider(hand.script, SIGNED_IN)
    const session = await start(url, 'ann')
    const stream = await openStream(`${url}/chat/stream`, { session_id: session, message: 'My secret' }, as('ann'))
    const reply = await hand.next()
    reply.say('A secret, ')
    await stream.take(1)
    for (const door of readDoors(app).filter((one) => !isOpen(one) && one.path.includes(':'))) {
      const { status, text } = await knock(url, door, idFor(door, session), as('bob'))
      expect([status, nameOf(door)]).toEqual([EMPTY.includes(nameOf(door)) ? 204 : 404, nameOf(door)])
      expect(text).not.toContain('secret')
    }
    for (const ask of [await askWebSocket(url, 'bob'), await askSocketIo(url, 'bob')]) {
      for (const [event, toData] of EVENTS) {
        expect(await ask(event, toData(session))).toMatchObject({ code: expect.stringMatching(/_not_found$/) })
      }
    }
    reply.say('told.')
    reply.finish()
    expect((await stream.rest()).at(-1)?.data).toMatchObject({ full_text: 'A secret, told.', finish_reason: 'stop' })
  })
})

async function sendTo(address: string, body: Json, sub: string): Promise<Seen> {
  const headers = { ...as(sub), 'content-type': 'application/json' }
  const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: response.status, text: await response.text() }
}

describe('a session that a user names like another’s', () => {
  /** Doors that make the session on first use. */
  const MAKERS: [string, (id: string) => Json][] = [
    ['/chat/start', (id) => ({ session_id: id })],
    ['/api/chat/stream', (id) => ({ session_id: id, message: 'Hello' })],
    ['/api/v1/chat/unified/stream', (id) => ({ session_id: id, message: 'Hello', user_id: 'ann' })],
    ['/api/v1/chat/unified', (id) => ({ session_id: id, message: 'Hello', user_id: 'ann' })],
    ['/api/chat', (id) => ({ id, messages: [{ id: 'm', role: 'user', parts: [{ type: 'text', text: 'Hello' }] }] })],
  ]

  it.each(MAKERS)('is their own (%s)', async (path, toBody) => {
    const { url } = await startService(SIGNED_IN)
    const session = await converse(url, 'ann')
    const { text, status } = await sendTo(url + path, toBody(session), 'bob')
    expect(status).toBe(200)
    expect(text).not.toContain('secret')
    const see = async (sub: string) => (await call(`${url}/chat/sessions/${session}`, 'GET', undefined, as(sub))).body
    expect(await see('ann')).toMatchObject({ user_id: 'ann', message_count: 2, title: 'My secret' })
    expect(await see('bob')).toMatchObject({ user_id: 'bob' })
    await call(`${url}/chat/sessions/${session}`, 'DELETE', undefined, as('bob'))
    expect(await see('ann')).toMatchObject({ message_count: 2 })
  })

  it('is their own, the language tutor’s numbered ones, too', async () => {
    const { url } = await startService(SIGNED_IN)
    for (const sub of ['ann', 'bob']) {
      const { status } = await sendTo(`${url}/chat/stream`, { conversation_id: 1, user_message: `I am ${sub}` }, sub)
      expect(status).toBe(200)
    }
    for (const sub of ['ann', 'bob']) {
      const { body } = await call(`${url}/chat/sessions/conversation_1`, 'GET', undefined, as(sub))
      expect(body).toMatchObject({ user_id: sub, message_count: 2, title: `I am ${sub}` })
    }
  })
})

describe('a persona’s prompt', () => {
  const MARKER = 'PROMPT-MARKER-7f3a'
  const SAID = 'words-that-were-said-91c2'

  it('never leaves, in frames, errors or logs, nor do tokens and what was said in logs', async () => {
    const directory = await makeDirectory()
    await writeFile(join(directory, 'keeper.md'), `---\nid: keeper\ndescription: Keeps\nstyle: s\n---\n\n${MARKER}\n`)
    const provider = await startOpenAIProvider({ script: says('Fine.') })
    try {
      const token = tokenFor('ann', { role: 'admin' })
      const server = await startServer({
        ...SIGNED_IN,
        ...toProviderEnv(provider),
        PERSONAS_DIR: directory,
        LOG_LEVEL: 'trace',
      })
      const heard = await hearEverything(server.url, token, () =>
        // A provider that repeats what it was told, in its refusal.
        provider.script(answers(400, JSON.stringify({ error: { message: `Refused: ${MARKER} ${SAID}` } }))),
      )
      // It was told, or nothing is shown by this.
      expect(JSON.stringify(provider.requests.map(({ body }) => body))).toContain(MARKER)
      expect(heard).toContain('Fine.')
      expect(heard).toContain('brain_rejected')
      expect(heard).not.toContain(MARKER)
      server.kill('SIGTERM')
      await server.exited
      expect(server.output()).toContain('turn ended')
      for (const secret of [MARKER, SAID, token, token.split('.')[2]!]) expect(server.output()).not.toContain(secret)
    } finally {
      await provider.close()
    }
  })

  /** All that doors and sockets say of a session with that persona, in good times and bad. */
  async function hearEverything(url: string, token: string, turnBad: () => void): Promise<string> {
    const headers = bearer(token)
    const heard: unknown[] = []
    const hear = async (path: string, method = 'GET', body?: unknown) => {
      const response = await fetch(url + path, {
        method,
        headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      heard.push([...response.headers], await response.text())
    }
    const { body } = await call(`${url}/chat/start`, 'POST', { persona: 'keeper' }, headers)
    heard.push(body)
    const session_id = String(body.session_id)
    const socket = openSocketIo(url, ['websocket'], { auth: { token } })
    socket.onAny((...said: unknown[]) => heard.push(said))
    for (const turn of [() => {}, turnBad]) {
      turn()
      await hear('/chat/stream', 'POST', { session_id, message: SAID })
      await hear('/chat/message', 'POST', { session_id, message: SAID, model: MARKER.slice(0, 3) })
      await socket.emitWithAck('chat_stream', { session_id, message: SAID })
    }
    await hear('/chat/start', 'POST', { persona: 'nobody' })
    for (const path of ['', '/export', '/export?format=json', '?messages=1000']) {
      await hear(`/chat/sessions/${session_id}${path}`)
    }
    for (const path of ['/chat/personas', '/brains', '/brain/health', '/chat/sessions', '/api/status', '/nowhere']) {
      await hear(path)
    }
    for (const n of [1, 2, 3, 4]) await hear(`/chat/turns/${session_id}.${n}`)
    await hear(`/chat/turns/${session_id}.1/stream?after_count=0`)
    return JSON.stringify(heard)
  }
})
