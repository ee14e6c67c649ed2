/** What is Socket.IO's own: both servers on one port, clients as they stand, hostile packets, slow polling. */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import type { Socket as ServerSocket } from 'socket.io'
import type { Socket } from 'socket.io-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { ChatError } from '#src/chat/errors.ts'
import { call, type Json, startService, startWithProvider, type Service } from '#test/helper.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { says } from '#test/provider/openai.ts'
import { openSocketIo, openWebSocket } from '#test/transports/clients.ts'

async function next<T = Json>(socket: Socket, event: string): Promise<T> {
  return new Promise((resolve) => void socket.once(event, resolve))
}

/** An engine's WebSocket spoken by hand, after its handshake. */
async function openEngine(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
  await once(socket, 'message')
  socket.send('40')
  await once(socket, 'message')
  return socket
}

const polling = (url: string, sid = '') => `${url}/socket.io/?EIO=4&transport=polling${sid && `&sid=${sid}`}`

/** A polling client by hand, which polls when it is told to. */
async function openPolling(url: string) {
  const opened = await (await fetch(polling(url))).text()
  const { sid } = JSON.parse(opened.slice(1)) as { sid: string }
  const poll = async () => (await (await fetch(polling(url, sid))).text()).split('\x1e')
  const say = (packet: string) => fetch(polling(url, sid), { method: 'POST', body: packet })
  await say('40')
  return { poll, say }
}

describe('Socket.IO', () => {
  it.each([['websocket', 'polling'], ['websocket'], ['polling']])(
    'serves clients as they stand (%s)',
    async (...how) => {
      const { url } = await startService()
      const socket = openSocketIo(url, how)
      expect(await next(socket, 'connected')).toEqual({ message: expect.any(String), timestamp: expect.any(String) })
      expect(socket.io.engine.transport.name).toBe(how[0])
      const tokens: Json[] = []
      socket.on('chat_token', (data: Json) => tokens.push(data))
      socket.emit('chat_stream', { message: 'Hello' })
      const end = await next(socket, 'chat_complete')
      expect(end.full_response).toBe(end.full_text)
      expect(tokens.at(-1)).toMatchObject({ partial: end.full_text, count: end.tokens, session_id: end.session_id })
      socket.emit('chat_stream', { message: 'Again' })
      expect((await next(socket, 'chat_complete')).session_id).toBe(end.session_id)
    },
  )

  it('moves from polling to WebSocket by itself', async () => {
    const { url } = await startService()
    const socket = openSocketIo(url)
    const { engine } = socket.io
    await new Promise((resolve) => engine.once('upgrade', resolve))
    expect(engine.transport.name).toBe('websocket')
    socket.emit('chat_stream', { message: 'Hello' })
    expect(await next(socket, 'chat_complete')).toMatchObject({ finish_reason: 'stop' })
  })

  it('shares the port with WebSocket, in either order', async () => {
    for (const isFirst of [true, false]) {
      const { url } = await startService()
      const open = async () => {
        const { socket, hear } = await openWebSocket(url)
        const heard = new Promise((resolve) => hear((event) => event === 'chat_complete' && resolve(event)))
        socket.send('{"event":"chat_stream","data":{"message":"Hello"}}')
        await heard
      }
      if (isFirst) await open()
      const socket = openSocketIo(url, ['websocket'])
      await next(socket, 'connected')
      socket.emit('chat_stream', { message: 'Hello' })
      await next(socket, 'chat_complete')
      if (!isFirst) await open()
    }
  })

  it('answers acknowledgements with what came of it', async () => {
    const { url } = await startService()
    const socket = openSocketIo(url, ['websocket'])
    const start = (await socket.emitWithAck('chat_stream', { message: 'Hello' })) as Json
    expect(start).toMatchObject({ start: true, turn_id: expect.any(String) })
    expect(await socket.emitWithAck('chat_stop', { turn_id: start.turn_id })).toMatchObject({ turn_id: start.turn_id })
    expect(await socket.emitWithAck('chat_stream', {})).toMatchObject({ code: 'invalid_request' })
    expect(await socket.emitWithAck('ping')).toEqual({})
  })

  it('leaves the text so far out where a client does not want it', async () => {
    const { url } = await startService()
    const socket = openSocketIo(url, ['websocket'])
    await next(socket, 'connected')
    socket.emit('chat_stream', { message: 'Hello', partial: false })
    expect(await next(socket, 'chat_token')).not.toHaveProperty('partial')
  })

  it('accepts a token while the service is open', async () => {
    const { url } = await startService()
    const socket = openSocketIo(url, ['websocket'], { auth: { token: 'x' } })
    await next(socket, 'connected')
    expect(await socket.emitWithAck('auth', { token: 'x' })).toEqual({})
  })

  it('refuses the connection where the token is nobody’s, and ends it when it is not renewed', async () => {
    const { app, url } = await startService()
    app.identify = async (token) => {
      if (token === 'good') return { owner: 'ann', isAdmin: false, expiresAt: Infinity }
      throw new ChatError('unauthorized', 'This token is not valid.')
    }
    const [error] = (await once(openSocketIo(url, ['websocket']) as never, 'connect_error')) as [{ data: Json }]
    expect(error.data).toMatchObject({ code: 'unauthorized' })
    const socket = openSocketIo(url, ['websocket'], { auth: { token: 'good' } })
    await next(socket, 'connected')
    expect(await socket.emitWithAck('auth', { token: 'good' })).toEqual({})
    const gone = next<string>(socket, 'disconnect')
    socket.emit('auth', { token: 'bad' })
    expect(await next(socket, 'chat_stream_error')).toMatchObject({ code: 'unauthorized' })
    expect(await gone).toBe('io server disconnect')
  })

  it('is a polling client’s cursor, too: what it does not fetch stays in the log', async () => {
    const deltas = Array.from({ length: 4_000 }, (_, index) => `${index} `.padEnd(1_000, '.'))
    const { app, url } = await startWithProvider(says(deltas))
    const { poll, say } = await openPolling(url)
    await say(`42${JSON.stringify(['chat_stream', { message: 'Hello', partial: false }])}`)
    const packets = await poll()
    while (!packets.some((packet) => packet.includes('chat_start'))) packets.push(...(await poll()))
    const { turn_id } = (
      JSON.parse(packets.find((packet) => packet.includes('chat_start'))!.slice(2)) as [string, Json]
    )[1]
    await expect.poll(async () => (await call(`${url}/chat/turns/${String(turn_id)}`)).body.state).toBe('done')
    expect(countQueued(app)).toBeLessThan(150_000)
    while (!packets.at(-1)!.includes('chat_complete')) packets.push(...(await poll()))
    const said = packets
      .filter((packet) => packet.startsWith('42["chat_token"'))
      .map((packet) => (JSON.parse(packet.slice(2)) as [string, Json])[1].token)
    expect(said.join('') === deltas.join('')).toBe(true)
  })
})

/** Characters that wait for clients in the engine. */
function countQueued({ io }: Service['app']): number {
  const { clients } = io.engine as unknown as { clients: Record<string, { writeBuffer: { data?: string }[] }> }
  const packets = Object.values(clients).flatMap(({ writeBuffer }) => writeBuffer)
  return packets.reduce((sum, { data }) => sum + (data?.length ?? 0), 0)
}

/** Asks on the agent's connection: a POST where there is a body. Returns the answer and the connection. */
async function askBy(agent: Agent, url: string, body?: string) {
  const asked = httpRequest(url, { agent, method: body === undefined ? 'GET' : 'POST' }).end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return { text: (await response.setEncoding('utf8').toArray()).join(''), socket: asked.socket }
}

describe('hostile packets', () => {
  it.each([
    ['an unknown event', ['chat'], 'frame_invalid'],
    ['an event that would be thrown', ['error', 'x'], 'frame_invalid'],
    ['an event of the prototype', ['constructor', {}], 'frame_invalid'],
    ['__proto__ as event', ['__proto__', {}], 'frame_invalid'],
    ['a number as event', [7, {}], 'frame_invalid'],
    ['no data', ['chat_stream'], 'invalid_request'],
    ['null', ['chat_stream', null], 'invalid_request'],
    ['a text', ['chat_stream', 'Hello'], 'invalid_request'],
    ['bytes', ['chat_stream', Buffer.from('Hello')], 'invalid_request'],
    ['a message of bytes', ['chat_stream', { message: Buffer.from('Hello') }], 'invalid_request'],
    ['half a surrogate pair', ['chat_stream', { message: '\ud800' }], 'invalid_request'],
    ['NUL', ['chat_stream', { message: '\0' }], 'invalid_request'],
  ])('answers %s with an error, and stays', async (_what, sent, code) => {
    const { url } = await startService()
    const socket = openSocketIo(url, ['websocket'])
    await next(socket, 'connected')
    socket.emit(...(sent as [string]))
    expect(await next(socket, 'chat_stream_error')).toMatchObject({ error: expect.any(String), code })
    socket.emit('ping')
    await next(socket, 'pong')
  })

  it.each([
    ['an event that is reserved', '42["disconnect"]'],
    ['no JSON', '42["chat_stream",{'],
    ['no event', '42{}'],
    ['a deep list', `42${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['a packet of no type', '49'],
    ['attachments that do not come', '459999-["x"]'],
    ['a message that is too large', `42["chat_stream","${'a'.repeat(1_048_576)}"]`],
    ['another namespace', '40/__proto__,'],
    ['bytes for nothing', Buffer.from('x')],
  ])('is none the worse for %s', async (_what, packet) => {
    const { url } = await startService()
    const bad = await openEngine(url)
    const closed = once(bad, 'close')
    bad.send(packet)
    const good = openSocketIo(url, ['websocket'])
    good.emit('chat_stream', { message: 'Hello' })
    expect(await next(good, 'chat_complete')).toMatchObject({ finish_reason: 'stop' })
    bad.close()
    await closed
  })

  it('lets a client go that asks for namespaces, which are refused, and reads nothing', async () => {
    const { url, app } = await startService()
    const bad = await openEngine(url)
    onTestFinished(() => bad.terminate())
    bad.pause()
    const { clients } = app.io.engine as unknown as { clients: Record<string, ServerSocket['conn']> }
    const [conn] = Object.values(clients)
    const gone = once(conn as never, 'close')
    const ask = (): void => {
      for (let count = 0; count < 2_000; count++) bad.send('40/nowhere,')
      if (bad.readyState === bad.OPEN) setImmediate(ask)
    }
    ask()
    expect((await gone)[0]).toBe('forced close')
    // At once, although it reads no close frame.
    expect(conn!.request.socket.destroyed).toBe(true)
  })

  it('leaves the connection of such a client alone where it polls, as a proxy shares it among clients', async () => {
    const { url, app } = await startService()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    const { text: opened, socket } = await askBy(agent, polling(url))
    const { sid } = JSON.parse(opened.slice(1)) as { sid: string }
    const { clients } = app.io.engine as unknown as { clients: Record<string, ServerSocket['conn']> }
    const gone = once(clients[sid] as never, 'close')
    const packets = Array.from({ length: 3_000 }, () => '40/nowhere,').join('\x1e')
    for (let count = 0; clients[sid] && count < 3; count++) await askBy(agent, polling(url, sid), packets)
    expect((await gone)[0]).toBe('forced close')
    expect(await askBy(agent, `${url}/health`)).toEqual({ text: '{"status":"ok"}', socket })
  })

  it('closes on a flood of fragments, and on a message that is too large', async () => {
    const { url } = await startService()
    const flooding = await openEngine(url)
    const flooded = once(flooding, 'close')
    for (let count = 0; count < 70; count++) flooding.send('4', { fin: false })
    expect((await flooded)[0]).toBe(1008)
    const large = await openEngine(url)
    const closed = once(large, 'close')
    large.send(`42["chat_stream","${'a'.repeat(1_048_576)}"]`)
    expect((await closed)[0]).toBe(1009)
    const { say } = await openPolling(url)
    expect((await say('a'.repeat(1_048_576))).status).toBe(413)
  })
})

describe('who may open one', () => {
  it.each([['polling'], ['websocket']])('lets in no page of a foreign origin by %s', async (how) => {
    const { url } = await startService({ ALLOWED_ORIGINS: 'https://app.example.com' })
    const from = (origin: string) => openSocketIo(url, [how], { extraHeaders: { origin } })
    await next(from('https://evil.example.com'), 'connect_error')
    await next(from('https://app.example.com'), 'connected')
    await next(from(url), 'connected')
  })

  it('answers polling with the same headers as everything else', async () => {
    const { url } = await startService({ ALLOWED_ORIGINS: 'https://app.example.com' })
    const { status, headers } = await fetch(polling(url), { headers: { origin: 'https://app.example.com' } })
    expect(status).toBe(200)
    expect(headers.get('access-control-allow-origin')).toBe('https://app.example.com')
    expect(headers.get('x-request-id')).toMatch(/\w/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    const refused = await call(polling(url), 'GET', undefined, { origin: 'https://evil.example.com' })
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  })

  it('counts every way of connecting once, and forgets those that are gone', async () => {
    const { url } = await startService({ MAX_SOCKETS_PER_IP: '2' })
    const upgraded = openSocketIo(url)
    await new Promise((resolve) => upgraded.io.engine.once('upgrade', resolve))
    await next(openSocketIo(url, ['websocket']), 'connected')
    await next(openSocketIo(url, ['websocket']), 'connect_error')
    await next(openSocketIo(url, ['polling']), 'connect_error')
    upgraded.disconnect()
    await expect.poll(async () => (await fetch(polling(url))).status).toBe(200)
  })

  it('refuses JSONP polling, which a script of any page could read', async () => {
    const { url, app } = await startService()
    for (const query of ['&j=0', '&j', '&j=1&j=2']) {
      expect(await call(polling(url) + query)).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    }
    expect(app.io.engine.clientsCount).toBe(0)
  })

  it('also counts clients that come in one packet, before the first of them is let in', async () => {
    const { url, app } = await startService({ MAX_SOCKETS_PER_IP: '2' })
    const { hostname, port, pathname, search } = new URL(polling(url))
    const socket = connect(Number(port), hostname)
    const request = (more: string) => `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\n${more}\r\n`
    socket.write(request('').repeat(9) + request('Connection: close\r\n'))
    const answers = (await socket.toArray()).join('')
    expect(answers.match(/HTTP\/1.1 200/g)).toHaveLength(10)
    await expect.poll(() => app.io.engine.clientsCount).toBe(2)
  })
})

describe('the end of the process', () => {
  it.each([['websocket'], ['polling']])('ends running turns first, and lets %s clients come back', async (how) => {
    const hand = byHand()
    const { app, url } = await startWithProvider(hand.script)
    const socket = openSocketIo(url, [how])
    socket.emit('chat_stream', { message: 'Hello' })
    ;(await hand.next()).say('One, ')
    await next(socket, 'chat_token')
    const began = performance.now()
    const end = next(socket, 'chat_stream_error')
    const gone = next<string>(socket, 'disconnect')
    await app.close()
    expect(performance.now() - began).toBeLessThan(3_000)
    if (how === 'websocket') expect(await end).toMatchObject({ code: 'interrupted', partial_text: 'One, ' })
    // A client that the server disconnects would stay away.
    expect(await gone).not.toBe('io server disconnect')
  })
})
