/** Clients as apps have them, one per transport, behind one interface: what the transport suite speaks through. */
import { once } from 'node:events'
import { io, type Socket } from 'socket.io-client'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { call, type Frame, type Json, openStream, type Stream } from '#test/helper.ts'

/** A turn that is being read. */
export interface Reading {
  sessionId: string
  turnId: string
  /** The next `count` frames, or those that came before the end. */
  take(count: number): Promise<Frame[]>
  /** Every further frame, until the turn's terminal one or a dismissal. */
  rest(): Promise<Frame[]>
}

export interface Cursor {
  after?: string
  after_count?: number
}

/** A client that is connected. */
export interface Line {
  /** Rejects with the refusal. */
  send(data: Json): Promise<Reading>
  /** Rejects with the refusal. */
  follow(turnId: string, cursor?: Cursor): Promise<Reading>
  stop(turnId: string): Promise<void>
  /** Is gone, without a word. */
  vanish(): void
  /** Reads nothing that comes, until `resume`. */
  pause(): void
  resume(): void
}

export interface Transport {
  name: string
  /** Whether the client can leave unread what the server writes. */
  canPause: boolean
  connect(url: string): Promise<Line>
}

/** What the server said instead of beginning. */
export class Refusal extends Error {
  readonly frame: Json

  constructor(frame: Json) {
    super(String(frame.error))
    this.frame = frame
  }
}

export const sse: Transport = {
  name: 'SSE',
  canPause: true,
  connect: async (url) => {
    const streams = new Set<Stream>()
    onTestFinished(() => streams.forEach((stream) => stream.leave()))
    const read = async (path: string, body?: Json): Promise<Reading> => {
      const stream = await openStream(url + path, body, { accept: 'text/event-stream' })
      streams.add(stream)
      if (stream.status >= 400) {
        await stream.ended
        throw new Refusal(JSON.parse(stream.raw) as Json)
      }
      const { 'x-session-id': sessionId, 'x-turn-id': turnId } = stream.headers as Record<string, string>
      return { sessionId: sessionId!, turnId: turnId!, take: (count) => stream.take(count), rest: () => stream.rest() }
    }
    return {
      send: (data) => read('/chat/stream', data),
      follow: (turnId, cursor = {}) =>
        read(`/chat/turns/${turnId}/stream?${new URLSearchParams(cursor as Record<string, string>).toString()}`),
      stop: async (turnId) => void (await call(`${url}/chat/turns/${turnId}/stop`, 'POST')),
      vanish: () => streams.forEach((stream) => stream.leave('reset')),
      pause: () => streams.forEach((stream) => stream.pause()),
      resume: () => streams.forEach((stream) => stream.resume()),
    }
  },
}

export const webSocket: Transport = {
  name: 'WebSocket',
  canPause: true,
  connect: async (url) => {
    const { socket, hear } = await openWebSocket(url)
    const inbox = createInbox((event, data) => socket.send(JSON.stringify({ event, data })))
    hear(inbox.receive)
    return {
      ...inbox.line,
      vanish: () => socket.terminate(),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
    }
  },
}

export interface OpenedSocket {
  socket: WebSocket
  /** Gives every frame, also those that have come, to `listen`. */
  hear: (listen: (event: string, data: Json) => void) => void
}

/** Opens a WebSocket that is gone when the test ends. */
export async function openWebSocket(url: string, protocols: string[] = [], headers = {}): Promise<OpenedSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, protocols, { headers })
  onTestFinished(() => socket.terminate())
  const early: [string, Json][] = []
  let listen = (event: string, data: Json): void => void early.push([event, data])
  socket.on('message', (text: Buffer) => {
    const { event, data } = JSON.parse(text.toString()) as { event: string; data: Json }
    listen(event, data)
  })
  await once(socket, 'open')
  return {
    socket,
    hear(listener) {
      for (const [event, data] of early) listener(event, data)
      listen = listener
    },
  }
}

export const socketIo = toSocketIo('Socket.IO')
export const socketIoWebSocket = toSocketIo('Socket.IO over WebSocket alone', ['websocket'])
export const socketIoPolling = toSocketIo('Socket.IO over polling alone', ['polling'])

function toSocketIo(name: string, transports?: ('polling' | 'websocket')[]): Transport {
  return {
    name,
    canPause: transports?.[0] === 'websocket',
    connect: async (url) => {
      const socket = openSocketIo(url, transports)
      const inbox = createInbox((event, data) => socket.emit(event, data))
      socket.onAny(inbox.receive)
      await once(socket as never, 'connected')
      const raw = () => (socket.io.engine.transport as unknown as { ws: WebSocket }).ws
      return {
        ...inbox.line,
        vanish: () => (transports?.[0] === 'websocket' ? raw().terminate() : socket.io.engine.close()),
        pause: () => raw().pause(),
        resume: () => raw().resume(),
      }
    },
  }
}

/** A Socket.IO client that is gone when the test ends. */
export function openSocketIo(url: string, transports?: string[], options: object = {}): Socket {
  const socket = io(url, { forceNew: true, reconnection: false, ...(transports ? { transports } : {}), ...options })
  onTestFinished(async () => {
    const { engine } = socket.io
    const closed = new Promise((resolve) => engine.once('close', resolve))
    const isOpen = engine.readyState === 'open'
    socket.disconnect()
    if (isOpen) await closed
  })
  return socket
}

interface Waiting {
  resolve(reading: Reading): void
  reject(refusal: Refusal): void
}

/** Sorts what comes on a socket by turn. One attach at a time waits for its answer. */
function createInbox(say: (event: string, data: Json) => void) {
  const readings = new Map<string, ReturnType<typeof createReading>>()
  const waiting: Waiting[] = []
  const ask = (event: string, data: Json) =>
    new Promise<Reading>((resolve, reject) => {
      waiting.push({ resolve, reject })
      say(event, data)
    })
  const receive = (event: string, data: Json) => {
    if (event === 'chat_start') {
      const reading = createReading(data)
      readings.set(reading.turnId, reading)
      waiting.shift()?.resolve(reading)
    } else if (event === 'chat_stream_error' && !('partial_text' in data)) {
      waiting.shift()?.reject(new Refusal(data))
    } else if (event.startsWith('chat_')) {
      readings.get(String(data.turn_id))?.push({ id: (data.offset as string | undefined) ?? null, data })
    }
  }
  const line = {
    send: (data: Json) => ask('chat_stream', data),
    follow: (turnId: string, cursor: Cursor = {}) => ask('chat_resume', { turn_id: turnId, ...cursor }),
    stop: async (turnId: string) => say('chat_stop', { turn_id: turnId }),
  }
  return { receive, line }
}

function createReading({ session_id, turn_id }: Json) {
  const frames: Frame[] = []
  let isOver = false
  let wake: (() => void) | null = null
  const take = async (count: number) => {
    const taken: Frame[] = []
    while (taken.length < count) {
      const frame = frames.shift()
      if (frame) taken.push(frame)
      else if (isOver) break
      else await new Promise<void>((resolve) => (wake = resolve))
    }
    return taken
  }
  return {
    sessionId: String(session_id),
    turnId: String(turn_id),
    take,
    rest: () => take(Infinity),
    push(frame: Frame) {
      frames.push(frame)
      isOver ||= 'done' in frame.data || 'error' in frame.data
      wake?.()
    },
  }
}
