/** Signing in on sockets: where a token may stand, what is heard before it, and what happens when its time ends. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'socket.io-client'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { call, type Json, startService, startWithProvider } from '#test/helper.ts'
import { as, bearer, makeKey, SIGNED_IN, startIssuer, tokenBy, tokenFor, tokenUntil } from '#test/identity/tokens.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { openSocketIo, openWebSocket } from '#test/transports/clients.ts'

type Said = [event: string, data: Json]

/** A WebSocket client that keeps everything it hears. */
async function talk(url: string, protocols: string[] = [], headers: object = {}) {
  const { socket, hear } = await openWebSocket(url, protocols, headers)
  const heard: Said[] = []
  const waiting = new Set<() => void>()
  hear((event, data) => {
    heard.push([event, data])
    for (const wake of waiting) wake()
  })
  const closed = once(socket, 'close').then(([code]) => code as number)
  /** The data of the next frame of that name. */
  const until = async (name: string): Promise<Json> => {
    for (;;) {
      const index = heard.findIndex(([event]) => event === name)
      if (index >= 0) return heard.splice(0, index + 1).at(-1)![1]
      await new Promise<void>((resolve) => waiting.add(resolve))
    }
  }
  return {
    socket,
    heard,
    until,
    closed,
    say: (event: string, data: Json = {}) => socket.send(JSON.stringify({ event, data })),
  }
}

async function refusal(url: string, protocols: string[], headers: object = {}): Promise<[number, Json]> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, protocols, { headers: headers as never })
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  return [response.statusCode!, JSON.parse((await response.toArray()).join('')) as Json]
}

const UNAUTHORIZED = { error: expect.any(String), code: 'unauthorized', retryable: false }

describe('WebSocket, with a token', () => {
  it('takes it from the header, and from the sub-protocol beside its own', async () => {
    const { url } = await startService(SIGNED_IN)
    const byHeader = await talk(url, [], as('ann'))
    await byHeader.until('connected')
    const byProtocol = await talk(url, ['repartee', `bearer.${tokenFor('ann')}`])
    await byProtocol.until('connected')
    expect(byProtocol.socket.protocol).toBe('repartee')
    byProtocol.say('chat_stream', { message: 'Hello' })
    const { session_id } = await byProtocol.until('chat_complete')
    const { body } = await call(`${url}/chat/sessions/${String(session_id)}`, 'GET', undefined, as('ann'))
    expect(body).toMatchObject({ user_id: 'ann' })
  })

  it('refuses the upgrade where it is wrong, with the same bytes as every door', async () => {
    const { url } = await startService(SIGNED_IN)
    const { body } = await call(`${url}/brains`)
    const expected = [401, body]
    expect(await refusal(url, [], bearer('x'))).toEqual(expected)
    expect(await refusal(url, [], bearer(''))).toEqual(expected)
    expect(await refusal(url, [], bearer(tokenUntil('ann', -1)))).toEqual(expected)
    expect(await refusal(url, ['repartee', 'bearer.x'])).toEqual(expected)
    expect(await refusal(url, ['repartee', 'bearer.'])).toEqual(expected)
    expect(await refusal(url, ['repartee', `bearer.${tokenFor('ann')}x`])).toEqual(expected)
    // The header is what counts.
    expect(await refusal(url, ['repartee', `bearer.${tokenFor('ann')}`], bearer('x'))).toEqual(expected)
  })

  it('says 503 at the upgrade while it cannot be checked', async () => {
    const key = makeKey('key')
    const issuer = await startIssuer([key])
    issuer.mood = 'failing'
    const { url } = await startService({ JWKS_URL: issuer.url })
    expect(await refusal(url, [], bearer(tokenBy(key, 'ann')))).toMatchObject([503, { code: 'store_unavailable' }])
  })
})

describe('WebSocket, without a token', () => {
  it('hears nothing before the frame with it, and then that it is connected', async () => {
    const { url } = await startService(SIGNED_IN)
    const { socket, heard, say, until } = await talk(url)
    say('ping')
    say('chat_stream', { message: 'Hello' })
    say('nonsense')
    socket.send('no JSON')
    socket.send(Buffer.from('bytes'))
    say('auth', { token: tokenFor('ann') })
    // What follows the sign-in need not wait for its answer.
    say('ping')
    say('chat_stream', { message: 'Hello' })
    await until('chat_complete')
    const { body } = await call(`${url}/chat/sessions`, 'GET', undefined, as('ann'))
    expect(body.sessions).toMatchObject([{ message_count: 2 }])
    expect(heard).toEqual([])
  })

  it('says connected first, and nothing else before', async () => {
    const { url } = await startService(SIGNED_IN)
    const { heard, say, closed, socket } = await talk(url)
    say('ping')
    say('auth', { token: tokenFor('ann') })
    say('ping')
    await expect.poll(() => heard.map(([event]) => event)).toEqual(['connected', 'pong'])
    socket.close()
    await closed
  })

  it('never takes it from the query string', async () => {
    const { url } = await startService(SIGNED_IN)
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws?token=${tokenFor('ann')}`)
    let heard = 0
    socket.on('message', () => heard++)
    await once(socket, 'open')
    socket.send(JSON.stringify({ event: 'ping' }))
    const pong = once(socket, 'pong')
    socket.ping()
    await pong
    expect(heard).toBe(0)
    socket.terminate()
  })

  it('closes with 4401 when the frame’s token is wrong, and does nothing that follows it', async () => {
    const { url } = await startService(SIGNED_IN)
    const { say, heard, until, closed } = await talk(url)
    say('auth', { token: tokenUntil('ann', -1) })
    say('chat_stream', { message: 'Hello' })
    say('auth', { token: tokenFor('ann') })
    expect(await until('chat_stream_error')).toEqual(UNAUTHORIZED)
    expect(await closed).toBe(4401)
    expect(heard).toEqual([])
    const { body } = await call(`${url}/chat/sessions`, 'GET', undefined, as('ann'))
    expect(body.sessions).toEqual([])
  })

  it('stays when the frame has no token in it, or when it cannot be checked now', async () => {
    const key = makeKey('key')
    const issuer = await startIssuer([key])
    issuer.mood = 'failing'
    const { url } = await startService({ JWKS_URL: issuer.url })
    const { say, until } = await talk(url)
    say('auth', { token: 7 })
    expect(await until('chat_stream_error')).toMatchObject({ code: 'invalid_request' })
    say('auth', { token: tokenBy(key, 'ann') })
    expect(await until('chat_stream_error')).toMatchObject({ code: 'store_unavailable', retryable: true })
    issuer.mood = 'well'
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    say('auth', { token: tokenBy(key, 'ann') })
    await until('connected')
  })

  it('counts against the limit of sockets all the same', async () => {
    const { url } = await startService({ ...SIGNED_IN, MAX_SOCKETS_PER_IP: '2' })
    await talk(url)
    await talk(url)
    expect(await refusal(url, [], as('ann'))).toMatchObject([429, { code: 'rate_limited' }])
  })

  it('opens 200 by default where people sign in', async () => {
    const { url } = await startService(SIGNED_IN)
    await Promise.all(Array.from({ length: 200 }, () => openWebSocket(url)))
    expect(await refusal(url, [])).toMatchObject([429, {}])
  })
})

const startAs = async (url: string) => (await call(`${url}/chat/start`, 'POST', {}, as('ann'))).body.session_id

/** A client in the middle of a reply, whose token lasts so many seconds. */
async function speak(seconds: number, env: Record<string, string> = SIGNED_IN) {
  const hand = byHand()
  const { url } = await startWithProvider(hand.script, env)
  const client = await talk(url, [], bearer(tokenUntil('ann', seconds)))
  client.say('chat_stream', { message: 'Hello' })
  const { turn_id, session_id } = await client.until('chat_start')
  const reply = await hand.next()
  reply.say('One, ')
  await client.until('chat_token')
  return { url, client, reply, hand, turnId: String(turn_id), sessionId: session_id }
}

describe('a WebSocket whose token’s time ends', () => {
  it('gets a dismissal for every turn, and is closed with 4401; the turns go on', async () => {
    const { url, client, reply, hand, turnId, sessionId } = await speak(2)
    client.say('chat_stream', { message: 'More', session_id: await startAs(url) })
    const { turn_id: other } = await client.until('chat_start')
    const otherReply = await hand.next()
    expect(await client.closed).toBe(4401)
    const errors = client.heard.filter(([event]) => event === 'chat_stream_error').map(([, data]) => data)
    expect(errors).toEqual([
      { ...UNAUTHORIZED, turn_id: turnId, session_id: sessionId, partial_text: 'One, ' },
      { ...UNAUTHORIZED, turn_id: other, session_id: expect.any(String), partial_text: '' },
    ])
    reply.say('two.')
    reply.finish()
    otherReply.finish()
    const state = async () => (await call(`${url}/chat/turns/${turnId}`, 'GET', undefined, as('ann'))).body
    await expect.poll(state).toMatchObject({ state: 'done', text: 'One, two.' })
  })

  it('goes on when a new one came before', async () => {
    const { client, reply } = await speak(1.2)
    client.say('auth', { token: tokenFor('ann') })
    await client.until('connected')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    reply.say('two.')
    reply.finish()
    expect(await client.until('chat_complete')).toMatchObject({ full_text: 'One, two.' })
    expect(client.socket.readyState).toBe(WebSocket.OPEN)
  })

  it('goes by the new one from then on', async () => {
    const { client } = await speak(3600)
    client.say('auth', { token: tokenUntil('ann', 0.3) })
    expect(await client.closed).toBe(4401)
  })

  it.each([
    ['another user’s', () => tokenFor('bob')],
    ['none', () => 'x'],
  ])('is dismissed at once when the new one is %s', async (_what, token) => {
    const { client, turnId } = await speak(3600)
    client.say('auth', { token: token() })
    expect(await client.until('chat_stream_error')).toMatchObject({ code: 'unauthorized', turn_id: turnId })
    expect(await client.closed).toBe(4401)
  })
})

async function next<T = Json>(socket: Socket, event: string): Promise<T> {
  return new Promise((resolve) => void socket.once(event, resolve))
}

describe.each([['websocket'], ['polling']])('Socket.IO by %s', (how) => {
  const open = (url: string, options: object = {}) => openSocketIo(url, [how], options)

  it('takes the token from the handshake, and from the header', async () => {
    const { url } = await startService(SIGNED_IN)
    for (const options of [{ auth: { token: tokenFor('ann') } }, { extraHeaders: as('ann') }]) {
      const socket = open(url, options)
      await next(socket, 'connected')
      socket.emit('chat_stream', { message: 'Hello' })
      const { session_id } = await next(socket, 'chat_complete')
      const { body } = await call(`${url}/chat/sessions/${String(session_id)}`, 'GET', undefined, as('ann'))
      expect(body).toMatchObject({ user_id: 'ann' })
    }
  })

  it.each([
    ['no token', {}],
    ['a wrong one', { auth: { token: 'x' } }],
    ['a number', { auth: { token: 7 } }],
    ['an old one', { auth: { token: tokenUntil('ann', -1) } }],
    ['one in the query', { query: { token: tokenFor('ann') } }],
    ['a wrong one beside a header', { auth: { token: 'x' }, extraHeaders: as('ann') }],
  ])('refuses the connection with %s', async (_what, options) => {
    const { url } = await startService(SIGNED_IN)
    const error = await next<{ data: Json; message: string }>(open(url, options), 'connect_error')
    expect(error.data).toEqual((await call(`${url}/brains`)).body)
    expect(error.message).toBe(error.data.error)
  })

  it('lets in who tries again with a right one', async () => {
    const { url } = await startService(SIGNED_IN)
    const socket = open(url, { auth: { token: 'x' } })
    await next(socket, 'connect_error')
    socket.auth = { token: tokenFor('ann') }
    socket.connect()
    await next(socket, 'connected')
  })

  it('gets a dismissal for its turn when the token’s time ends, and is disconnected', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script, SIGNED_IN)
    const socket = open(url, { auth: { token: tokenUntil('ann', 1.2) } })
    const errors: Json[] = []
    socket.on('chat_stream_error', (data: Json) => errors.push(data))
    socket.emit('chat_stream', { message: 'Hello' })
    ;(await hand.next()).say('One, ')
    const { turn_id, session_id } = await next(socket, 'chat_token')
    expect(await next(socket, 'disconnect')).toBe('io server disconnect')
    expect(errors).toEqual([{ ...UNAUTHORIZED, turn_id, session_id, partial_text: 'One, ' }])
  })

  it('goes on with a new token', async () => {
    const { url } = await startService(SIGNED_IN)
    const socket = open(url, { auth: { token: tokenUntil('ann', 1.2) } })
    await next(socket, 'connected')
    expect(await socket.emitWithAck('auth', { token: tokenFor('ann') })).toEqual({})
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(await socket.emitWithAck('ping')).toEqual({})
  })
})

describe('a client that does not sign in', () => {
  it('is gone after five seconds, whatever it speaks, refused or silent', async () => {
    const { url, app } = await startService(SIGNED_IN)
    const plain = await talk(url)
    const silent = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
    const gone = once(silent, 'close')
    const refused = openSocketIo(url, ['websocket'], { auth: { token: 'x' } })
    await next(refused, 'connect_error')
    expect(await plain.until('chat_stream_error')).toEqual(UNAUTHORIZED)
    expect(await plain.closed).toBe(4401)
    await gone
    await expect.poll(() => app.io.engine.clientsCount).toBe(0)
  })

  it('is let in once, however often it asks at once', async () => {
    const { url, app } = await startService(SIGNED_IN)
    const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
    await once(socket, 'message')
    const heard: string[] = []
    socket.on('message', (data: Buffer) => heard.push(data.toString()))
    for (let time = 0; time < 20; time++) socket.send(`40${JSON.stringify({ token: tokenFor('ann') })}`)
    const count = (start: string) => heard.filter((packet) => packet.startsWith(start)).length
    // Who asks again while the first is being let in is refused; Socket.IO cuts off who asks again after it.
    const answered = () => count('44') === 19 || socket.readyState === WebSocket.CLOSED
    await expect.poll(answered, { timeout: 10_000 }).toBe(true)
    await expect.poll(() => count('42["connected"'), { timeout: 10_000 }).toBe(1)
    expect(app.io.sockets.sockets.size).toBeLessThanOrEqual(1)
    socket.terminate()
  })
})
