/** What the log must never hold: keys, tokens, and anything that was said. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { signToken } from '#src/identity/tokens.ts'
import { call, type Json, openStream } from './helper.ts'
import { startServer } from './process.ts'
import { says, startOpenAIProvider } from './provider/openai.ts'
import type { Script } from './provider/provider.ts'
import { answers } from './provider/scripts.ts'
import { openSocketIo, openWebSocket } from './transports/clients.ts'

const SAID = 'marker-of-what-was-said'
const KEY = 'marker-of-a-key'
const SECRET = `${KEY} that is long enough for a secret`

const SENDING_DOORS = [
  '/chat/stream',
  '/chat/message',
  '/api/chat/stream',
  '/api/chat',
  '/api/v1/chat/unified/stream',
  '/api/v1/chat/unified',
  '/v1/chat/completions',
]

/** Providers quote what they are sent. */
const SCRIPTS: Script[] = [
  says([`${SAID} `, 'and more.']),
  answers(400, JSON.stringify({ error: { message: `Not this: ${SAID}`, code: SAID } })),
  answers(500, `<html>${SAID} ${KEY}`),
]

/** A body that every door can make something of. */
function toBody(session_id: string, text: string): Json {
  const message = { id: text, role: 'user', content: text, parts: [{ type: 'text', text }] }
  const own = { session_id, id: session_id, message: text, user_id: text, user_message: text, conversation_id: 7 }
  return { ...own, client_message_id: text, model: 'default', messages: [message], title: text }
}

/** A service that logs all that it can, and the head of a request of someone who is signed in. */
async function start() {
  const provider = await startOpenAIProvider()
  onTestFinished(() => provider.close())
  const server = await startServer({
    LOG_LEVEL: 'trace',
    JWT_SECRET: SECRET,
    METRICS_TOKEN: KEY,
    ACTIVE_BRAIN: 'openai',
    OPENAI_API_KEY: KEY,
    OPENAI_BASE_URL: `${provider.url}/v1`,
  })
  const token = await signToken(SECRET, { sub: 'ada', role: 'admin', ttl: '1h' })
  const headers = { authorization: `Bearer ${token}` }
  const newSession = async () => String((await call(`${server.url}/chat/start`, 'POST', {}, headers)).body.session_id)
  return { provider, server, url: server.url, token, headers, newSession }
}

type Started = Awaited<ReturnType<typeof start>>

async function useDoors({ url, headers, newSession }: Started): Promise<void> {
  for (const door of SENDING_DOORS) {
    for (const body of [toBody(await newSession(), SAID), { message: { text: SAID }, messages: SAID }]) {
      await (
        await openStream(url + door, body, headers)
      ).ended
    }
    const broken = {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: `{"a": ${SAID}`,
    }
    expect((await fetch(url + door, broken)).status).toBe(400)
  }
  const session = `/chat/sessions/${await newSession()}`
  for (const path of ['/chat/sessions', '/chat/turns/x.1/stream', '/chat/personas', '/knowledge/search', session]) {
    await fetch(`${url}${path}?user_id=${SAID}&cursor=${SAID}&after=${SAID}&q=${SAID}&token=${KEY}`, { headers })
  }
  await call(url + session, 'PATCH', { title: SAID, persona: SAID }, headers)
  await call(`${url}/brain/switch`, 'POST', { brain: SAID }, headers)
  for (const wrong of [`Bearer ${KEY}`, `Basic ${KEY}`, KEY])
    await fetch(`${url}/metrics`, { headers: { authorization: wrong } })
  for (const wrong of [KEY, `${KEY}.${SAID}.${SAID}`])
    await call(url + session, 'GET', undefined, { authorization: `Bearer ${wrong}` })
}

async function useSockets({ url, headers, token }: Started): Promise<void> {
  const { socket } = await openWebSocket(url, [], headers)
  const frames = [
    { event: 'chat_stream', data: { message: SAID } },
    { event: SAID },
    { event: 'auth', data: { token: KEY } },
  ]
  for (const text of [...frames.map((frame) => JSON.stringify(frame)), `{${SAID}`]) socket.send(text)
  await once(socket, 'close')
  const io = openSocketIo(url, ['websocket'], { auth: { token } })
  await once(io as never, 'connected')
  io.emit(SAID, SAID)
  await io.timeout(5_000).emitWithAck('chat_stream', { message: SAID })
  const refused = openSocketIo(url, ['polling'], { auth: { token: KEY } })
  await once(refused as never, 'connect_error')
}

/** Sent as it is: what is no HTTP, and addresses that no client of ours would make. */
const HEADS = [
  `${SAID} ${KEY}`,
  `GET http://${SAID}:${KEY}@127.0.0.1/health HTTP/1.1\r\nHost: a`,
  `GET http://${SAID}:${KEY}@127.0.0.1?${SAID} HTTP/1.1\r\nHost: a`,
  `GET /health#${SAID} HTTP/1.1\r\nHost: a`,
]

async function sendNonsense(url: string): Promise<void> {
  for (const head of HEADS) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.end(`${head}\r\n\r\n`))
    socket.resume()
    await once(socket, 'close')
  }
}

describe('the log', () => {
  it('holds no key, no token and nothing that was said, whatever the door, and however it goes wrong', async () => {
    const started = await start()
    for (const script of SCRIPTS) {
      started.provider.script(script)
      await useDoors(started)
      await useSockets(started)
    }
    await sendNonsense(started.url)
    started.server.kill('SIGTERM')
    await started.server.exited
    const lines = started.server.output().split('\n')
    for (const marker of [SAID, KEY, started.token]) expect(lines.filter((line) => line.includes(marker))).toEqual([])
    expect(lines.filter((line) => line.includes('"turn ended"')).length).toBeGreaterThan(10)
    expect(lines.filter((line) => line.includes('"incoming request"')).length).toBeGreaterThan(50)
  })
})
