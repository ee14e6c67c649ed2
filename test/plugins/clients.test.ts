/** What one address may hold open beside its sockets: replies that it reads or waits for, and connections. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { call, openStream, startService, startSession, startWithProvider, type Stream } from '#test/helper.ts'
import { isSilent } from '#test/provider/scripts.ts'

const MOST = 60

const from = (address: string) => ({ 'x-forwarded-for': address })

/** Opens as many readers of one turn as one address may have, and returns them with the turn's id. */
async function fill(url: string, headers: object = {}): Promise<{ turnId: string; readers: Stream[] }> {
  const session_id = await startSession(url)
  const first = await openStream(`${url}/chat/stream`, { session_id, message: 'Hello' }, headers as never)
  const turnId = `${session_id}.1`
  const follow = () => openStream(`${url}/chat/turns/${turnId}/stream`, undefined, headers as never)
  const readers = [first, ...(await Promise.all(Array.from({ length: MOST - 1 }, follow)))]
  onTestFinished(() => readers.forEach((reader) => reader.leave()))
  expect(new Set(readers.map(({ status }) => status))).toEqual(new Set([200]))
  return { turnId, readers }
}

describe('replies', () => {
  it('are limited for one address; a reader that leaves makes room', async () => {
    const { url } = await startWithProvider(isSilent(), { MAX_SOCKETS_PER_IP: '1' })
    const { turnId, readers } = await fill(url)
    const path = `${url}/chat/turns/${turnId}/stream`
    const refused = await call(path)
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', retry_after: 1 } })
    expect(refused.headers.get('retry-after')).toBe('1')
    readers[1]!.leave('reset')
    await expect
      .poll(async () => {
        const stream = await openStream(path)
        stream.leave()
        return stream.status
      })
      .toBe(200)
  })

  it('that are too many leave nothing: no session, no message, no turn; and all else goes on', async () => {
    const { url, app } = await startWithProvider(isSilent(), { MAX_SOCKETS_PER_IP: '1' })
    const session_id = await startSession(url)
    await fill(url)
    const { body: before } = await call(`${url}/chat/sessions`)
    const message = { role: 'user', content: 'Hello' }
    for (const [path, body] of [
      ['/chat/stream', { session_id, message: 'Hello' }],
      ['/chat/message', { session_id, message: 'Hello' }],
      ['/chat/stream', { conversation_id: 7, user_message: 'Hola' }],
      ['/api/chat/stream', { message: 'Hello', session_id: 'new-1' }],
      ['/api/v1/chat/unified', { message: 'Hello', session_id: 'new-2' }],
      ['/api/v1/chat/unified/stream', { message: 'Hello', session_id: 'new-3' }],
      ['/api/chat', { id: 'new-4', messages: [{ id: 'm', role: 'user', parts: [{ type: 'text', text: 'Hello' }] }] }],
      ['/v1/chat/completions', { model: 'default', messages: [message], stream: true }],
      ['/v1/chat/completions', { model: 'default', messages: [message] }],
    ] as const) {
      expect((await call(url + path, 'POST', body)).status, path).toBe(429)
    }
    expect((await call(`${url}/chat/sessions`)).body).toEqual(before)
    expect(app.chat.running).toBe(1)
  })

  it('are counted where a trusted proxy says that a client is', async () => {
    const { url } = await startWithProvider(isSilent(), { MAX_SOCKETS_PER_IP: '1', TRUSTED_PROXIES: '127.0.0.1' })
    const { turnId } = await fill(url, from('203.0.113.7:51001'))
    const path = `${url}/chat/turns/${turnId}/stream`
    expect((await call(path, 'GET', undefined, from('203.0.113.7:51002'))).status).toBe(429)
    const other = await openStream(path, undefined, from('203.0.113.8:51001'))
    expect(other.status).toBe(200)
    other.leave()
  })

  it('are not limited where sockets are not', async () => {
    const { url } = await startWithProvider(isSilent(), { MAX_SOCKETS_PER_IP: '0' })
    const { turnId } = await fill(url)
    const more = await openStream(`${url}/chat/turns/${turnId}/stream`)
    expect(more.status).toBe(200)
    more.leave()
  })
})

async function open(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

describe('connections', () => {
  it('of one address are at most twice as many; those beyond are closed at once', async () => {
    const { url } = await startService({ MAX_SOCKETS_PER_IP: '1' })
    const held = await Promise.all(Array.from({ length: 2 * MOST }, () => open(url)))
    const closed = once(await open(url), 'close')
    await closed
    expect(held.filter(({ closed: isClosed }) => isClosed)).toEqual([])
    held[0]!.destroy()
    await expect
      .poll(() =>
        call(`${url}/health`).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200)
  })

  it('of a trusted proxy are its clients’', async () => {
    const { url } = await startService({ MAX_SOCKETS_PER_IP: '1', TRUSTED_PROXIES: '127.0.0.1' })
    await Promise.all(Array.from({ length: 2 * MOST + 5 }, () => open(url)))
    expect((await call(`${url}/health`)).status).toBe(200)
  })
})

/** Sends requests again and again on one connection, and reads nothing. */
function askInSilence(url: string, path: string, times: number): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).on('error', () => {})
  socket.pause().write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(times))
  onTestFinished(() => void socket.destroy())
  return socket
}

/** Sends all of a body but its end. */
function sendInPart(url: string, bytes: number, head = `Content-Length: ${bytes}`): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
  const isChunked = !head.startsWith('Content-Length')
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${head}\r\n\r\n`,
  )
  if (isChunked) socket.write(`${bytes.toString(16)}\r\n`)
  socket.write(Buffer.alloc(bytes - 1, ' '))
  onTestFinished(() => void socket.destroy())
  return socket
}

describe('bodies', () => {
  const MEGABYTES_8 = 8 * 1024 * 1024

  it.each(['Content-Length: 8388608', 'Transfer-Encoding: chunked'])(
    'that wait for their end are held for one address only to some size; who leaves makes room (%s)',
    async (head) => {
      const { url } = await startService({ MAX_SOCKETS_PER_IP: '1' })
      const message = { role: 'user', content: 'a' }
      const ask = () =>
        call(`${url}/v1/chat/completions`, 'POST', {
          model: 'default',
          messages: [{ role: 'user', content: 'a'.repeat(100_000) }, { role: 'assistant', content: 'b' }, message],
        })
      const held = Array.from({ length: 9 }, () => sendInPart(url, MEGABYTES_8, head))
      await expect
        .poll(ask, { timeout: 5_000 })
        .toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } })
      expect((await call(`${url}/chat/start`, 'POST', {})).status).toBe(200)
      for (const socket of held) socket.destroy()
      await expect.poll(async () => (await ask()).status).toBe(200)
    },
  )
})

describe('answers', () => {
  const LINE = 'a'.repeat(90_000)

  /** A session whose history is a megabyte. */
  async function fillSession(url: string): Promise<void> {
    for (let n = 0; n < 12; n++) {
      const message = { id: `m-${n}`, role: 'user', parts: [{ type: 'text', text: LINE }] }
      await (
        await openStream(`${url}/api/chat`, { id: 'long', messages: [message] })
      ).ended
    }
  }

  it.each(['/chat/sessions/long', '/chat/sessions/long/export'])(
    'of %s may be left unread by one address up to a size; a client that leaves makes room',
    async (path) => {
      const { url } = await startService({ MAX_SOCKETS_PER_IP: '1' })
      await fillSession(url)
      const silent = Array.from({ length: 5 }, () => askInSilence(url, path, 16))
      expect((await call(`${url}/chat/sessions`)).status).toBe(200)
      let text = ''
      silent
        .at(-1)!
        .on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
        .resume()
      await expect.poll(() => text).toMatch(/HTTP\/1.1 429 .*"code":"rate_limited".*"retry_after":1/s)
      for (const socket of silent) socket.destroy()
      await expect.poll(async () => (await fetch(url + path)).status).toBe(200)
    },
  )
})
