/** A node leaves well: nothing new begins, what runs may finish, and everyone else is sent where the service goes on. */
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { call, openStream, startSession, toText } from '#test/helper.ts'
import { follow, last, NEGOTIATED, send, turnIdOf, within } from '#test/invariants/conversation.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { says } from '#test/provider/openai.ts'
import { hasRedis } from '#test/stores/redis.ts'
import { openSocketIo, openWebSocket } from '#test/transports/clients.ts'
import { startNodes } from './nodes.ts'
import { type Outcome, talk } from './wanderer.ts'

/** What a process may take to leave beyond its drain, before it is ended by itself. */
const LEAVE_MS = 8_000

/** A WebSocket, its next frame, and how it is closed. */
async function openSocket(url: string) {
  const { socket, hear } = await openWebSocket(url)
  const frames: [string, Record<string, unknown>][] = []
  hear((event, data) => void frames.push([event, data]))
  const closed = once(socket, 'close').then(([code]) => code as number)
  return { socket, frames, closed }
}

function resume(turnId: string): string {
  return JSON.stringify({ event: 'chat_resume', data: { turn_id: turnId } })
}

/** The event streams of a node beyond one for each turn that it runs. */
async function countGuests(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  const value = (name: string) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(metrics)![1])
  return value('repartee_event_streams') - value('repartee_turns_running')
}

describe.skipIf(!hasRedis)('a node that is told to leave', () => {
  it('takes nothing new, finishes what it runs, and sends the others’ readers to them', async () => {
    const hand = byHand()
    const { servers, urls } = await startNodes(2, hand.script)
    const [leaving, staying] = urls as [string, string]
    const [mine, others] = await Promise.all([startSession(leaving), startSession(staying)])
    const own = await send(leaving, mine, 'Ready?', {}, NEGOTIATED)
    const reply = await hand.next()
    const theirs = await send(staying, others, 'Ready?', {}, NEGOTIATED)
    const theirReply = await hand.next()
    theirReply.say('One, ')
    const elsewhere = turnIdOf(theirs)
    const readers = await Promise.all([1, 2, 3, 4].map(() => follow(leaving, elsewhere, '', NEGOTIATED)))
    const read = await Promise.all(readers.map((reader) => reader.take(1)))
    const [idle, reading, ownReading] = await Promise.all([1, 2, 3].map(() => openSocket(leaving)))
    reading!.socket.send(resume(elsewhere))
    ownReading!.socket.send(resume(turnIdOf(own)))
    await expect.poll(() => reading!.frames.map(([event]) => event)).toContain('chat_token')
    await expect.poll(() => ownReading!.frames.map(([event]) => event)).toContain('chat_start')
    const socketIo = openSocketIo(leaving)
    await once(socketIo as never, 'connected')
    const gone = once(socketIo as never, 'disconnect')

    servers[0]!.kill('SIGTERM')
    const dismissals = (await Promise.all(readers.map((reader) => reader.rest()))).flat()
    const waits = dismissals.map(({ data }) => data.retry_after as number)
    expect(dismissals.map(({ id, data }) => [id, data.code, data.retryable])).toEqual(
      readers.map(() => [null, 'draining', true]),
    )
    expect(new Set(waits).size).toBeGreaterThan(1)
    for (const wait of waits) expect(wait).toSatisfy((seconds: number) => seconds > 0 && seconds < 3)
    expect(await Promise.all([idle!.closed, reading!.closed])).toEqual([1012, 1012])
    expect(reading!.frames.at(-1)).toMatchObject(['chat_stream_error', { code: 'draining', turn_id: elsewhere }])
    await gone
    const refused = { status: 503, body: { code: 'draining', retryable: true } }
    const answers = await Promise.all([
      call(`${leaving}/ready`),
      call(`${leaving}/chat/message`, 'POST', { session_id: others, message: 'Hello' }),
      call(`${leaving}/chat/turns/${elsewhere}/stream`),
    ])
    for (const { headers, ...answer } of answers) {
      expect(answer).toMatchObject(refused)
      expect(headers.get('connection')).toBe('close')
    }

    // Its own turn goes on, for who reads it and for who comes only now.
    const late = await follow(leaving, turnIdOf(own), '', NEGOTIATED)
    reply.say('Nearly ', 'done.')
    reply.finish()
    for (const stream of [own, late]) expect(last(await stream.rest())).toMatchObject({ full_text: 'Nearly done.' })
    expect(await ownReading!.closed).toBe(1012)
    expect(ownReading!.frames.at(-1)).toMatchObject(['chat_complete', { full_text: 'Nearly done.' }])
    expect(await within(LEAVE_MS, servers[0]!.exited)).toBe(0)
    const back = await follow(staying, elsewhere, '', { ...NEGOTIATED, 'last-event-id': read[0]![0]!.id })
    theirReply.say('two.')
    theirReply.finish()
    expect(toText(await back.rest())).toBe('two.')
    expect(last(await theirs.rest())).toMatchObject({ full_text: 'One, two.' })
  })

  it('waits for nobody who says nothing', async () => {
    const { servers, urls } = await startNodes(1, says('x'.repeat(40_000), {}), { DRAIN_TIMEOUT_S: '1' })
    const [url] = urls as [string]
    const { hostname, port } = new URL(url)
    const connectTo = async (written: string) => {
      const socket = connect(Number(port), hostname).on('error', () => {})
      onTestFinished(() => void socket.destroy())
      await once(socket, 'connect')
      socket.write(written)
      return socket
    }
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    const [health] = (await once(get(`${url}/health`, { agent }), 'response')) as [NodeJS.ReadableStream]
    await once(health.resume(), 'end')
    await connectTo('')
    await connectTo('GET /health HTTP/1.1\r\nHos')
    await connectTo(
      'POST /chat/start HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    )
    const silent = await openStream(`${url}/chat/stream`, { session_id: await startSession(url), message: 'Hello' })
    silent.pause()
    const { socket } = await openSocket(url)
    socket.send(JSON.stringify({ event: 'chat_stream', data: { message: 'Hello' } }))
    socket.pause()
    openSocketIo(url, ['polling'])
    servers[0]!.kill('SIGTERM')
    expect(await within(LEAVE_MS, servers[0]!.exited)).toBe(0)
  })

  it('three times, one node after the other, loses and doubles no token', async () => {
    const text = Array.from({ length: 24 }, (_, n) => `${n} 🙂 `).join('')
    const nodes = await startNodes(3, says(text, { delayMs: 30 }))
    const urls = [...nodes.urls]
    const leaving = new AbortController()
    const talkers = Array.from({ length: 9 }, (_, number) => talk(urls, `talker-${number}`, leaving.signal))
    for (const [i, server] of nodes.servers.entries()) {
      // Somebody reads there what another node runs, and will be sent away.
      await expect.poll(() => countGuests(server.url), { interval: 5 }).toBeGreaterThan(0)
      server.kill('SIGTERM')
      expect(await server.exited).toBe(0)
      urls[i] = (await nodes.start()).url
    }
    leaving.abort()
    const outcomes: Outcome[] = (await Promise.all(talkers)).flat()
    const whole = Array.from({ length: outcomes[0]!.counts.length }, (_, n) => n + 1)
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ text, full: text, end: 'stop', counts: whole })
    }
    // Otherwise nothing was proved.
    expect(outcomes.length).toBeGreaterThan(talkers.length)
    expect(outcomes.some(({ dismissals }) => dismissals > 0)).toBe(true)
    expect(nodes.provider.requests.filter(({ method }) => method === 'POST')).toHaveLength(outcomes.length)
  })
})
