/**
 * The door `/socket.io/`. Decorates the app with the official Socket.IO server, which is handed what belongs to it: it
 * stands behind the app's own server, not beside it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Server, type Socket } from 'socket.io'
import { WebSocketServer, type ServerOptions } from 'ws'
import { ChatError, toChatError } from '#src/chat/errors.ts'
import type { Identity } from '#src/identity/identity.ts'
import { bindSocketIo, createSocketIoPort } from '#src/transports/socket-io.ts'
import { toToken } from '#src/wire/credentials.ts'
import { toErrorBody } from '#src/wire/frames.ts'
import { answerResponse, answerSocket } from './errors.ts'
import { SOCKET_IO_PATH } from './upgrade.ts'

/** A client that is gone is known to be within their sum. */
const PING_INTERVAL_MS = 20_000
const PING_TIMEOUT_MS = 20_000

const MAX_FRAGMENTS = 64

/** Milliseconds in which a client must have signed in. */
const SIGN_IN_MS = 5_000

/** Packets that may wait for a client: a portion of frames and the answers to what it may ask at once are some hundred. */
const MAX_WAITING_PACKETS = 5_000

declare module 'fastify' {
  interface FastifyInstance {
    readonly io: Server
  }
}

/** A request with what Engine.IO adds to it. */
interface EngineRequest extends IncomingMessage {
  /** The query as Engine.IO reads it. */
  _query: Record<string, string | undefined>
  /** Set where the request is no upgrade. */
  res?: ServerResponse
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
      // The engine asks for new clients only, and decides itself which one is new.
      allowRequest: (request, decide) => {
        const refusal = refuse(app, request as EngineRequest)
        if (refusal) answer(request as EngineRequest, refusal)
        else decide(null, true)
      },
    })

    app.decorate('io', io)
    app.upgrades.on('socket.io', (request, socket, head) => io.engine.handleUpgrade(toEngine(request), socket, head))

    app.route({
      method: ['GET', 'POST'],
      url: SOCKET_IO_PATH,
      exposeHeadRoute: false,
      // Its own protocol, which only its clients speak.
      schema: { hide: true },
      // Tokens come with what the engine carries: see below.
      config: { isOpen: true },
      // Before the body is read: it is the engine's.
      onRequest: async (request: FastifyRequest, reply) => {
        // A polling client opens its socket with a GET, so every method is checked.
        app.checkPage(request.raw)
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
      io.engine.handleRequest(toEngine(request.raw), reply.raw)
      return reply
    }

    io.engine.on('connection', (conn) => {
      // Asked again: of many clients that come at once, all are allowed before the first is counted.
      if (app.sockets.refuse(conn.request)) return void conn.close(true)
      conn.once('close', app.sockets.count(conn.request))
      return boundWaiting(conn)
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

/** Leaves only the query of a target to Engine.IO's parser, which throws at what it cannot read. */
function toEngine(request: IncomingMessage): never {
  request.url = SOCKET_IO_PATH + (/\?[^#]*/.exec(request.url ?? '')?.[0] ?? '')
  return request as never
}

/** Ends a connection whose client asks and does not read: Socket.IO answers much by itself, such as namespaces. */
function boundWaiting(conn: Socket['conn']): void {
  // What began by polling may share its connection with others: a proxy keeps some for all of its clients.
  const isAlone = conn.transport.name === 'websocket'
  let waiting = 0
  const count = (): void => {
    if (++waiting <= MAX_WAITING_PACKETS) return
    conn.off('packetCreate', count)
    conn.close(true)
    // A close frame alone would wait behind what is not read.
    if (isAlone) conn.request.socket.destroy()
  }
  conn.on('packetCreate', count)
  // By then the transport has taken all that waited, and takes no more until that is sent.
  conn.on('drain', () => {
    waiting = 0
  })
}

function refuse({ sockets }: FastifyInstance, request: EngineRequest): ChatError | undefined {
  // JSONP is a script, and any page can load one.
  const { _query: query } = request
  if (query.j !== undefined)
    return new ChatError('invalid_request', 'JSONP polling is not supported: poll without it, or use WebSocket.')
  return sockets.refuse(request)
}

/** Answers in the service's words and with its status: the engine knows only its own. */
function answer({ res, socket }: EngineRequest, refusal: ChatError): void {
  if (res) return answerResponse(res, refusal)
  socket.on('error', () => socket.destroy())
  answerSocket(socket, refusal)
}

/** Where a client has said it, it is the one that counts, also when it is no text and so no token. */
function toHandshakeToken({ auth, headers }: Socket['handshake']): string | undefined {
  const { token } = auth
  if (token === undefined || token === null) return toToken(headers)
  return typeof token === 'string' ? token : ''
}
