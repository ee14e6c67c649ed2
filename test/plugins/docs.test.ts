/** The reference: a document without a flaw, of every door there is, and a page that loads nothing from elsewhere. */
import { hash } from 'node:crypto'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { describe, expect, it } from 'vitest'
import { DOORS } from '#src/wire/doors.ts'
import { SIGNED_IN } from '#test/identity/tokens.ts'
import { startService } from '#test/helper.ts'
import { type Document, readDocument, Reference } from './reference.ts'

const MODES: [string, Record<string, string>][] = [
  ['open', {}],
  ['signed in', SIGNED_IN],
]

/** What the linter wants of doors that have no such answer. */
const NOT_HERE = ['operation-4xx-response', 'operation-2xx-response']

/** The AI SDK names the one path, older clients the other. */
const AMBIGUOUS = ['no-ambiguous-paths']

async function lint(document: Document): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended'] })
  const problems = await lintFromString({ source: JSON.stringify(document), absoluteRef: '/openapi.json', config })
  const left = problems.filter(({ ruleId }) => ![...NOT_HERE, ...AMBIGUOUS].includes(ruleId))
  return left.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)
}

describe('the document', () => {
  it.each(MODES)('has no flaw that a linter finds (%s)', async (_mode, env) => {
    const { url } = await startService(env)
    const response = await fetch(`${url}/openapi.json`)
    expect(response.status).toBe(200)
    const document = (await response.json()) as Document
    expect(document.openapi).toBe('3.1.0')
    expect(await lint(document)).toEqual([])
  })

  it.each(['/openapi.json', '/docs/', '/docs/js/scalar.js'])(
    'is made once, and sent in a coding that the client accepts: %s',
    async (path) => {
      const { url } = await startService()
      const get = (headers: Record<string, string>, method = 'GET') => fetch(url + path, { method, headers })
      const plain = await get({ 'accept-encoding': 'identity' })
      const text = await plain.text()
      const tags = new Set([plain.headers.get('etag')])
      for (const [accepted, coding] of [
        ['gzip, deflate, br', 'br'],
        ['gzip', 'gzip'],
        ['br;q=0, GZIP;q=0.5', 'gzip'],
        ['br; q=0.0, gzip;q=0', null],
        ['*', 'br'],
        ['deflate', null],
      ] as const) {
        const coded = await get({ 'accept-encoding': accepted })
        expect(coded.headers.get('content-encoding'), accepted).toBe(coding)
        expect(coded.headers.get('vary')).toContain('Accept-Encoding')
        expect(await coded.text()).toBe(text)
        tags.add(coded.headers.get('etag'))
        const known = await get({ 'accept-encoding': accepted, 'if-none-match': `"x", ${coded.headers.get('etag')}` })
        expect(known.status).toBe(304)
        expect(await known.text()).toBe('')
        expect((await get({ 'accept-encoding': accepted, 'if-none-match': '"x"' })).status).toBe(200)
      }
      expect(tags.size).toBe(3)
      const head = await get({ 'accept-encoding': 'identity' }, 'HEAD')
      expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(text)))
      expect(await head.text()).toBe('')
    },
  )

  it('is refused by the linter when it has one', async () => {
    const document = structuredClone(readDocument(await startService()))
    document.paths['/chat/start']!.post!.operationId = document.paths['/chat/message']!.post!.operationId
    expect(await lint(document)).not.toEqual([])
  })

  it('has every door, and no other', async () => {
    const { app } = await startService()
    const { doors } = new Reference(readDocument({ app }))
    expect(doors.toSorted()).toEqual([...DOORS.keys()].toSorted())
    for (const door of doors) {
      const [method, path] = door.split(' ')
      expect(app.hasRoute({ method: method!, url: path!.replaceAll(/\{(\w+)\}/g, ':$1') }), door).toBe(true)
    }
  })

  it('is not made when a door is forgotten', async () => {
    const { app } = await startService()
    const described = DOORS as Map<string, unknown>
    const door = described.get('GET /chat/personas')
    described.delete('GET /chat/personas')
    try {
      expect(() => app.swagger()).toThrow('GET /chat/personas')
    } finally {
      described.set('GET /chat/personas', door)
    }
  })

  it('speaks of tokens only where there is a sign-in', async () => {
    const open = readDocument(await startService())
    expect([open.security, open.components.securitySchemes]).toEqual([[], undefined])
    expect(Object.keys(open.paths['/chat/start']!.post!.responses)).not.toContain('401')
    const signedIn = readDocument(await startService(SIGNED_IN))
    expect(signedIn.security).toEqual([{ bearer: [] }])
    expect(signedIn.paths['/chat/start']!.post).not.toHaveProperty('security')
    expect(signedIn.paths['/health']!.get!.security).toEqual([])
  })

  it('has the words of the protocol, on sockets, too', async () => {
    const { info, tags } = readDocument(await startService())
    expect(info.description).toContain('**A POST that is sent again is a resume.**')
    expect(tags.find(({ name }) => name === 'Sockets')!.description).toContain('| `chat_stream_error` |')
  })

  it('does not ask for what has a default', async () => {
    const { paths } = readDocument(await startService())
    expect(paths['/chat/sessions']!.get).toMatchObject({
      parameters: expect.arrayContaining([expect.objectContaining({ name: 'limit', required: false })]),
    })
  })
})

describe('the page', () => {
  it('is open to everybody, and loads nothing from elsewhere', async () => {
    const { url } = await startService(SIGNED_IN)
    const response = await fetch(`${url}/docs`)
    const page = await response.text()
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect(page).not.toMatch(/https?:/)
    expect(page).toContain('"withDefaultFonts": false')
    const script = await fetch(`${url}/docs/js/scalar.js`)
    expect([script.status, script.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8'])
    expect(await script.text()).toContain('scalar')
  })

  it('may run its own scripts and no other, and reach this service and no other', async () => {
    const { url } = await startService()
    const response = await fetch(`${url}/docs`)
    const policy = response.headers.get('content-security-policy')!
    const [, script] = /<script type[^>]*>([^<]+)<\/script>/.exec(await response.text())!
    expect(policy).toContain(`script-src 'self' 'sha256-${hash('sha256', script!, 'base64')}';`)
    expect(policy).toContain("default-src 'none';")
    expect(policy).toContain("connect-src 'self';")
    expect(policy).not.toMatch(/https?:|unsafe-eval|script-src[^;]*unsafe-inline/)
    // Of this page only.
    const other = await fetch(`${url}/health`)
    expect(other.headers.get('content-security-policy')).not.toContain('sha256')
  })
})
