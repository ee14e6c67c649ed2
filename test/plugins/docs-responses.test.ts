/**
 * Every response that the reference describes is given by a real request, and is as described; and what is given is
 * described. The last test counts: a status or a code that nobody has seen must not be promised.
 */
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { byHand } from '#test/provider/by-hand.ts'
import { encodeError, says } from '#test/provider/openai.ts'
import type { Script } from '#test/provider/provider.ts'
import { answers, answersPage, isSilent } from '#test/provider/scripts.ts'
import { hasRedis, newPrefix, startRedis } from '#test/stores/redis.ts'
import { bearer, makeKey, startIssuer, tokenBy } from '#test/identity/tokens.ts'
import { buildApp } from '#src/app.ts'
import { loadConfig } from '#src/config.ts'
import { type Json, openStream, startService, startWithProvider } from '#test/helper.ts'
import { type Answer, type Asking, readDocument, Reference, sayHello, UPGRADE } from './reference.ts'

const SESSION = 'morning-run'
const TURN = `${SESSION}.1`

const STREAM = 'POST /chat/stream'
const MESSAGE = 'POST /chat/message'
const REGENERATE = 'POST /chat/turns/{id}/regenerate'
const FOLLOW = 'GET /chat/turns/{id}/stream'
const API_CHAT = 'POST /api/chat/stream'
const UNIFIED = 'POST /api/v1/chat/unified'
const UNIFIED_STREAM = 'POST /api/v1/chat/unified/stream'
const COMPLETE = 'POST /v1/chat/completions'
const AI_SDK = 'POST /api/chat'
const RESUME_AI_SDK = 'GET /api/chat/{id}/stream'
const SOCKET = 'GET /ws'

/** One reference for each kind of service: what is described differs with the sign-in. */
const open = new Reference(await describeService({}))
const signedIn = new Reference(await describeService({ JWKS_URL: 'http://127.0.0.1:1/keys.json' }))

async function describeService(env: Record<string, string>) {
  const app = await buildApp(loadConfig({ SQLITE_PATH: ':memory:', LOG_LEVEL: 'silent', ...env }))
  await app.ready()
  const document = readDocument({ app })
  await app.close()
  return document
}

/** What stands for `{id}` where the door is to find something. */
function toId(door: string): string {
  if (door.includes('/models/')) return 'default'
  return door.includes('/turns/') ? TURN : SESSION
}

let count = 0

/** A message that nobody has sent before. */
function anew(door: string): Asking {
  const message = { id: `m-${++count}`, role: 'user', parts: [{ type: 'text', text: 'Hello' }] }
  return { id: toId(door), ...(door === AI_SDK && { body: { messages: [message] } }) }
}

async function startTalking(env: Record<string, string> = {}) {
  const service = await startService(env)
  await sayHello(open, service)
  const ask = (door: string, asking: Asking = {}) => open.ask(service.url, door, { id: toId(door), ...asking })
  return { ...service, ask }
}

type Ask = (door: string) => Promise<Answer>

/** Each of these doors gives the error. */
async function expectAll(code: string, doors: string[], ask: Ask): Promise<void> {
  expect(doors).not.toEqual([])
  await Promise.all(
    doors.map(async (door) => {
      const { text } = await ask(door)
      expect(text, door).toContain(`"code":"${code}"`)
    }),
  )
}

/** The doors of which the error is promised give it, and of the others each gives what it promises. */
async function expectOnly(code: string, ask: Ask, isAsked: (door: string) => boolean = () => true): Promise<void> {
  const doors = open.doorsThatGive(code).filter((door) => door !== SOCKET)
  await expectAll(code, doors, ask)
  const others = open.doors.filter((door) => !doors.includes(door) && isAsked(door))
  const [last, first] = [others.filter(isDrastic), others.filter((door) => !isDrastic(door))]
  for (const door of [...first, ...last]) await ask(door)
}

/** Whether what others are asked about is gone then. */
function isDrastic(door: string): boolean {
  return /^DELETE|clear$|stop$/.test(door)
}

/** Whether a turn that runs goes on, and its end is not waited for. */
function leavesTurns(door: string): boolean {
  return / \/chat\/(sessions|turns)/.test(door) && !/^DELETE|(stop|stream)$/.test(door)
}

/** Says whether an endpoint is limited by what it begins, not by what it reads. */
function begins(door: string): boolean {
  return ![SOCKET, FOLLOW, RESUME_AI_SDK].includes(door)
}

function takesBody(door: string): boolean {
  return !door.startsWith('GET')
}

function listUnseen({ promised, seen }: Reference): string[] {
  return [...promised].filter((name) => !seen.has(name))
}

const json = ({ text }: Answer) => JSON.parse(text) as Json

describe('what goes well', () => {
  it('is as described', async () => {
    const { ask, url } = await startTalking()
    const doors = open.doors.filter((door) => ![SOCKET, RESUME_AI_SDK].includes(door) && !door.startsWith('DELETE'))
    for (const door of doors) {
      const { status } = await ask(door, door === REGENERATE ? { id: await lastTurn(url) } : {})
      expect(status, door).toBe(200)
    }
    await ask('GET /chat/sessions/{id}/export', { query: '?format=json' })
    await ask('GET /chat/sessions/{id}', { query: '?messages=1' })
    await ask(STREAM, { body: '{"conversation_id":7,"user_message":"Hola","language":"es","difficulty_level":"a1"}' })
    await ask(COMPLETE, { body: { stream: false } })
    await ask(COMPLETE, { body: { stream_options: { include_usage: true } } })
    await ask(SOCKET, { headers: UPGRADE })
    await ask('DELETE /chat/sessions/{id}')
    await ask('POST /chat/start', { body: { session_id: SESSION } })
    await ask('DELETE /api/chat/sessions/{id}')
  })

  it('is as described while a turn runs, and when it was stopped', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script)
    await open.ask(url, 'POST /chat/start', { body: { session_id: SESSION } })
    const streaming = open.ask(url, STREAM)
    const reply = await hand.next()
    reply.say('Ten ')
    await open.ask(url, 'GET /chat/turns/{id}', { id: TURN })
    await open.ask(url, 'GET /chat/sessions/{id}', { id: SESSION })
    const resumed = open.ask(url, RESUME_AI_SDK, { id: SESSION })
    await open.ask(url, 'POST /chat/sessions/{id}/stop', { id: SESSION })
    expect((await streaming).text).toContain('"finish_reason":"stopped"')
    await resumed
    await open.ask(url, 'GET /chat/turns/{id}', { id: TURN })
  })

  it('is 204 where nothing is left to read', async () => {
    const { ask, url } = await startTalking()
    const end = async (id: string) => json(await ask('GET /chat/turns/{id}', { id })).offset as string
    await ask(FOLLOW, { headers: { 'last-event-id': await end(TURN) } })
    await ask(RESUME_AI_SDK)
    for (const [index, door] of [STREAM, REGENERATE, API_CHAT, UNIFIED_STREAM].entries()) {
      const before = await lastTurn(url)
      const asking = { id: before, body: { session_id: SESSION }, headers: { 'idempotency-key': `k-${index}` } }
      const first = await ask(door, asking)
      const after = await end(first.headers['x-turn-id'] as string)
      expect(await ask(door, { ...asking, headers: { ...asking.headers, 'last-event-id': after } })).toMatchObject({
        status: 204,
      })
    }
  })
})

async function lastTurn(url: string): Promise<string> {
  const session = json(await open.ask(url, 'GET /chat/sessions/{id}', { id: SESSION, query: '?messages=1' }))
  return (session.messages as Json[])[0]!.turn_id as string
}

describe('what cannot be taken', () => {
  it('is no JSON, has another type, or is too large', async () => {
    const { ask } = await startTalking({ BODY_LIMIT_KB: '1' })
    await expectAll('invalid_request', open.doors.filter(takesBody), (door) => ask(door, { body: '{' }))
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'Hello' }
    await expectAll('unsupported_media_type', open.doors.filter(takesBody), (door) => ask(door, form))
    const large = (door: string) => {
      const kilobytes = [COMPLETE, AI_SDK].includes(door) ? 8 * 1024 : 1
      return ask(door, { body: `"${'a'.repeat(kilobytes * 1024)}"` })
    }
    await expectAll('body_too_large', open.doorsThatGive('body_too_large'), large)
  })

  it('is a query that means nothing', async () => {
    const { ask } = await startTalking()
    const queries = ['limit=0', 'messages=-1', 'format=pdf', 'after=here'].join('&')
    const doors = open.doorsThatGive('invalid_request').filter((door) => !takesBody(door))
    await expectAll('invalid_request', doors, (door) => ask(door, { query: `?${queries}` }))
  })

  it('names nothing that there is', async () => {
    const { ask, url } = await startTalking()
    await expectOnly('persona_unknown', (door) => ask(door, { body: { persona: 'nobody' } }))
    await sayHello(open, { url })
    await expectOnly('brain_unknown', (door) => ask(door, { body: { brain: 'nobody', persona: 'default' } }))
    await expectOnly(
      'session_not_found',
      (door) => ask(door, { id: 'nobody', body: { session_id: 'nobody', persona: 'default' } }),
      (door) => ![API_CHAT, UNIFIED, UNIFIED_STREAM, 'POST /chat/start'].includes(door),
    )
    await expectOnly('turn_not_found', (door) => ask(door, { id: 'nobody.1', body: toReplacing('nobody.1.user') }))
    await expectOnly('model_not_found', (door) => ask(door, { id: 'nobody', body: { model: 'nobody' } }))
  })

  it('is a message that is too long', async () => {
    const { ask } = await startTalking({ MAX_MESSAGE_CHARS: '40' })
    await expectOnly('message_too_long', (door) => ask(door, { body: { message: 'a'.repeat(41) } }))
  })

  it('is another message with the same id', async () => {
    const { ask, url } = await startTalking()
    for (const door of open.doorsThatGive('message_id_reused')) {
      const id = door === REGENERATE ? await lastTurn(url) : SESSION
      const say = (text: string) => {
        const messages = [{ id: 'mine', role: 'user', parts: [{ type: 'text', text }] }]
        const body = door === AI_SDK ? { messages } : { session_id: SESSION, message: text }
        return ask(door, { id, body, headers: { 'idempotency-key': `of ${door}` } })
      }
      await say('Hello')
      expect(json(await say('Good night')), door).toMatchObject({ code: 'message_id_reused' })
    }
  })

  it('is of a turn that is not the last, or not kept any more', async () => {
    const { ask } = await startTalking({ TURN_LOG_TTL_MINUTES: '0.001' })
    await ask(MESSAGE)
    await expectAll('turn_not_last', open.doorsThatGive('turn_not_last'), (door) =>
      ask(door, { body: door === AI_SDK ? toReplacing(`${TURN}.user`) : { message: 'Again' } }),
    )
    await vi.waitFor(async () => expect((await ask(FOLLOW)).status).toBe(410), { timeout: 10_000, interval: 20 })
  })

  it('is an image for a brain that cannot see', async () => {
    const { url } = await startWithProvider(says('I see.'))
    const ask = (door: string, asking: Asking = {}) => open.ask(url, door, { id: TURN, ...asking })
    await ask('POST /chat/start', { body: { session_id: SESSION } })
    const images = [{ url: 'https://images.example.com/cat.webp' }]
    await ask(MESSAGE, { body: { images } })
    await ask('PATCH /chat/sessions/{id}', { id: SESSION, body: { brain: 'config' } })
    const doors = [STREAM, MESSAGE, REGENERATE, AI_SDK]
    await expectAll('brain_rejected', doors, (door) =>
      ask(door, { body: door === AI_SDK ? toReplacing(`${TURN}.user`) : door === REGENERATE ? {} : { images } }),
    )
  })
})

/** A UI message that is to take the place of another. */
function toReplacing(messageId: string): Json {
  return { trigger: 'regenerate-message', messageId, messages: [] }
}

describe('what cannot be done now', () => {
  it('is refused while a turn runs', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script)
    await open.ask(url, 'POST /chat/start', { body: { session_id: SESSION } })
    const running = open.ask(url, STREAM)
    const reply = await hand.next()
    await expectOnly('turn_in_progress', (door) => open.ask(url, door, { id: toId(door) }), leavesTurns)
    reply.say('Ten.')
    reply.finish()
    await running
  })

  it('is refused over the limit', async () => {
    const { ask } = await startTalking({ RATE_LIMIT_PER_MINUTE: '1', SESSIONS_PER_HOUR: '1' })
    await expectAll('rate_limited', open.doorsThatGive('rate_limited').filter(begins), (door) => ask(door, anew(door)))
    for (const door of open.doors.filter((one) => begins(one) && !isDrastic(one))) await ask(door, anew(door))
  })

  it('is refused to an address that reads more replies than it may', async () => {
    const { url } = await startWithProvider(isSilent(), { MAX_SOCKETS_PER_IP: '1' })
    await open.ask(url, 'POST /chat/start', { body: { session_id: SESSION } })
    const reading = [await openStream(`${url}/chat/stream`, { session_id: SESSION, message: 'Hello' })]
    const follow = () => openStream(`${url}/chat/turns/${TURN}/stream`)
    while (reading.at(-1)!.status === 200) reading.push(await follow())
    const doors = open.doorsThatGive('rate_limited').filter((door) => ![SOCKET, 'POST /chat/start'].includes(door))
    await expectAll('rate_limited', doors, (door) => open.ask(url, door, { id: toId(door), ...anew(door) }))
    for (const stream of reading) stream.leave()
  })

  it('is refused while the service leaves', async () => {
    const { ask, app } = await startTalking()
    await app.chat.drain(0)
    await expectOnly('draining', (door) => ask(door, anew(door)))
    expect(await ask(SOCKET, { headers: UPGRADE })).toMatchObject({ status: 503 })
  })

  it.skipIf(!hasRedis)('is refused while the store is away', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.close())
    const { ask } = await startTalking({ REDIS_URL: redis.url, REDIS_PREFIX: newPrefix() })
    redis.kill('SIGKILL')
    await expectOnly('store_unavailable', (door) => ask(door, anew(door)))
  })

  const FAILURES: [code: string, script: Script, env?: Record<string, string>][] = [
    ['brain_rejected', answers(400, encodeError(null))],
    ['brain_bad_response', answersPage()],
    ['brain_unavailable', answers(500, encodeError(null))],
    ['brain_rate_limited', answers(429, encodeError(null))],
    ['brain_timeout', isSilent(), { FIRST_TOKEN_TIMEOUT_S: '0.1' }],
  ]

  it.each(FAILURES)('fails with %s where the provider does', async (code, script, env) => {
    const { url } = await startWithProvider(script, env)
    await open.ask(url, 'POST /chat/start', { body: { session_id: SESSION } })
    await expectAll(code, [MESSAGE, UNIFIED, COMPLETE], (door) => open.ask(url, door))
    if (code === 'brain_rejected') expect((await open.ask(url, STREAM)).text).toContain(code)
  })

  it('is interrupted when the service leaves', async () => {
    const { url, app, provider } = await startWithProvider(isSilent())
    await open.ask(url, 'POST /chat/start', { body: { session_id: SESSION } })
    const asked = Promise.all([MESSAGE, UNIFIED, COMPLETE].map((door) => open.ask(url, door)))
    for (let requests = 0; requests < 3; requests++) await provider.nextRequest()
    await app.chat.drain(0)
    for (const { text } of await asked) expect(text).toContain('"code":"interrupted"')
  })

  it('is a brain that would not answer', async () => {
    const { url, provider } = await startWithProvider()
    provider.scriptCheck(answers(500, encodeError(null)))
    expect(await open.ask(url, 'GET /brain/health')).toMatchObject({ status: 503 })
  })
})

describe('who may not come in', () => {
  const METRICS = 'GET /metrics'
  const fromElsewhere = { 'x-forwarded-for': '203.0.113.7' }

  it('may not read figures', async () => {
    const { url } = await startService()
    expect(await open.ask(url, METRICS, { headers: fromElsewhere })).toMatchObject({ status: 403 })
    const { url: other } = await startService({ METRICS_TOKEN: 'a token' })
    expect(await open.ask(other, METRICS, { headers: fromElsewhere })).toMatchObject({ status: 401 })
  })

  it('may not open a socket', async () => {
    const { url } = await startService({ MAX_SOCKETS_PER_IP: '1' })
    const ask = (headers: Record<string, string>) => open.ask(url, SOCKET, { headers })
    expect(await ask({})).toMatchObject({ status: 404 })
    expect(await ask({ ...UPGRADE, origin: 'https://evil.example' })).toMatchObject({ status: 403 })
    expect(await ask(UPGRADE)).toMatchObject({ status: 101 })
    expect(await ask(UPGRADE)).toMatchObject({ status: 429 })
  })

  it('has no token, or is no admin, or the issuer is away', async () => {
    const key = makeKey('one')
    const issuer = await startIssuer([key])
    const { url, provider } = await startWithProvider(undefined, { JWKS_URL: issuer.url })
    provider.scriptCheck(answers(500, encodeError(null)))
    const ask = (door: string, headers: Record<string, string>) =>
      signedIn.ask(url, door, { id: toId(door), headers: { ...(door === SOCKET && UPGRADE), ...headers } })
    const closed = signedIn.doorsThatGive('unauthorized').filter((door) => door !== METRICS)
    await expectAll('unauthorized', closed, (door) => ask(door, door === SOCKET ? bearer('none') : {}))
    const token = bearer(tokenBy(key, 'ada'))
    await expectAll(
      'forbidden',
      signedIn.doorsThatGive('forbidden').filter((door) => ![METRICS, SOCKET].includes(door)),
      (door) => ask(door, token),
    )
    expect(await ask('GET /brain/health', token)).toMatchObject({ status: 503 })

    const { url: alone } = await startService({ JWKS_URL: 'http://127.0.0.1:1/keys.json' })
    await expectAll('store_unavailable', closed, (door) =>
      signedIn.ask(alone, door, { id: toId(door), headers: { ...(door === SOCKET && UPGRADE), ...token } }),
    )
  })
})

describe('what is described', () => {
  it('has been seen, all of it', () => {
    const whatCanBeSeen = listUnseen(open).filter((name) => hasRedis || !name.endsWith('store_unavailable'))
    expect(whatCanBeSeen).toEqual([])
    expect(listUnseen(signedIn).filter((name) => !open.promised.has(name))).toEqual([])
  })
})
