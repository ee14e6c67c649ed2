/** Decorates the app with its sockets, WebSocket and Socket.IO alike: who may open one, how many, and how they end. */
import type { IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import fp from 'fastify-plugin'
import { ChatError } from '#src/chat/errors.ts'
import { toList } from '#src/config.ts'
import { Connection, type Port } from '#src/transports/connection.ts'
import { createAddressReader, toNetwork } from '#src/transports/address.ts'
import { Heartbeat } from '#src/transports/heartbeat.ts'
import type { NativeOptions } from '#src/wire/dialects/native.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly sockets: Sockets
  }
}

export interface Sockets {
  readonly heartbeat: Heartbeat
  /** Why this request may not open a socket now; undefined when it may. */
  refuse(request: IncomingMessage): ChatError | undefined
  /** Counts a socket of the request's address until the returned function is called. */
  count(request: IncomingMessage): () => void
  /** A connection over a socket that was opened. */
  connect(port: Port, owner: string, frames?: NativeOptions): Connection
  /** Forgets a connection whose socket is gone. */
  disconnect(connection: Connection): void
  /** Asks the clients to come back, each when the turns that it follows have ended. */
  drain(): void
}

const MAX_SOCKETS_PER_IP = 20

/** Milliseconds that sockets have to close when the app does. */
const CLOSE_GRACE_MS = 1_500

export default fp(
  async (app) => {
    const limit = app.config.MAX_SOCKETS_PER_IP ?? MAX_SOCKETS_PER_IP
    const toAddress = createAddressReader(toList(app.config.TRUSTED_PROXIES))
    const counts = new Map<string, number>()
    const connections = new Map<Connection, () => void>()

    function refuse(request: IncomingMessage): ChatError | undefined {
      const { origin, host } = request.headers
      if (!app.isAllowedOrigin(origin, host)) {
        return new ChatError('forbidden', 'Pages of this origin may not open a socket here.')
      }
      if (app.chat.draining) {
        return new ChatError('draining', 'The service is restarting: come back.', { retryAfter: 1 })
      }
      const open = counts.get(toNetwork(toAddress(request))) ?? 0
      if (limit === 0 || open < limit) return undefined
      return new ChatError('rate_limited', `There are ${open} sockets of this address already.`, { retryAfter: 1 })
    }

    function count(request: IncomingMessage): () => void {
      const network = toNetwork(toAddress(request))
      counts.set(network, (counts.get(network) ?? 0) + 1)
      return () => {
        const left = (counts.get(network) ?? 1) - 1
        if (left > 0) counts.set(network, left)
        else counts.delete(network)
      }
    }

    function connect(port: Port, owner: string, frames: NativeOptions = {}): Connection {
      const { chat, sessions } = app
      const identify = (token: string) => app.identify(token)
      const connection = new Connection(port, { chat, sessions, owner, identify, onRefused, frames })
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

    app.decorate('sockets', { heartbeat: new Heartbeat(), refuse, count, connect, disconnect, drain })
    app.addHook('preClose', async () => {
      const closing = [...connections.keys()].map(
        (connection) => new Promise<void>((resolve) => connections.set(connection, resolve)),
      )
      for (const connection of connections.keys()) connection.leave()
      await Promise.race([Promise.all(closing), delay(CLOSE_GRACE_MS, undefined, { ref: false })])
      for (const connection of connections.keys()) connection.terminate()
    })
  },
  { name: 'sockets', dependencies: ['config', 'security', 'auth', 'chat'] },
)
