/**
 * Owns the server's `upgrade` event: WebSocket and Socket.IO, each listening for itself, would break each other. Decorates
 * the app with an emitter that passes upgrades on, by path, once they are allowed.
 */
import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import { ChatError, toChatError } from '#src/chat/errors.ts'
import { stripBasePath } from './base-path.ts'
import { splitTarget } from '#src/target.ts'
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

/** Returns the path of a request's target as the router reads it: without host, query and needless slashes. */
export function toPath(target: string | undefined): string {
  const [path = ''] = splitTarget(target).path.split(/[?#]/, 1)
  return path.replaceAll(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
}

const EVENTS = new Map<string, keyof UpgradeEvents>([
  ['/ws', 'upgrade'],
  [toPath(SOCKET_IO_PATH), 'socket.io'],
])

export default fp(
  async (app) => {
    const upgrades = new EventEmitter<UpgradeEvents>()
    app.decorate('upgrades', upgrades)

    /** Returns the event that an upgrade is passed on by. It throws ChatError when the upgrade is refused. */
    function admit(request: IncomingMessage, socket: Socket): keyof UpgradeEvents {
      app.checkHost(request)
      const event =
        request.method === 'GET' ? EVENTS.get(toPath(stripBasePath(app.config.BASE_PATH, request))) : undefined
      if (!event) throw new ChatError('not_found', 'Sockets can be opened at /ws and /socket.io/ only.')
      app.checkPage(request)
      // Socket.IO's engine decides itself which of its clients is new.
      if (event === 'upgrade') {
        const refusal = app.sockets.refuse(request)
        if (refusal) throw refusal
        socket.once('close', app.sockets.count(request))
      }
      return event
    }

    app.server.on('upgrade', (request, socket: Socket, head) => {
      // Frames would land in the middle of the answers that are still to come.
      if (app.isAnswering(socket)) return socket.destroy()
      let event: keyof UpgradeEvents
      try {
        event = admit(request, socket)
      } catch (error) {
        socket.on('error', () => socket.destroy())
        return answerSocket(socket, toChatError(error))
      }
      upgrades.emit(event, request, socket, head)
    })
  },
  { name: 'upgrade', dependencies: ['security', 'sockets', 'errors', 'connection-limits'] },
)
