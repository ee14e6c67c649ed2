/** A Socket.IO socket as a connection's port. Its own pings find out whether anyone is still there. */
import type { Socket } from 'socket.io'
import { encodeSocketIoPacket } from '#src/wire/socket-frames.ts'
import { type Acknowledge, CLOSE, type Connection, type Port } from './connection.ts'

/** Characters that may wait for the client before the next are taken from the log. */
const HIGH_WATER_MARK = 65_536

/** Characters. Events wait in their log, so only answers can pile up like this. */
const FLOODED_CHARS = 1_048_576

/**
 * Packets are written to the engine as the text that they are: `emit` would parse nothing, but walk through every object
 * and write it out again. The engine keeps its own queue and calls it drained when the transport has taken all of it.
 */
export function createSocketIoPort(socket: Socket): Port {
  const { conn } = socket
  let queued = 0
  const forget = () => {
    queued = 0
  }
  conn.on('drain', forget)
  socket.once('disconnect', () => conn.off('drain', forget))
  return {
    get hasRoom() {
      return queued < HIGH_WATER_MARK && socket.connected
    },
    get isFlooded() {
      return queued > FLOODED_CHARS
    },
    send(event, data) {
      queued += data.length
      if (socket.connected) conn.write(encodeSocketIoPacket(event, data))
    },
    // The engine gathers by itself what is written while the transport is busy.
    cork: (write) => write(),
    close(code) {
      // A client comes back by itself when its connection is gone, and not when it was disconnected.
      if (code === CLOSE.restart) conn.close()
      else socket.disconnect(true)
    },
    terminate: () => conn.close(true),
  }
}

/** Brings what happens on the socket to the connection. */
export function bindSocketIo(socket: Socket, connection: Connection): void {
  const { conn } = socket
  const drained = () => connection.drained()
  conn.on('drain', drained)
  socket.onAny((event: unknown, ...sent: unknown[]) => {
    const last = sent.at(-1)
    if (typeof last === 'function') connection.receive(event, sent.slice(0, -1)[0], last as Acknowledge)
    else connection.receive(event, sent[0])
  })
  socket.once('disconnect', () => conn.off('drain', drained))
}
