/** No message that is stored is longer than MAX_STORED_MESSAGE_CHARS, whichever endpoint or transport it comes by. */
import { describe, expect, it } from 'vitest'
import { call, type Json, startSession, startWithProvider } from '#test/helper.ts'
import { asks } from '#test/invariants/conversation.ts'
import { STORES } from '#test/stores/each.ts'
import { type Refusal, socketIo, webSocket } from '#test/transports/clients.ts'

const MOST = 2_000

/** The ways to send a text: each resolves with the refusal's code, or with nothing. */
type Way = (url: string, sessionId: string, text: string) => Promise<unknown>

const post =
  (path: string, toBody: (text: string, sessionId: string) => Json): Way =>
  async (url, sessionId, text) => {
    const { status, body } = await call(url + path.replace('ID', sessionId), 'POST', toBody(text, sessionId))
    expect(status).toBe(413)
    return body.code ?? (body.error as Json).code
  }

const toCode = (refusal: Refusal) => refusal.frame.code

const says =
  (transport: typeof webSocket): Way =>
  async (url, session_id, message) => {
    const line = await transport.connect(url)
    return line.send({ session_id, message }).then(() => undefined, toCode)
  }

const said = (text: string) => [{ role: 'user', parts: [{ type: 'text', text }] }]

const WAYS: [string, Way][] = [
  ['POST /chat/message', post('/chat/message', (message, session_id) => ({ message, session_id }))],
  ['POST /chat/stream', post('/chat/stream', (message, session_id) => ({ message, session_id }))],
  ['a tutor’s client', post('/chat/stream', (user_message) => ({ conversation_id: 1, user_message }))],
  ['an edited message', post('/chat/turns/ID.1/regenerate', (message) => ({ message }))],
  ['POST /api/chat/stream', post('/api/chat/stream', (message) => ({ message }))],
  ['POST /api/chat', post('/api/chat', (text, id) => ({ id, messages: said(text) }))],
  [
    'POST /api/chat that edits',
    post('/api/chat', (text, id) => ({ id, messages: said(text), messageId: `${id}.1.user` })),
  ],
  ['the unified stream', post('/api/v1/chat/unified/stream', (message) => ({ message }))],
  ['the unified answer', post('/api/v1/chat/unified', (message) => ({ message }))],
  ['/v1', post('/v1/chat/completions', (content) => ({ model: 'default', messages: [{ role: 'user', content }] }))],
  ['WebSocket', says(webSocket)],
  ['Socket.IO', says(socketIo)],
]

describe.each(STORES)('a message that is longer than what is stored ($name)', (store) => {
  // The lower of the two limits counts, and switching off the first does not switch off the second.
  it.each(['0', '50000'])('is refused everywhere, and leaves nothing (MAX_MESSAGE_CHARS=%s)', async (perMessage) => {
    const limits = { MAX_STORED_MESSAGE_CHARS: `${MOST}`, MAX_MESSAGE_CHARS: perMessage }
    const { url, provider } = await startWithProvider(undefined, { ...(await store.env()), ...limits })
    const sessionId = await startSession(url)
    const longest = { session_id: sessionId, message: 'a'.repeat(MOST) }
    expect((await call(`${url}/chat/message`, 'POST', longest)).status).toBe(200)
    const before = (await call(`${url}/chat/sessions`)).body
    for (const [name, way] of WAYS)
      expect(await way(url, sessionId, 'a'.repeat(MOST + 1)), name).toBe('message_too_long')
    expect((await call(`${url}/chat/sessions`)).body).toEqual(before)
    expect(asks(provider)).toBe(1)
  })
})
