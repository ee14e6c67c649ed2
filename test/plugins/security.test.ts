/** What every answer's head says: to browsers, and to whoever looks for a request in the log. */
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { openStream, startService, startSession } from '#test/helper.ts'

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/

function preflight(url: string, origin: string, path = '/chat/stream') {
  const headers = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,idempotency-key,last-event-id',
  }
  return fetch(url + path, { method: 'OPTIONS', headers })
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

  it('may not call by default where the service listens to all', async () => {
    const { url } = await startService({ HOST: '0.0.0.0', AUTH: 'off' })
    expect((await preflight(url, 'http://localhost:3000')).headers.get('access-control-allow-origin')).toBeNull()
  })

  it('may send what a send has in its head, and see what an answer has', async () => {
    const { url } = await startService()
    const { headers } = await preflight(url, 'http://localhost:3000')
    const allowed = listOf(headers, 'access-control-allow-headers')
    expect(allowed).toEqual(['authorization', 'content-type', 'idempotency-key', 'last-event-id'])
    const session_id = await startSession(url)
    const from = { origin: 'http://localhost:3000' }
    const stream = await openStream(`${url}/chat/stream`, { session_id, message: 'Hello' }, from)
    const exposed = listOf(new Headers(stream.headers as Record<string, string>), 'access-control-expose-headers')
    expect(exposed).toEqual(['retry-after', 'x-request-id', 'x-session-id', 'x-turn-id'])
    expect(stream.headers['access-control-allow-origin']).toBe('http://localhost:3000')
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
