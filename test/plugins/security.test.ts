/** What every answer's head says: to browsers, and to whoever looks for a request in the log. */
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { SIGNED_IN, as } from '#test/identity/tokens.ts'
import { call, openStream, startService, startSession } from '#test/helper.ts'

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/

function preflight(url: string, origin: string, more: Record<string, string> = {}) {
  const headers = { origin, 'access-control-request-method': 'POST', ...more }
  return fetch(`${url}/chat/stream`, { method: 'OPTIONS', headers })
}

function listOf(headers: Headers, name: string): string[] {
  return (headers.get(name) ?? '').toLowerCase().split(/, */).toSorted()
}

describe('pages of other origins', () => {
  it.each(['http://localhost:3000', 'https://localhost', 'http://127.0.0.1:8080', 'http://[::1]:5173'])(
    'may call from %s while the service listens on loopback',
    async (origin) => {
      const { url } = await startService()
      const { status, headers } = await preflight(url, origin)
      expect(status).toBe(204)
      expect(headers.get('access-control-allow-origin')).toBe(origin)
      expect(headers.get('vary')).toContain('Origin')
    },
  )

  it.each(['https://example.com', 'http://localhost.example.com', 'http://localhost:80.example.com', 'null'])(
    'may not call from %s',
    async (origin) => {
      const { url } = await startService()
      expect((await preflight(url, origin)).headers.get('access-control-allow-origin')).toBeNull()
    },
  )

  it('may call when they are listed, and then no others', async () => {
    const { url } = await startService({ ALLOWED_ORIGINS: 'https://app.example.com, https://b.example.com' })
    const allows = async (origin: string) => (await preflight(url, origin)).headers.get('access-control-allow-origin')
    expect(await allows('https://b.example.com')).toBe('https://b.example.com')
    expect(await allows('http://localhost:3000')).toBeNull()
    expect(await allows('https://app.example.com.evil.org')).toBeNull()
  })

  it.each([
    'capacitor://localhost',
    'tauri://localhost',
    'http://tauri.localhost',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
  ])('may be an app’s: %s', async (origin) => {
    const { url } = await startService({ ALLOWED_ORIGINS: `https://app.example.com,${origin}` })
    expect((await preflight(url, origin)).headers.get('access-control-allow-origin')).toBe(origin)
    expect((await call(`${url}/chat/start`, 'POST', {}, { origin })).status).toBe(200)
    const other = await startService({ ALLOWED_ORIGINS: 'https://app.example.com' })
    expect((await call(`${other.url}/chat/start`, 'POST', {}, { origin })).status).toBe(403)
  })

  it('may call from the internet into a private network when they are listed', async () => {
    const { url } = await startService({ ALLOWED_ORIGINS: 'https://app.example.com' })
    const asks = { 'access-control-request-private-network': 'true' }
    const allows = async (origin: string, more = asks) =>
      (await preflight(url, origin, more)).headers.get('access-control-allow-private-network')
    expect(await allows('https://app.example.com')).toBe('true')
    expect(await allows('https://evil.example')).toBeNull()
    expect(await allows('https://app.example.com', {} as never)).toBeNull()
  })

  it('may not call by default where the service listens to all', async () => {
    const { url } = await startService({ HOST: '0.0.0.0', AUTH: 'off' })
    expect((await preflight(url, 'http://localhost:3000')).headers.get('access-control-allow-origin')).toBeNull()
  })

  it('may send any header, and see the headers of an answer', async () => {
    const { url } = await startService()
    const asked = ['authorization', 'idempotency-key', 'traceparent', 'x-requested-with', 'x-stainless-of-tomorrow']
    const { headers } = await preflight(url, 'http://localhost:3000', {
      'access-control-request-headers': asked.join(','),
    })
    expect(listOf(headers, 'access-control-allow-headers')).toEqual(asked)
    expect(headers.get('vary')).toContain('Access-Control-Request-Headers')
    const session_id = await startSession(url)
    const from = { origin: 'http://localhost:3000' }
    const stream = await openStream(`${url}/chat/stream`, { session_id, message: 'Hello' }, from)
    const exposed = listOf(new Headers(stream.headers as Record<string, string>), 'access-control-expose-headers')
    expect(exposed).toEqual([
      'content-disposition',
      'retry-after',
      'x-request-id',
      'x-session-id',
      'x-should-retry',
      'x-turn-id',
    ])
    expect(stream.headers['access-control-allow-origin']).toBe('http://localhost:3000')
  })
})

const statusOf = async (url: string, method: string, headers: Record<string, string>, body?: string) => {
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: Buffer.from(body) }) })
  await response.text()
  return response.status
}

describe('a page that may not call', () => {
  const EVIL = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  const BLIND = { 'sec-fetch-site': 'cross-site' }
  it('changes nothing, with a body or without', async () => {
    const { url } = await startService()
    const session_id = await startSession(url)
    const session = `${url}/chat/sessions/${session_id}`
    await call(`${url}/chat/message`, 'POST', { session_id, message: 'Keep this' })
    for (const page of [EVIL, BLIND, { origin: 'null' }, { origin: '' }, { origin: `${url}.evil.example` }]) {
      for (const path of [`${session}/clear`, `${session}/stop`, `${url}/chat/turns/${session_id}.1/regenerate`]) {
        expect(await statusOf(path, 'POST', page), path).toBe(403)
      }
      for (const method of ['DELETE', 'PATCH']) expect(await statusOf(session, method, page)).toBe(403)
      const json = { ...page, 'content-type': 'Application/JSON; charset=utf-8' }
      expect(await statusOf(`${url}/chat/start`, 'POST', json, '{}')).toBe(403)
      expect(await statusOf(`${url}/chat/start`, 'POST', page, '{}')).toBe(403)
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
        expect(await statusOf(`${url}/chat/start`, 'POST', { ...page, 'content-type': type }, '{}'), type).toBe(415)
      }
    }
    expect((await call(session)).body).toMatchObject({ message_count: 2 })
    expect((await call(`${url}/chat/sessions`)).body.sessions).toHaveLength(1)
  })

  it('is refused before anyone is asked for a token', async () => {
    const { url } = await startService(SIGNED_IN)
    expect(await statusOf(`${url}/chat/start`, 'POST', { ...EVIL, ...as('ann') }, '{}')).toBe(403)
    expect(await statusOf(`${url}/brain/switch`, 'POST', EVIL)).toBe(403)
  })

  it('is not the service’s own, nor a listed one, nor any client that is no page', async () => {
    const { url } = await startService({ ALLOWED_ORIGINS: 'https://app.example.com' })
    const { host } = new URL(url)
    const may = [
      {},
      { origin: url },
      { origin: url, 'sec-fetch-site': 'same-origin' },
      { origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'same-origin' },
      // Behind a proxy that speaks TLS.
      { origin: `https://${host}` },
    ]
    for (const headers of may) {
      expect(await statusOf(`${url}/chat/start`, 'POST', { ...headers, 'content-type': 'text/plain' }, '{}')).toBe(200)
    }
    // An app’s scheme alone does not make its page one of the service’s.
    expect(await statusOf(`${url}/chat/start`, 'POST', { origin: `capacitor://${host}` })).toBe(403)
  })

  it('is the service’s own where the proxy names the usual port', async () => {
    const { app } = await startService({ ALLOWED_HOSTS: 'chat.example.com' })
    const pageOf = (host: string, origin: string) =>
      app.inject({ method: 'POST', url: '/chat/start', headers: { host, origin }, payload: {} })
    expect((await pageOf('chat.example.com:443', 'https://chat.example.com')).statusCode).toBe(200)
    expect((await pageOf('Chat.Example.com', 'http://chat.example.com')).statusCode).toBe(200)
    expect((await pageOf('chat.example.com:443', 'http://chat.example.com')).statusCode).toBe(403)
    expect((await pageOf('chat.example.com', 'https://chat.example.com:8443')).statusCode).toBe(403)
  })
})

/** Sends a request with headers that are written by hand, and returns the status. */
async function ask(url: string, head: string): Promise<number> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.end(`${head.replaceAll('\n', '\r\n')}\r\nConnection: close\r\n\r\n`)
  return Number(/^HTTP\/1.1 (\d+)/.exec((await socket.toArray()).join(''))?.[1])
}
const get = (host: string, path = '/chat/sessions') => `GET ${path} HTTP/1.1\nHost: ${host}`

describe('the name by which the service is asked', () => {
  const [KNOWN, UNKNOWN] = [200, 421]

  it.each([
    ['127.0.0.1:5001', '192.0.2.7', '[::1]:5001', '[2001:db8::7]', 'localhost', 'LOCALHOST:80', 'localhost.:5001'],
    ['app.localhost:5001', '127.1', '0.0.0.0:5001'],
  ])('is an address, or this machine’s own, while the service is open: %s', async (...hosts) => {
    const { url } = await startService()
    for (const host of hosts) expect(await ask(url, get(host)), host).toBe(KNOWN)
  })

  it('may not be one that could be anyone’s, at any endpoint', async () => {
    const { url } = await startService()
    const evil = ['evil.example', 'evil.example:5001', 'localhost.evil.example', '127.0.0.1.evil.example', 'xlocalhost']
    for (const host of [
      ...evil,
      'localhost@evil.example',
      'evil.example@localhost',
      '[::1',
      '::1',
      'localhost/x',
      '',
    ]) {
      expect(await ask(url, get(host)), host).toBe(UNKNOWN)
    }
    const paths = [
      '/',
      '/docs',
      '/openapi.json',
      '/metrics',
      '/health',
      '/nowhere',
      '/socket.io/?EIO=4&transport=polling',
    ]
    for (const path of paths) expect(await ask(url, get('evil.example', path)), path).toBe(UNKNOWN)
    const preflights = 'Origin: http://localhost:3000\nAccess-Control-Request-Method: POST'
    expect(await ask(url, `OPTIONS /chat/stream HTTP/1.1\nHost: evil.example\n${preflights}`)).toBe(UNKNOWN)
    expect(await ask(url, `${get('evil.example')}\nX-Forwarded-Host: localhost\nForwarded: host=localhost`)).toBe(
      UNKNOWN,
    )
    expect(await ask(url, `${get('localhost')}\nHost: evil.example`)).toBe(UNKNOWN)
    expect(await ask(url, get('localhost', 'http://evil.example/chat/sessions'))).toBe(UNKNOWN)
    expect(await ask(url, get('evil.example', 'http://localhost/chat/sessions'))).toBe(UNKNOWN)
    expect(await ask(url, get('localhost', 'http://localhost/chat/sessions'))).toBe(KNOWN)
  })

  it('is sent by every browser: a client that sends none is no browser', async () => {
    const { url } = await startService()
    expect(await ask(url, 'GET /chat/sessions HTTP/1.0')).toBe(KNOWN)
  })

  it('is one of those that are listed, as a host or as a page’s', async () => {
    const env = {
      ALLOWED_HOSTS: 'Chat.Example.com, *.example.org:8443, repartee',
      ALLOWED_ORIGINS: 'https://app.example.net',
    }
    const { url } = await startService(env)
    const known = [
      'chat.example.com',
      'CHAT.EXAMPLE.COM.:99',
      'a.b.example.org:8443',
      'repartee:5001',
      'app.example.net',
    ]
    for (const host of known) expect(await ask(url, get(host)), host).toBe(KNOWN)
    const unknown = [
      'x.chat.example.com',
      'a.example.org',
      'a.example.org:443',
      'example.org:8443',
      'aexample.org:8443',
    ]
    for (const host of unknown) expect(await ask(url, get(host)), host).toBe(UNKNOWN)
  })

  it('says what to do', async () => {
    const { app } = await startService()
    const answer = await app.inject({ url: '/health', headers: { host: 'evil.example' } })
    expect(answer.json()).toEqual({
      error: expect.stringContaining('ALLOWED_HOSTS'),
      code: 'host_not_allowed',
      retryable: false,
    })
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
  })

  it('may be any with a sign-in, except for metrics that are read without a token', async () => {
    const { url } = await startService({ ...SIGNED_IN, METRICS_TOKEN: 'let-me-see' })
    expect(await ask(url, get('chat.example.com', '/health'))).toBe(KNOWN)
    expect(await ask(url, get('chat.example.com', '/metrics'))).toBe(UNKNOWN)
    expect(await ask(url, `${get('chat.example.com', '/metrics')}\nAuthorization: Bearer let-me-see`)).toBe(KNOWN)
    expect(await ask(url, get('127.0.0.1', '/metrics'))).toBe(KNOWN)
    const strict = await startService({ ...SIGNED_IN, ALLOWED_HOSTS: 'chat.example.com' })
    expect(await ask(strict.url, get('chat.example.com', '/health'))).toBe(KNOWN)
    expect(await ask(strict.url, get('evil.example', '/health'))).toBe(UNKNOWN)
  })
})

describe('every answer', () => {
  it.each([
    ['GET', '/health'],
    ['GET', '/nowhere'],
    ['POST', '/chat/stream'],
    ['GET', '/%zz'],
    ['OPTIONS', '/chat/stream'],
    ['GET', '/socket.io/?EIO=4&transport=polling'],
  ])('has an id of its own: %s %s', async (method, path) => {
    const { url } = await startService()
    const cors = { origin: 'http://localhost:3000', 'access-control-request-method': 'POST' }
    const { headers } = await fetch(url + path, { method, headers: { 'x-request-id': 'forged', ...cors } })
    expect(headers.get('x-request-id')).toMatch(UUID)
  })

  it('has one also when the request is none', async () => {
    const { url } = await startService()
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname, () => socket.write('nonsense\r\n\r\n'))
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    expect(text).toMatch(/^HTTP\/1.1 400 .*\r\nX-Request-Id: [\da-f-]{36}\r\n/s)
  })

  it('tells browsers to run nothing in it and to guess no types', async () => {
    const { url } = await startService()
    const { headers } = await fetch(`${url}/health`)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(headers.get('x-powered-by')).toBeNull()
  })
})
