/** Where sockets may be opened, however the address is written: every way is checked alike. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { toPath } from '#plugins/upgrade.ts'
import { startService, startSession, startWithProvider } from '#test/helper.ts'
import { SIGNED_IN } from '#test/identity/tokens.ts'
import { startServer } from '#test/process.ts'
import { isSilent } from '#test/provider/scripts.ts'

const EVIL = 'Origin: https://evil.example\r\n'
const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n'

/** Sends a request that is written by hand, and returns the status of the first answer. */
async function ask(url: string, target: string, headers = UPGRADE, method = 'GET'): Promise<number> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  onTestFinished(() => void socket.destroy())
  const host = /^Host:/m.test(headers) ? '' : `Host: ${hostname}:${port}\r\n`
  socket.write(`${method} ${target} HTTP/1.1\r\n${host}${headers}\r\n`)
  const [head] = (await once(socket, 'data')) as [Buffer]
  return Number(/^HTTP\/1.1 (\d+)/.exec(head.toString())?.[1])
}

const WS = ['/ws', '/ws/', '//ws', '/ws?x', '/ws#x', 'http://localhost/ws', 'HTTP://127.0.0.1//ws/?x=/health']
const ENGINE = '?EIO=4&transport=websocket'
const SOCKET_IO = ['/socket.io/', '/socket.io', '//socket.io//', 'http://localhost/socket.io/'].map((at) => at + ENGINE)

describe('an upgrade', () => {
  it.each([...WS, ...SOCKET_IO])('at %s opens a socket, for those who may', async (target) => {
    const { url } = await startService()
    expect(await ask(url, target)).toBe(101)
    expect(await ask(url, target, UPGRADE + EVIL)).toBe(403)
    expect(await ask(url, target, `${UPGRADE}Host: evil.example\r\n`)).toBe(421)
    expect(await ask(url, target, `${UPGRADE}Sec-Fetch-Site: cross-site\r\n`)).toBe(403)
    expect(await ask(url, target, UPGRADE, 'PUT')).toBe(404)
  })

  it('opens a socket by any name where people sign in', async () => {
    const { url } = await startService(SIGNED_IN)
    const named = `${UPGRADE}Host: chat.example.com\r\n`
    for (const target of ['/ws', `/socket.io/${ENGINE}`]) {
      expect(await ask(url, target, named)).toBe(101)
      expect(await ask(url, target, `${named}Origin: https://chat.example.com\r\n`)).toBe(101)
      expect(await ask(url, target, named + EVIL)).toBe(403)
    }
    for (const target of ['http://[/ws', `http://[/socket.io/${ENGINE}`, `http://h?/socket.io/${ENGINE}`]) {
      expect(await ask(url, target, named), target).toBeGreaterThan(100)
    }
  })

  it.each(['&sid=', '&sid', '&sid=a&sid=', '&sid=&sid=', '&x=1&sid=#', '&SID=', '&sid[]='])(
    'of Socket.IO’s with "%s" is a new client: checked and counted',
    async (tail) => {
      const { url, app } = await startService({ MAX_SOCKETS_PER_IP: '2' })
      const target = `/socket.io/${ENGINE}${tail}`
      expect(await ask(url, target, UPGRADE + EVIL)).toBe(403)
      const statuses = [await ask(url, target), await ask(url, target), await ask(url, target), await ask(url, '/ws')]
      expect(statuses).toEqual([101, 101, 429, 429])
      expect(app.io.engine.clientsCount).toBe(2)
    },
  )

  it('of a polling client is checked for its page, too', async () => {
    const { url } = await startService()
    const opened = await (await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).text()
    const { sid } = JSON.parse(opened.slice(1)) as { sid: string }
    expect(await ask(url, `/socket.io/${ENGINE}&sid=${sid}`, UPGRADE + EVIL)).toBe(403)
    expect(await ask(url, `/socket.io/${ENGINE}&sid=${sid}`)).toBe(101)
  })

  it('anywhere else is 404, and the log has no address with its query', async () => {
    const server = await startServer()
    const paths = [
      '/',
      '/health',
      '/chat/sessions',
      '/chat/turns/x.1/stream',
      '/WS',
      '/wss',
      '/ws/x',
      '/%77s',
      '/socket.iox',
    ]
    for (const path of paths) expect(await ask(server.url, `${path}?token=CANARY`), path).toBe(404)
    for (const target of ['http://[/ws?CANARY', 'http://[/socket.io/?CANARY', '?CANARY', 'ws?CANARY']) {
      expect(await ask(server.url, target), target).toBeGreaterThanOrEqual(400)
    }
    server.kill('SIGTERM')
    await server.exited
    expect(server.output()).not.toContain('CANARY')
  })

  it('to anything but a WebSocket is ignored: the request is answered without it', async () => {
    const { url } = await startService()
    const h2c = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n'
    expect(await ask(url, '/health', h2c)).toBe(200)
    expect(await ask(url, '/ws', h2c)).toBe(404)
  })
})

describe('an upgrade behind a request that is not answered yet', () => {
  it.each(['/ws', `/socket.io/${ENGINE}`])('to %s ends the connection', async (target) => {
    const { url } = await startWithProvider(isSilent())
    const session_id = await startSession(url)
    const body = JSON.stringify({ session_id, message: 'Hello' })
    const head = 'POST /chat/message HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
    const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
    socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`)
    socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${UPGRADE}\r\n`)
    await once(socket, 'close')
    expect(text).toBe('')
  })
})

describe('the path of a target', () => {
  it.each([
    ['/ws', '/ws'],
    ['//ws//', '/ws'],
    ['/ws/?a=/b', '/ws'],
    ['http://host:1/ws', '/ws'],
    ['http://host', ''],
    ['/', '/'],
    ['*', '*'],
    [undefined, ''],
  ])('%s is %s', (target, path) => {
    expect(toPath(target)).toBe(path)
  })
})
