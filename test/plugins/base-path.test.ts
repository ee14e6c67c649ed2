/** The service under a path prefix: every endpoint, socket and client works with the prefix, and without it. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { EventSource } from 'eventsource'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { createClient } from '#src/client/index.ts'
import { Chat } from '#test/clients/ai-chat.ts'
import { call, openStream, startService, startSession, toText } from '#test/helper.ts'
import { openSocketIo, openWebSocket, socketIo, socketIoPolling, sse, webSocket } from '#test/transports/clients.ts'

const BASE_PATH = '/apps/chat'

async function start(env: Record<string, string> = {}) {
  const { url } = await startService({ BASE_PATH, ...env })
  return { outside: url, url: url + BASE_PATH }
}

describe('under a path prefix', () => {
  it('every endpoint is there, with the prefix and without', async () => {
    const { url, outside } = await start()
    for (const base of [url, outside]) {
      const session_id = await startSession(base)
      const stream = await openStream(`${base}/chat/stream?a=/b`, { session_id, message: 'Hi' })
      expect(toText(await stream.rest())).toMatch(/\w/)
      expect((await call(`${base}/chat/sessions/${session_id}?messages=1`)).body.messages).toHaveLength(1)
      for (const path of ['/', '/docs/', '/openapi.json', '/metrics', '/health', '/ready']) {
        expect((await fetch(base + path)).status, base + path).toBe(200)
      }
    }
    for (const path of ['/apps/health', '/apps/chatter/health', '/apps/chat/apps/chat/health', '/x/apps/chat/health']) {
      expect((await call(outside + path)).status, path).toBe(404)
    }
  })

  it('addresses lead to the page wherever a proxy has put it, with the query that they have', async () => {
    const { outside } = await start()
    const look = (path: string, method = 'GET') => fetch(outside + path, { method, redirect: 'manual' })
    for (const method of ['GET', 'HEAD']) {
      const { status, headers } = await look('/apps/chat?session=a?b', method)
      expect([status, headers.get('location')]).toEqual([301, 'chat/?session=a?b'])
    }
    expect((await look('/apps/chat/docs')).headers.get('location')).toBe('docs/')
    expect((await look('/apps/chat', 'POST')).status).toBe(404)
    expect((await (await look('/apps/chat/')).text()).match(/(src|href)="\.\/assets/g)?.length).toBeGreaterThan(2)
  })

  it('the reference names the prefix as its server', async () => {
    const { url } = await start()
    const { body } = await call(`${url}/openapi.json`)
    expect(body.servers).toMatchObject([{ url: BASE_PATH }])
    expect(Object.keys(body.paths as object)).toContain('/chat/stream')
  })

  it.each([sse, webSocket])('clients speak $name', async (transport) => {
    const { url, outside } = await start()
    for (const base of [url, outside]) {
      const line = await transport.connect(base)
      const sent = await line.send({ session_id: await startSession(base), message: 'Hi' })
      expect((await sent.rest()).at(-1)?.data).toMatchObject({ done: true })
    }
  })

  it.each([undefined, ['polling'], ['websocket']])('Socket.IO clients speak over %s', async (transports) => {
    const { outside } = await start()
    const path = `${BASE_PATH}/socket.io/`
    const client = openSocketIo(outside, transports, { path })
    const ended = new Promise((resolve) => client.once('chat_complete', resolve))
    await client.timeout(5_000).emitWithAck('chat_stream', { message: 'Hi' })
    expect(await ended).toMatchObject({ done: true, full_response: expect.any(String) })
  })

  it.each([socketIo, socketIoPolling])('$name is there without the prefix', async (transport) => {
    const { outside } = await start()
    const sent = await (await transport.connect(outside)).send({ message: 'Hi' })
    expect((await sent.rest()).at(-1)?.data).toMatchObject({ done: true })
  })

  it('sockets are refused as they are without one', async () => {
    const { url, outside } = await start({ MAX_SOCKETS_PER_IP: '1' })
    await openWebSocket(url)
    const headers = { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-version': '13' }
    for (const path of ['/apps/chat/ws', '/ws', '/apps/chat/socket.io/?EIO=4&transport=websocket']) {
      expect(await ask(outside, path, headers), path).toContain('"code":"rate_limited"')
      expect(await ask(outside, path, { ...headers, origin: 'https://evil.example' }), path).toContain('forbidden')
    }
  })

  it('our own client, that of OpenAI, the AI SDK and EventSource keep it in their addresses', async () => {
    const { url } = await start({ CONFIG_BRAIN_PACE_MS: '1' })
    for (const transport of ['sse', 'websocket'] as const) {
      const client = createClient({ baseUrl: `${url}/`, transport })
      const { session_id } = await client.start()
      const reply = client.send(session_id, 'Hi')
      expect((await reply.done).full_text).toBe(reply.text)
      const again = new EventSource(`${url}/chat/turns/${reply.turnId}/stream?after_count=1`)
      await new Promise((resolve) => again.addEventListener('message', resolve, { once: true }))
      again.close()
      client.close()
    }
    const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    const { choices } = await openai.chat.completions.create({ model: 'default', messages })
    expect(choices[0]?.message.content).toMatch(/\w/)
    const chat = new Chat(url, 'a-chat')
    await chat.sendMessage({ text: 'Hi' })
    expect([chat.status, chat.lines.length]).toEqual(['ready', 2])
  })

  it('addresses may name the host, too', async () => {
    const { outside } = await start()
    for (const path of ['/apps/chat/health', '/health', '/apps/chat/health?a=/apps/chat/b']) {
      expect(await ask(outside, `http://localhost${path}`, { connection: 'close' }), path).toContain('HTTP/1.1 200')
    }
  })

  it('an address that can be read both ways is read with the prefix', async () => {
    const { url } = await startService({ BASE_PATH: '/chat' })
    expect((await call(`${url}/chat/chat/start`, 'POST', {})).status).toBe(200)
    expect((await call(`${url}/chat/start`, 'POST', {})).status).toBe(404)
    expect((await call(`${url}/chat/health`)).status).toBe(200)
    expect((await call(`${url}/health`)).status).toBe(200)
  })
})

/** Sends the target as it is, and returns all that comes until the connection is closed. */
async function ask(url: string, target: string, headers: Record<string, string>): Promise<string> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  const key = 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=='
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.write([`GET ${target} HTTP/1.1`, `host: ${host}`, key, ...lines, '', ''].join('\r\n'))
  return text(socket)
}
