/** What is WebSocket's own: hostile frames, who may open one, how many, and how they end. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { call, type Json, startService, startWithProvider } from '#test/helper.ts'
import { startServer } from '#test/process.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { openSocketIo, openWebSocket } from '#test/transports/clients.ts'

type Said = [event: string, data: Json]

/** A client that remembers what was said, and waits for more. */
async function talk(url: string, protocols?: string[], headers?: object) {
  const { socket, hear } = await openWebSocket(url, protocols, headers)
  const heard: Said[] = []
  const takers: ((said: Said) => void)[] = []
  hear((event, data) => {
    const taker = takers.shift()
    if (taker) taker([event, data])
    else heard.push([event, data])
  })
  const next = () => new Promise<Said>((resolve) => (heard.length > 0 ? resolve(heard.shift()!) : takers.push(resolve)))
  /** The next frame of that name; what comes before is left out. */
  const until = async (name: string): Promise<Json> => {
    for (;;) {
      const [event, data] = await next()
      if (event === name) return data
    }
  }
  return {
    socket,
    next,
    until,
    say: (event: string, data?: unknown) => socket.send(JSON.stringify({ event, data })),
    closed: once(socket, 'close').then(([code]) => code as number),
  }
}

/** The status with which an upgrade is refused, and the body's code. */
async function refusal(url: string, options: object = {}): Promise<[number, string]> {
  const socket = new WebSocket(url.replace('http', 'ws'), { ...options })
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  const body = (await response.toArray()).join('')
  return [response.statusCode!, (JSON.parse(body) as { code: string }).code]
}

describe('GET /ws', () => {
  it('says that it is connected first', async () => {
    const { url } = await startService()
    const { next } = await talk(url)
    expect(await next()).toEqual(['connected', { message: expect.any(String), timestamp: expect.any(String) }])
  })

  it('keeps one session for a client that names none, made anew when it is deleted', async () => {
    const { url } = await startService()
    const { say, until } = await talk(url)
    const ask = async () => {
      say('chat_stream', { message: 'Hello' })
      return until('chat_complete')
    }
    const first = await ask()
    const second = await ask()
    expect(second.session_id).toBe(first.session_id)
    const { body } = await call(`${url}/chat/sessions/${String(first.session_id)}`)
    expect(body).toMatchObject({ persona: 'default', message_count: 4 })
    await call(`${url}/chat/sessions/${String(first.session_id)}`, 'DELETE')
    expect(await ask()).toMatchObject({ finish_reason: 'stop' })
    const other = await talk(url)
    other.say('chat_stream', { message: 'Hello' })
    expect((await other.until('chat_complete')).session_id).not.toBe(first.session_id)
  })

  it('names the session and the turn in every frame, and the offset in every event', async () => {
    const { url } = await startService()
    const { say, next, until } = await talk(url)
    await until('connected')
    say('chat_stream', { message: 'Hello', client_message_id: 'mine', partial: true })
    const [event, start] = await next()
    expect(event).toBe('chat_start')
    expect(start).toMatchObject({ start: true, client_message_id: 'mine', persona: 'default', brain: 'config' })
    const { session_id, turn_id } = start
    for (let count = 1; ; count++) {
      const [name, data] = await next()
      expect(data).toMatchObject({ session_id, turn_id, offset: expect.stringMatching(/\.1-0{6}\d\d$/) })
      if (name === 'chat_complete') break
      expect(data).toMatchObject({ count, partial: expect.stringContaining(String(data.token)) })
    }
  })

  it('stops what was asked for just before, also in the session that it keeps', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script)
    const { say, until } = await talk(url)
    say('chat_stop')
    say('chat_stream', { message: 'Hello' })
    say('chat_stop')
    expect(await until('chat_complete')).toMatchObject({ finish_reason: 'stopped', full_text: '' })
  })

  it('lets a second attach of a turn take the first one’s place', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script)
    const { say, next, until } = await talk(url)
    say('chat_stream', { message: 'Hello' })
    const { turn_id } = await until('chat_start')
    say('chat_resume', { turn_id })
    await until('chat_start')
    const reply = await hand.next()
    reply.say('One.')
    reply.finish()
    expect([(await next())[0], (await next())[0]]).toEqual(['chat_token', 'chat_complete'])
    say('ping')
    expect((await next())[0]).toBe('pong')
  })

  it('begins with chat_start and nothing else where all is read already', async () => {
    const { url } = await startService()
    const { say, next, until } = await talk(url)
    say('chat_stream', { message: 'Hello' })
    const { turn_id, offset } = await until('chat_complete')
    say('chat_resume', { turn_id, after: offset })
    say('ping')
    expect([(await next())[0], (await next())[0]].toSorted()).toEqual(['chat_start', 'pong'])
  })

  it('selects its own sub-protocol, and never one with a token in it', async () => {
    const { url } = await startService()
    const { socket } = await talk(url, ['bearer.abc', 'repartee'])
    expect(socket.protocol).toBe('repartee')
  })

  it('accepts a token while the service is open', async () => {
    const { url } = await startService()
    const { say, until } = await talk(url, [], { authorization: 'Bearer x' })
    say('auth', { token: 'x' })
    say('auth', { token: 7 })
    expect(await until('chat_stream_error')).toMatchObject({ code: 'invalid_request' })
  })
})

describe('hostile frames', () => {
  const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`
  it.each([
    ['not JSON', '{', 'frame_invalid'],
    ['no object', 'null', 'frame_invalid'],
    ['a list', '["chat_stream"]', 'frame_invalid'],
    ['no event', '{"data":{}}', 'frame_invalid'],
    ['an unknown event', '{"event":"chat"}', 'frame_invalid'],
    ['an event of the prototype', '{"event":"constructor"}', 'frame_invalid'],
    ['__proto__ as event', '{"event":"__proto__"}', 'frame_invalid'],
    ['__proto__ for an event', '{"__proto__":{"event":"ping"}}', 'frame_invalid'],
    ['an event that is no name', '{"event":{"toString":1}}', 'frame_invalid'],
    ['a deep frame', deep, 'invalid_request'],
    ['no data', '{"event":"chat_stream"}', 'invalid_request'],
    ['null', '{"event":"chat_stream","data":null}', 'invalid_request'],
    ['a text', '{"event":"chat_stream","data":"Hello"}', 'invalid_request'],
    ['deep data', `{"event":"chat_stream","data":${deep}}`, 'invalid_request'],
    ['a deep message', `{"event":"chat_stream","data":{"message":${deep}}}`, 'invalid_request'],
    ['a message of the prototype', '{"event":"chat_stream","data":{"__proto__":{"message":"x"}}}', 'invalid_request'],
    ['half a surrogate pair', '{"event":"chat_stream","data":{"message":"\\ud800"}}', 'invalid_request'],
    ['NUL', '{"event":"chat_stream","data":{"message":"\\u0000"}}', 'invalid_request'],
    ['a turn of the prototype', '{"event":"chat_resume","data":{"turn_id":"__proto__"}}', 'turn_not_found'],
    ['a turn that is none', '{"event":"chat_stop","data":{"turn_id":"\\ud800"}}', 'turn_not_found'],
    ['a session that is none', '{"event":"chat_stop","data":{"session_id":"x"}}', 'session_not_found'],
    ['a strange offset', '{"event":"chat_resume","data":{"turn_id":"a.1","after":"\\u0000"}}', 'invalid_request'],
    ['a count below zero', '{"event":"chat_resume","data":{"turn_id":"a.1","after_count":-1}}', 'invalid_request'],
  ])('answers %s with an error, and stays', async (_what, text, code) => {
    const { url } = await startService()
    const { socket, say, until } = await talk(url)
    socket.send(text)
    expect(await until('chat_stream_error')).toMatchObject({ error: expect.any(String), code, retryable: false })
    say('ping')
    await until('pong')
  })

  it('ignores unknown fields, unless they are deep', async () => {
    const { url } = await startService()
    const { socket, until } = await talk(url)
    socket.send(`{"event":"chat_stream","data":{"message":"Hello","more":${deep}}}`)
    expect(await until('chat_stream_error')).toMatchObject({ code: 'invalid_request' })
    socket.send(`{"event":"chat_stream","data":{"message":"Hello","more":[[{"a":1}]],"__proto__":{"x":1}}}`)
    expect(await until('chat_complete')).toMatchObject({ finish_reason: 'stop' })
  })

  it('says to whom a refusal belongs', async () => {
    const { url } = await startService()
    const { say, until } = await talk(url)
    say('chat_stream', { session_id: 'nobody', message: 'Hello', client_message_id: 'mine' })
    const refused = await until('chat_stream_error')
    expect(refused).toMatchObject({ code: 'session_not_found', client_message_id: 'mine', session_id: 'nobody' })
  })

  it('answers a binary frame with an error', async () => {
    const { url } = await startService()
    const { socket, until } = await talk(url)
    socket.send(Buffer.from('{"event":"ping"}'))
    expect(await until('chat_stream_error')).toMatchObject({ code: 'frame_invalid' })
  })

  it('refuses more at once than it can keep in order', async () => {
    const { url } = await startService()
    const { say, until } = await talk(url)
    for (let count = 0; count < 300; count++) say('chat_stop', { turn_id: 'a.1' })
    let refused = await until('chat_stream_error')
    while (refused.code !== 'rate_limited') refused = await until('chat_stream_error')
    expect(refused).toMatchObject({ retryable: true, retry_after: 1 })
    say('ping')
    await until('pong')
  })

  it('closes with 1009 on a frame that is too large', async () => {
    const { url } = await startService()
    const { socket, closed } = await talk(url)
    socket.send('a'.repeat(1_048_576))
    expect(await closed).toBe(1009)
  })

  it('closes on a flood of fragments', async () => {
    const { url } = await startService()
    const { socket, closed } = await talk(url)
    for (let count = 0; count < 70; count++) socket.send('a', { fin: false })
    expect(await closed).toBe(1008)
  })

  it('closes on text that is not UTF-8', async () => {
    const { url } = await startService()
    const { socket, closed } = await talk(url)
    socket.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false })
    expect(await closed).toBe(1007)
  })

  it('goes on serving others', async () => {
    const { url } = await startService()
    const bad = await talk(url)
    const good = await talk(url)
    bad.socket.send('a'.repeat(1_048_576))
    await bad.closed
    good.say('chat_stream', { message: 'Hello' })
    expect(await good.until('chat_complete')).toMatchObject({ finish_reason: 'stop' })
  })
})

describe('who may open a socket', () => {
  it('lets in no page of a foreign origin', async () => {
    const { url } = await startService({ ALLOWED_ORIGINS: 'https://app.example.com' })
    for (const origin of ['https://evil.example.com', 'null', 'https://app.example.com.evil.com', 'x', '']) {
      expect(await refusal(`${url}/ws`, { headers: { origin } })).toEqual([403, 'forbidden'])
    }
    await talk(url, [], { origin: 'https://app.example.com' })
    await talk(url, [], { origin: url })
    await talk(url)
  })

  it('lets in any page of this machine while it listens there alone', async () => {
    const { url } = await startService()
    await talk(url, [], { origin: 'http://localhost:3000' })
    expect(await refusal(`${url}/ws`, { headers: { origin: 'http://localhost.evil.com' } })).toEqual([403, 'forbidden'])
  })

  it('counts sockets by address, whatever they speak', async () => {
    const { url } = await startService({ MAX_SOCKETS_PER_IP: '3' })
    const first = await talk(url)
    await talk(url)
    const polling = openSocketIo(url, ['polling'])
    await once(polling as never, 'connected')
    // What a client says of its address is not believed.
    expect(await refusal(`${url}/ws`, { headers: { 'x-forwarded-for': '1.2.3.4' } })).toEqual([429, 'rate_limited'])
    const [error] = (await once(openSocketIo(url, ['polling']) as never, 'connect_error')) as [Error]
    expect(error).toMatchObject({ context: { status: 429 } })
    first.socket.close()
    await first.closed
    await expect.poll(() => talk(url).then(() => 'open')).toBe('open')
    polling.disconnect()
  })

  it('counts by the address that a trusted proxy tells', async () => {
    const { url } = await startService({ MAX_SOCKETS_PER_IP: '1', TRUSTED_PROXIES: '127.0.0.0/8' })
    await talk(url, [], { 'x-forwarded-for': '1.2.3.4' })
    await talk(url, [], { 'x-forwarded-for': '1.2.3.5' })
    expect(await refusal(`${url}/ws`, { headers: { 'x-forwarded-for': '9.9.9.9, 1.2.3.4' } })).toEqual([
      429,
      'rate_limited',
    ])
  })

  it('opens 20 by default, and any number with 0', async () => {
    const { url } = await startService()
    await Promise.all(Array.from({ length: 20 }, () => talk(url)))
    expect(await refusal(`${url}/ws`)).toEqual([429, 'rate_limited'])
    const unlimited = await startService({ MAX_SOCKETS_PER_IP: '0' })
    await Promise.all(Array.from({ length: 25 }, () => talk(unlimited.url)))
  })

  it('says 404 to an upgrade where there is no door, and to a plain request', async () => {
    const { url } = await startService()
    expect(await refusal(`${url}/nowhere`)).toEqual([404, 'not_found'])
    expect(await call(`${url}/ws`)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })
})

describe('the end of the process', () => {
  it('closes idle sockets at once, and with 1012, so that clients come back', async () => {
    const { app, url } = await startService()
    const sockets = await Promise.all([talk(url), talk(url)])
    const began = performance.now()
    await app.close()
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual([1012, 1012])
  })

  it('ends running turns first, and waits for no one who does not read', async () => {
    const hand = byHand()
    const { app, url } = await startWithProvider(hand.script)
    const { say, until, closed } = await talk(url)
    const dead = await talk(url)
    dead.socket.pause()
    say('chat_stream', { message: 'Hello' })
    ;(await hand.next()).say('One, ')
    await until('chat_token')
    const began = performance.now()
    const closing = app.close()
    expect(await until('chat_stream_error')).toMatchObject({
      code: 'interrupted',
      partial_text: 'One, ',
      session_id: expect.any(String),
      turn_id: expect.any(String),
      offset: expect.any(String),
    })
    expect(await closed).toBe(1012)
    await closing
    expect(performance.now() - began).toBeLessThan(3_000)
  })

  it('lets the turns of a socket finish on SIGTERM, sends idle ones away, and takes no new ones', async () => {
    const server = await startServer({ CONFIG_BRAIN_PACE_MS: '50' })
    const busy = await talk(server.url)
    const idle = await talk(server.url)
    busy.say('chat_stream', { message: 'Hello' })
    await busy.until('chat_token')
    server.kill('SIGTERM')
    expect(await idle.closed).toBe(1012)
    expect(await refusal(`${server.url}/ws`)).toEqual([503, 'draining'])
    busy.say('chat_stream', { message: 'More', session_id: 'nobody' })
    expect(await busy.until('chat_complete')).toMatchObject({ finish_reason: 'stop' })
    expect(await busy.closed).toBe(1012)
    expect(await server.exited).toBe(0)
  })
})
