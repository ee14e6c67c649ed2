/** A WebSocket as a connection's port: corked writes, backpressure by the socket's own buffer, and pings. */
import type { Socket } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import { ChatError, toChatError } from '#src/chat/errors.ts'
import { decodeWebSocketFrame, encodeWebSocketFrame } from '#src/wire/socket-frames.ts'
import type { Connection, Port } from './connection.ts'
import type { Beating, Heartbeat } from './heartbeat.ts'

/** Ticks (seconds) without a sign of life from the client: then it is asked for one, then it is gone. */
const PING_TICKS = 20
const SILENT_TICKS = 45

/** The same while what was written waits for the client: the ping waits behind it. */
const BLOCKED_TICKS = 60

/** Bytes. Events wait in their log, so only answers can pile up like this. */
const FLOODED_BYTES = 1_048_576

/** @param raw the TCP connection below, which ws does not hand out */
export function createWebSocketPort(socket: WebSocket, raw: Socket): Port {
  return {
    get hasRoom() {
      return !raw.writableNeedDrain && socket.readyState === socket.OPEN
    },
    get isFlooded() {
      return socket.bufferedAmount > FLOODED_BYTES
    },
    send: (event, data) => socket.send(encodeWebSocketFrame(event, data)),
    cork(write) {
      raw.cork()
      write()
      raw.uncork()
    },
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  }
}

/** Brings what happens on the socket to the connection. */
export function bindWebSocket(socket: WebSocket, raw: Socket, connection: Connection, heartbeat: Heartbeat): void {
  const pulse = new Pulse(socket, raw)
  socket.on('message', (data, isBinary) => {
    pulse.live()
    try {
      const { event, data: sent } = decodeWebSocketFrame(toText(data, isBinary))
      connection.receive(event, sent)
    } catch (error) {
      connection.receiveNothing(toChatError(error))
    }
  })
  socket.on('ping', () => pulse.live())
  socket.on('pong', () => pulse.live())
  raw.on('drain', () => {
    pulse.live()
    connection.drained()
  })
  heartbeat.add(pulse)
  socket.once('close', () => heartbeat.remove(pulse))
}

function toText(data: RawData, isBinary: boolean): string {
  if (isBinary) throw new ChatError('frame_invalid', 'Frames are text, not binary.')
  // Text comes whole and in one buffer, as long as the socket's `binaryType` is left as it is.
  return (data as Buffer).toString()
}

/** Finds out whether anyone is still there. */
class Pulse implements Beating {
  readonly #socket: WebSocket
  readonly #raw: Socket
  #silentTicks = 0

  constructor(socket: WebSocket, raw: Socket) {
    this.#socket = socket
    this.#raw = raw
  }

  live(): void {
    this.#silentTicks = 0
  }

  tick(): void {
    this.#silentTicks++
    if (this.#silentTicks === PING_TICKS) this.#socket.ping()
    if (this.#silentTicks >= (this.#raw.writableNeedDrain ? BLOCKED_TICKS : SILENT_TICKS)) this.#socket.terminate()
  }
}
