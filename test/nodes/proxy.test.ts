/** The service as `docker compose up --scale repartee=3` runs it: behind nginx, which sends everyone anywhere. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, type Json, startSession, toText } from '#test/helper.ts'
import { follow, last, NEGOTIATED, send, turnIdOf } from '#test/invariants/conversation.ts'
import { byHand, type Hand } from '#test/provider/by-hand.ts'
import { says } from '#test/provider/openai.ts'
import { hasRedis } from '#test/stores/redis.ts'
import { socketIo, socketIoPolling, socketIoWebSocket, sse, webSocket } from '#test/transports/clients.ts'
import { hasNginx, startNginx } from './nginx.ts'
import { createEnding, type Nodes, startNodes } from './nodes.ts'
import { talk } from './wanderer.ts'

const SENDS_A_MINUTE = 60

describe.skipIf(!hasRedis || !hasNginx)('three nodes behind nginx', () => {
  let nodes: Nodes
  let hand: Hand
  let url: string
  const ending = createEnding()
  afterAll(ending.end)
  beforeAll(async () => {
    const env = { TRUSTED_PROXIES: '127.0.0.1', RATE_LIMIT_PER_MINUTE: `${SENDS_A_MINUTE}` }
    hand = byHand()
    nodes = await startNodes(3, hand.script, env, ending.onOver)
    url = await startNginx(nodes.urls, ending.onOver)
  })

  it('stream token by token, to readers on all of them', async () => {
    const stream = await send(url, await startSession(url), 'Ready?', {}, NEGOTIATED)
    const reply = await hand.next()
    const readers = await Promise.all([1, 2, 3, 4, 5].map(() => follow(url, turnIdOf(stream), '', NEGOTIATED)))
    for (const token of ['One, ', 'two, ', '三 🙂, ']) {
      reply.say(token)
      for (const reader of [stream, ...readers]) expect(toText(await reader.take(1))).toBe(token)
    }
    const resumed = await Promise.all([1, 2, 3].map(() => follow(url, turnIdOf(stream), '?after_count=2')))
    reply.say('four.')
    reply.finish()
    for (const reader of resumed) expect(toText(await reader.rest())).toBe('三 🙂, four.')
    for (const reader of [stream, ...readers]) {
      expect(last(await reader.rest())).toMatchObject({ done: true, full_text: 'One, two, 三 🙂, four.' })
    }
  })

  it.each([sse, webSocket, socketIo, socketIoPolling, socketIoWebSocket])('speak $name', async (transport) => {
    const sessionId = await startSession(url)
    const lines = await Promise.all([1, 2, 3, 4].map(() => transport.connect(url)))
    const reading = lines[0]!.send({ session_id: sessionId, message: 'Ready?' })
    const reply = await hand.next()
    const sent = await reading
    reply.say('Yes, ')
    expect(toText(await sent.take(1))).toBe('Yes, ')
    const others = await Promise.all(lines.slice(1).map((line) => line.follow(sent.turnId)))
    for (const other of others) expect(toText(await other.take(1))).toBe('Yes, ')
    reply.say('ready.')
    reply.finish()
    for (const one of [sent, ...others]) {
      const frames = await one.rest()
      expect(toText(frames)).toBe('ready.')
      expect(last(frames)).toMatchObject({ done: true, full_text: 'Yes, ready.' })
    }
  })

  it('keep their metrics from whoever comes through the proxy', async () => {
    expect((await call(`${url}/metrics`)).status).toBe(403)
  })

  it('are left by one of them without a gap', async () => {
    const text = 'One more, and then another one, 火 🔥.'
    nodes.provider.script(says(text, { delayMs: 40 }))
    const leaving = new AbortController()
    const talkers = [1, 2, 3].map((number) => talk([url], `talker-${number}`, leaving.signal))
    const [server] = nodes.servers
    server!.kill('SIGTERM')
    expect(await server!.exited).toBe(0)
    leaving.abort()
    for (const outcome of (await Promise.all(talkers)).flat()) {
      expect(outcome).toMatchObject({ text, full: text, end: 'stop' })
      expect(outcome.counts).toEqual(outcome.counts.map((_, n) => n + 1))
    }
  })

  it('count by the address that nginx sees, whatever else is claimed', async () => {
    nodes.provider.script(says('Hi', {}))
    const statuses: number[] = []
    for (let n = 1; n <= SENDS_A_MINUTE + 1; n++) statuses.push(await ask(n, '127.0.0.1'))
    expect(statuses.at(-1)).toBe(429)
    expect(await ask(1, '127.0.0.2')).toBe(200)
  })

  /** Asks from an address, and claims to come from another. */
  async function ask(n: number, localAddress: string): Promise<number> {
    const session_id = await startSession(url)
    const claimed = `198.51.100.${n}`
    const headers = { 'x-forwarded-for': claimed, 'x-real-ip': claimed, forwarded: `for=${claimed}` }
    return post('/chat/message', { session_id, message: 'Hello' }, headers, localAddress)
  }

  async function post(path: string, body: Json, headers: Json, localAddress: string): Promise<number> {
    const sent = request(url + path, {
      method: 'POST',
      agent: false,
      localAddress,
      headers: { 'content-type': 'application/json', ...(headers as Record<string, string>) },
    })
    sent.end(JSON.stringify(body))
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    await json(response)
    return response.statusCode ?? 0
  }
})
