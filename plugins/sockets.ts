/** Decorates the app with its sockets, WebSocket and Socket.IO alike: how many may be open, and how they end. */
import type { IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import fp from 'fastify-plugin'
import { ChatError, draining } from '#src/chat/errors.ts'
import type { Identity } from '#src/identity/identity.ts'
import { Connection, type Port } from '#src/transports/connection.ts'
import { Counts } from '#src/transports/counts.ts'
import { Heartbeat } from '#src/transports/heartbeat.ts'
import type { NativeOptions } from '#src/wire/dialects/native.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly sockets: Sockets
  }
}

export interface Sockets {
  readonly heartbeat: Heartbeat
  /** How many one client may have open; 0 is no limit. */
  readonly limit: number
  /** Why this request may not open a socket now; undefined when it may. */
  refuse(request: IncomingMessage): ChatError | undefined
  /** Counts a socket of the request's address until the returned function is called. */
  count(request: IncomingMessage): () => void
  /** A connection over a socket that this request opened. Without an identity it waits for the sign-in. */
  connect(port: Port, request: IncomingMessage, identity: Identity | null, frames?: NativeOptions): Connection
  /** Forgets a connection whose socket is gone. */
  disconnect(connection: Connection): void
  /** Asks the clients to come back, each when the turns that it follows have ended. */
  drain(): void
}

/** While the service is open an address is all that is known of a client; behind one address many may sign in. */
const MAX_SOCKETS_PER_IP = { open: 20, signedIn: 200 }

/** Milliseconds that sockets have to close when the app does. */
const CLOSE_GRACE_MS = 1_500

export default fp(
  async (app) => {
    const limit = app.config.MAX_SOCKETS_PER_IP ?? MAX_SOCKETS_PER_IP[app.stranger ? 'open' : 'signedIn']
    const counts = new Counts()
    const connections = new Map<Connection, () => void>()

    function refuse(request: IncomingMessage): ChatError | undefined {
      if (app.chat.draining) return draining()
      const open = counts.of(app.toNetwork(request))
      if (limit === 0 || open < limit) return undefined
      return new ChatError('rate_limited', `There are ${open} sockets of this address already.`, { retryAfter: 1 })
    }

    function connect(port: Port, request: IncomingMessage, identity: Identity | null, frames: NativeOptions = {}) {
      const { chat, sessions } = app
      const identify = (token: string) => app.identify(token)
      const network = app.toNetwork(request)
      const connection = new Connection(port, { chat, sessions, identity, network, identify, onRefused, frames })
      connections.set(connection, () => {})
      return connection
    }

    function onRefused({ code, cause }: ChatError): void {
      if (cause !== undefined) app.log.error({ code, err: cause }, 'socket event failed')
    }

    function disconnect(connection: Connection): void {
      connection.closed()
      connections.get(connection)?.()
      connections.delete(connection)
    }

    const drain = () => {
      for (const connection of connections.keys()) connection.drain()
    }

    const count = (request: IncomingMessage) => counts.add(app.toNetwork(request))
    app.decorate('sockets', { heartbeat: new Heartbeat(), limit, refuse, count, connect, disconnect, drain })
    app.meter.gauge('repartee_sockets', 'Open WebSocket and Socket.IO connections', () => connections.size)
    app.meter.gauge('repartee_socket_readers', 'Turns that are followed on sockets', () =>
      [...connections.keys()].reduce((sum, { following }) => sum + following, 0),
    )
    app.addHook('preClose', async () => {
      const closing = [...connections.keys()].map(
        (connection) => new Promise<void>((resolve) => connections.set(connection, resolve)),
      )
      for (const connection of connections.keys()) connection.leave()
      await Promise.race([Promise.all(closing), delay(CLOSE_GRACE_MS, undefined, { ref: false })])
      for (const connection of connections.keys()) connection.terminate()
    })
  },
  { name: 'sockets', dependencies: ['config', 'security', 'auth', 'metrics', 'chat'] },
)
