/** A turn is read, stopped, deleted and begun on any node, wherever it runs. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { call, type Frame, openStream, startSession, toText } from '#test/helper.ts'
import {
  ask,
  asks,
  follow,
  last,
  NEGOTIATED,
  send,
  transcript,
  turnIdOf,
  within,
} from '#test/invariants/conversation.ts'
import { byHand, type Hand } from '#test/provider/by-hand.ts'
import { hasRedis } from '#test/stores/redis.ts'
import { createEnding, type Nodes, startNodes, startReadTurn } from './nodes.ts'

/** Many times what it takes, and less than it would by looking once a second alone. */
const SOON_MS = 5_000

describe.skipIf(!hasRedis)('two nodes on one Redis', () => {
  let nodes: Nodes
  let hand: Hand
  let one: string
  let two: string
  const ending = createEnding()
  afterAll(ending.end)
  beforeAll(async () => {
    hand = byHand()
    nodes = await startNodes(2, hand.script, {}, ending.onOver)
    ;[one, two] = nodes.urls as [string, string]
  })

  /** A turn that runs on the first node and is read on both. */
  const startTurn = () => startReadTurn(hand, one, two)

  /** The turns for which somebody listens. */
  const channels = () => nodes.redis.client.pubsub('CHANNELS', `${nodes.prefix}:*:log:*`)

  it('give each token to a reader on the other as it comes', async () => {
    const { there, reply } = await startTurn()
    const readAll = async () => {
      const read: Frame[] = []
      for (let n = 1; n <= 20; n++) {
        reply.say(`${n} `)
        read.push(...(await there.take(1)))
      }
      return read
    }
    const frames = await within(SOON_MS, readAll())
    expect(frames.map(({ data }) => data.token)).toEqual(Array.from({ length: 20 }, (_, n) => `${n + 1} `))
    reply.finish()
    expect(last(await there.rest())).toMatchObject({ done: true, tokens: 20 })
  })

  it('stop a turn of the other before its first token, and end its provider call', async () => {
    const { turnId, here, there, reply } = await startTurn()
    const { body } = await call(`${two}/chat/turns/${turnId}/stop`, 'POST')
    expect(body).toMatchObject({ stopped: true, turn_id: turnId, state: 'stopped', partial_text: '' })
    await reply.request.closed
    const [[end], [same]] = await Promise.all([here.rest(), there.rest()])
    expect(end!.data).toMatchObject({ done: true, finish_reason: 'stopped', full_text: '' })
    expect(same).toEqual(end)
  })

  it('delete a session of the other in the middle of a reply', async () => {
    const { sessionId, turnId, here, there, reply } = await startTurn()
    reply.say('Half ')
    for (const stream of [here, there]) await stream.take(1)
    expect((await call(`${two}/chat/sessions/${sessionId}`, 'DELETE')).status).toBe(200)
    await reply.request.closed
    for (const stream of [here, there]) {
      expect(await stream.rest()).toMatchObject([{ id: null, data: { code: 'session_not_found', turn_id: turnId } }])
    }
    for (const url of [one, two]) expect((await call(`${url}/chat/turns/${turnId}`)).status).toBe(404)
    const keys = await nodes.redis.client.keys(`${nodes.prefix}:*${turnId}*`)
    expect(keys).toEqual([])
  })

  it('make one turn of a message that both are sent at the same time, again and again', async () => {
    const sessionId = await startSession(two)
    const before = asks(nodes.provider)
    const more = { client_message_id: 'm1' }
    const sends = [one, two, one, two].map((url) => send(url, sessionId, 'Hello', more, NEGOTIATED))
    const reply = await hand.next()
    reply.say('Hi ', 'there')
    const streams = await Promise.all(sends)
    expect(new Set(streams.map(turnIdOf))).toEqual(new Set([`${sessionId}.1`]))
    const late = send(two, sessionId, 'Hello', more, NEGOTIATED)
    reply.finish()
    for (const stream of [...streams, await late]) {
      const frames = await stream.rest()
      expect(toText(frames)).toBe('Hi there')
      expect(last(frames)).toMatchObject({ done: true, full_text: 'Hi there' })
    }
    expect(asks(nodes.provider) - before).toBe(1)
  })

  it('regenerate once what both are asked to regenerate, and clear it when it has ended', async () => {
    const sessionId = await startSession(one)
    const first = ask(one, sessionId, 'Hello')
    ;(await hand.next()).finish()
    const { turn_id: turnId } = (await first).body
    const before = asks(nodes.provider)
    const regenerating = [one, two].map((url) =>
      openStream(`${url}/chat/turns/${String(turnId)}/regenerate`, { client_message_id: 'again' }, NEGOTIATED),
    )
    const reply = await hand.next()
    const streams = await Promise.all(regenerating)
    expect(streams.map(turnIdOf)).toEqual([`${sessionId}.2`, `${sessionId}.2`])
    for (const url of [one, two]) {
      const refused = { status: 409, body: { code: 'turn_in_progress', turn_id: `${sessionId}.2` } }
      expect(await call(`${url}/chat/sessions/${sessionId}/clear`, 'POST')).toMatchObject(refused)
    }
    reply.say('Anew')
    reply.finish()
    for (const stream of streams) expect(last(await stream.rest())).toMatchObject({ done: true, full_text: 'Anew' })
    expect(asks(nodes.provider) - before).toBe(1)
    expect(await transcript(two, sessionId)).toEqual(['user complete: Hello', 'assistant complete: Anew'])
    expect((await call(`${two}/chat/sessions/${sessionId}/clear`, 'POST')).status).toBe(200)
    expect(await transcript(one, sessionId)).toEqual([])
    expect((await follow(one, `${sessionId}.2`)).status).toBe(410)
  })

  it('stop a turn of the other for a message that comes in its place', async () => {
    const { sessionId, here, there, reply } = await startTurn()
    reply.say('Half ')
    for (const stream of [here, there]) await stream.take(1)
    const next = send(two, sessionId, 'No, wait', { if_busy: 'stop' }, NEGOTIATED)
    for (const stream of [here, there]) {
      expect(last(await stream.rest())).toMatchObject({ finish_reason: 'stopped', full_text: 'Half ' })
    }
    await reply.request.closed
    ;(await hand.next()).finish()
    expect(last(await (await next).rest())).toMatchObject({ done: true, turn_id: `${sessionId}.2` })
  })

  it('lose nothing when the connections over which they tell each other are cut', async () => {
    const { here, there, reply, turnId } = await startTurn()
    const { client } = nodes.redis
    for (let n = 1; n <= 6; n++) {
      await client.call('CLIENT', 'KILL', 'TYPE', n % 2 === 0 ? 'pubsub' : 'normal', 'SKIPME', 'yes')
      reply.say(`${n} `)
    }
    for (const stream of [here, there]) expect(toText(await stream.take(6))).toBe('1 2 3 4 5 6 ')
    await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    const { body } = await call(`${two}/chat/turns/${turnId}/stop`, 'POST')
    expect(body).toMatchObject({ stopped: true, partial_text: '1 2 3 4 5 6 ' })
    await reply.request.closed
    const [end] = await here.rest()
    expect(end!.data).toMatchObject({ finish_reason: 'stopped' })
    expect(await there.rest()).toEqual([end])
  })

  it('listen for a turn only while somebody reads it', async () => {
    const { turnId, here, there, reply } = await startTurn()
    await vi.waitFor(async () => expect(await channels()).toHaveLength(1), { timeout: SOON_MS })
    there.leave()
    await vi.waitFor(async () => expect(await channels()).toEqual([]), { timeout: SOON_MS })
    const again = await follow(two, turnId)
    reply.finish()
    for (const stream of [here, again]) expect(last(await stream.rest())).toMatchObject({ done: true })
    await vi.waitFor(async () => expect(await channels()).toEqual([]), { timeout: SOON_MS })
  })
})
