/** What is said on sockets is as the reference describes it, and all that it describes is said and heard. */
import { describe, expect, it } from 'vitest'
import { call, type Json, startSession, startWithProvider } from '#test/helper.ts'
import { byHand, type Hand } from '#test/provider/by-hand.ts'
import { openSocketIo, openWebSocket } from '#test/transports/clients.ts'
import { readDocument, Reference } from './reference.ts'

const CLIENT_EVENTS = ['chat_stream', 'chat_resume', 'chat_stop', 'auth', 'ping']
const SERVER_EVENTS = ['connected', 'chat_start', 'chat_token', 'chat_complete', 'chat_stream_error', 'pong']

interface Client {
  say: (event: string, data?: Json) => void
  onFrame: (listen: (event: string, data: Json) => void) => void
}

async function connectWebSocket(url: string): Promise<Client> {
  const { socket, hear } = await openWebSocket(url)
  return { say: (event, data) => socket.send(JSON.stringify({ event, data })), onFrame: hear }
}

async function connectSocketIo(url: string): Promise<Client> {
  const socket = openSocketIo(url)
  return { say: (event, data) => socket.emit(event, data), onFrame: (listen) => socket.onAny(listen) }
}

const TRANSPORTS = [
  { name: 'WebSocket', connect: connectWebSocket },
  { name: 'Socket.IO', connect: connectSocketIo },
]

/** A client each of whose frames must be as described. */
async function open(connect: (url: string) => Promise<Client>) {
  const hand = byHand()
  const { app, url } = await startWithProvider(hand.script)
  const reference = new Reference(readDocument({ app }))
  const { say, onFrame } = await connect(url)
  const seen = new Set<string>()
  const frames: [string, Json][] = []
  let wake: (() => void) | null = null
  onFrame((event, data) => {
    frames.push([event, data])
    wake?.()
  })
  /** The data of the next frame of this event; those before it are passed by. */
  const next = async (wanted: string): Promise<Json> => {
    for (;;) {
      const [event, data] = frames.shift() ?? []
      if (event === undefined) await new Promise<void>((resolve) => (wake = resolve))
      else {
        reference.checkFrame(event, data)
        seen.add(event)
        if (event === wanted) return data!
      }
    }
  }
  await next('connected')
  return { url, hand, say, next, seen }
}

async function speak(hand: Hand, ...tokens: string[]) {
  const reply = await hand.next()
  reply.say(...tokens)
  return reply
}

describe.each(TRANSPORTS)('what the service says ($name)', ({ connect }) => {
  it('is as described: a turn that goes well, one that fails, a reader that is sent away, and refusals', async () => {
    const { url, hand, say, next, seen } = await open(connect)
    say('ping')
    await next('pong')
    const session_id = await startSession(url)

    say('chat_stream', { session_id, message: 'One', client_message_id: 'one', partial: true })
    expect(await next('chat_start')).toMatchObject({ client_message_id: 'one' })
    const good = await speak(hand, 'Yes')
    expect(await next('chat_token')).toMatchObject({ partial: 'Yes', offset: expect.any(String) })
    say('chat_stream', { session_id, message: 'Two', client_message_id: 'two' })
    expect(await next('chat_stream_error')).toMatchObject({ code: 'turn_in_progress', client_message_id: 'two' })
    good.finish()
    await next('chat_complete')

    say('chat_stream', { session_id, message: 'Three' })
    const bad = await speak(hand, 'Well')
    await next('chat_token')
    await bad.exchange.reset()
    expect(await next('chat_stream_error')).toMatchObject({ partial_text: 'Well', offset: expect.any(String) })

    say('chat_stream', { session_id, message: 'Four' })
    await speak(hand, 'And')
    await next('chat_token')
    await call(`${url}/chat/sessions/${session_id}`, 'DELETE')
    const dismissal = await next('chat_stream_error')
    expect(dismissal).toMatchObject({ code: 'session_not_found', partial_text: 'And' })
    expect(dismissal).not.toHaveProperty('offset')

    say('chat_stream', { message: 'Five', persona: 'nobody' })
    expect(await next('chat_stream_error')).toMatchObject({ code: 'persona_unknown', details: expect.any(Object) })
    say('chat_resume', { turn_id: 'nobody.1' })
    expect(await next('chat_stream_error')).toMatchObject({ code: 'turn_not_found', turn_id: 'nobody.1' })
    say('no such event', {})
    expect(await next('chat_stream_error')).toMatchObject({ code: 'frame_invalid' })
    expect([...seen].toSorted()).toEqual(SERVER_EVENTS.toSorted())
  })
})

describe('the reference of a socket', () => {
  it('has every event, by name and with the schema of its data, at its door', async () => {
    const { app } = await startWithProvider()
    const { document } = new Reference(readDocument({ app }))
    const { description = '' } = document.paths['/ws']!.get!
    const { schemas } = document.components
    for (const [side, events] of Object.entries({ Client: CLIENT_EVENTS, Server: SERVER_EVENTS })) {
      const { anyOf } = schemas[`Socket${side}Frame`] as unknown as { anyOf: EventFrame[] }
      expect(anyOf.map(({ properties }) => properties.event.const)).toEqual(events)
      for (const { properties } of anyOf) {
        const name = properties.data.$ref.split('/').at(-1)!
        expect(schemas).toHaveProperty(name)
        expect(description).toContain(`\`${properties.event.const}\` (${name})`)
      }
    }
  })

  it('has examples of what a client says that are heard', async () => {
    const { app, url } = await startWithProvider()
    const { schemas } = new Reference(readDocument({ app })).document.components
    await startSession(url, { session_id: 'morning-run' })
    await call(`${url}/chat/message`, 'POST', { session_id: 'morning-run', message: 'Hello' })
    const socket = openSocketIo(url)
    const { anyOf } = schemas.SocketClientFrame as unknown as { anyOf: EventFrame[] }
    for (const { properties } of anyOf) {
      const [example = {}] = schemas[properties.data.$ref.split('/').at(-1)!]!.examples ?? []
      const answer = (await socket.emitWithAck(properties.event.const, example)) as Json
      expect(answer, properties.event.const).not.toHaveProperty('error')
    }
  })
})

interface EventFrame {
  properties: { event: { const: string }; data: { $ref: string } }
}
