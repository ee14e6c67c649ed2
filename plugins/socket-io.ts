/**
 * The door `/socket.io/`. Decorates the app with the official Socket.IO server, which is handed what belongs to it: it
 * stands behind the app's own server, not beside it.
 */
import { createServer } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Server, type Socket } from 'socket.io'
import { WebSocketServer, type ServerOptions } from 'ws'
import { ChatError, toChatError } from '#src/chat/errors.ts'
import type { Identity } from '#src/identity/identity.ts'
import { bindSocketIo, createSocketIoPort } from '#src/transports/socket-io.ts'
import { toToken } from '#src/wire/credentials.ts'
import { toErrorBody } from '#src/wire/frames.ts'
import { SOCKET_IO_PATH } from './upgrade.ts'

/** A client that is gone is known to be within their sum. */
const PING_INTERVAL_MS = 20_000
const PING_TIMEOUT_MS = 20_000

const MAX_FRAGMENTS = 64

/** Milliseconds in which a client must have signed in. */
const SIGN_IN_MS = 5_000

declare module 'fastify' {
  interface FastifyInstance {
    readonly io: Server
  }
}

/** Engine.IO passes no option for the number of fragments. */
class BoundedServer extends WebSocketServer {
  constructor(options: ServerOptions) {
    super({ ...options, maxFragments: MAX_FRAGMENTS })
  }
}

export default fp(
  async (app) => {
    // It never listens. Attached to the app's own server, Socket.IO would put itself before Fastify there.
    const io = new Server(createServer(), {
      path: SOCKET_IO_PATH,
      transports: ['polling', 'websocket'],
      serveClient: false,
      destroyUpgrade: false,
      maxHttpBufferSize: app.config.MAX_FRAME_KB * 1024,
      perMessageDeflate: false,
      httpCompression: false,
      pingInterval: PING_INTERVAL_MS,
      pingTimeout: PING_TIMEOUT_MS,
      connectTimeout: SIGN_IN_MS,
      wsEngine: BoundedServer,
    })

    app.decorate('io', io)
    app.upgrades.on('socket.io', (request, socket, head) => io.engine.handleUpgrade(request, socket, head))

    app.route({
      method: ['GET', 'POST'],
      url: SOCKET_IO_PATH,
      exposeHeadRoute: false,
      // Its own protocol, which only its clients speak.
      schema: { hide: true },
      // Tokens come with what the engine carries: see below.
      config: { isOpen: true },
      // Before the body is read: it is the engine's.
      onRequest: async (request: FastifyRequest<{ Querystring: { sid?: string } }>, reply) => {
        const refusal = request.query.sid === undefined ? app.sockets.refuse(request.raw) : undefined
        if (refusal) return reply.sendError(refusal)
        return hand(request, reply)
      },
      handler: (_request, reply) => reply.sendError(new ChatError('not_found', 'There is no such door.')),
    })

    /** Hands a request to the engine, with the headers that the hooks have set. */
    function hand(request: FastifyRequest, reply: FastifyReply): FastifyReply {
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value)
      }
      reply.hijack()
      io.engine.handleRequest(request.raw, reply.raw)
      return reply
    }

    // Those that begin as WebSockets are counted where they are upgraded.
    io.engine.on('connection', (conn) => {
      if (conn.transport.name !== 'polling') return
      if (app.sockets.refuse(conn.request)) conn.close(true)
      else conn.once('close', app.sockets.count(conn.request))
    })

    io.use((socket, admit) => void identify(socket).then(admit))

    /** Engines whose client is in, or about to be: Socket.IO itself would let it in a second time meanwhile. */
    const taken = new WeakSet<object>()

    /** Notes whose socket it is, or says why it is nobody's. */
    async function identify(socket: Socket): Promise<Error | undefined> {
      const { conn, handshake } = socket
      if (taken.has(conn)) return new Error('This connection is in use.')
      taken.add(conn)
      try {
        socket.data = { identity: await app.identify(toHandshakeToken(handshake)) }
        return undefined
      } catch (error) {
        taken.delete(conn)
        const refused = toChatError(error)
        return Object.assign(new Error(refused.message), { data: toErrorBody(refused) })
      }
    }

    io.on('connection', (socket) => {
      const { identity } = socket.data as { identity: Identity }
      const connection = app.sockets.connect(createSocketIoPort(socket), socket.request, identity, {
        partial: true,
        extend: (fullText) => ({ full_response: fullText }),
      })
      bindSocketIo(socket, connection)
      socket.once('disconnect', () => app.sockets.disconnect(connection))
    })

    app.addHook('preClose', () => io.close())
  },
  { name: 'socket-io', dependencies: ['sockets', 'upgrade'] },
)

/** Where a client has said it, it is the one that counts, also when it is no text and so no token. */
function toHandshakeToken({ auth, headers }: Socket['handshake']): string | undefined {
  const { token } = auth
  if (token === undefined || token === null) return toToken(headers)
  return typeof token === 'string' ? token : ''
}
