/**
 * Owns the server's `upgrade` event: WebSocket and Socket.IO, each listening for itself, would break each other. Decorates
 * the app with an emitter that passes upgrades on, by path, once they are allowed.
 */
import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import { answerSocket } from './errors.ts'

export const SOCKET_IO_PATH = '/socket.io/'

interface UpgradeEvents {
  /** For @fastify/websocket, which listens for this on what it takes for the server. */
  upgrade: [IncomingMessage, Socket, Buffer]
  'socket.io': [IncomingMessage, Socket, Buffer]
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly upgrades: EventEmitter<UpgradeEvents>
  }
}

export default fp(
  async (app) => {
    const upgrades = new EventEmitter<UpgradeEvents>()
    app.decorate('upgrades', upgrades)
    app.server.on('upgrade', (request, socket: Socket, head) => {
      const isSocketIo = request.url?.startsWith(SOCKET_IO_PATH) ?? false
      // With an id it is no new socket, but a polling one that changes its transport.
      const isNew = !isSocketIo || !/[?&]sid=/.test(request.url ?? '')
      const refusal = isNew ? app.sockets.refuse(request) : undefined
      if (refusal)
        return answerSocket(
          socket.on('error', () => socket.destroy()),
          refusal,
        )
      if (isNew) socket.once('close', app.sockets.count(request))
      upgrades.emit(isSocketIo ? 'socket.io' : 'upgrade', request, socket, head)
    })
  },
  { name: 'upgrade', dependencies: ['sockets', 'errors'] },
)
