/** The door `GET /ws`: a WebSocket with any number of turns on it. */
import websocket from '@fastify/websocket'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ChatError } from '#src/chat/errors.ts'
import { bindWebSocket, createWebSocketPort } from '#src/transports/web-socket.ts'
import { toSocketToken } from '#src/wire/credentials.ts'

const MAX_FRAGMENTS = 64

const PROTOCOL = 'repartee'

export default fp(
  async (app) => {
    await app.register(websocket, {
      options: {
        server: app.upgrades as never,
        maxPayload: app.config.MAX_FRAME_KB * 1024,
        maxFragments: MAX_FRAGMENTS,
        perMessageDeflate: false,
        // A browser can send a token only as a sub-protocol beside ours: that one is never sent back.
        handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
      },
      // ws closes the socket itself, with the code of what was wrong; ending it here would cut that off.
      errorHandler: (error, _socket, request) => request.log.debug({ err: error }, 'websocket error'),
      // The connections have been closed by now.
      preClose: (done) => app.websocketServer.close(() => done()),
    })

    app.route({
      method: 'GET',
      url: '/ws',
      exposeHeadRoute: false,
      config: { isOpen: true },
      // Who sends no token may still send it as the first frame.
      onRequest: async (request: FastifyRequest) => {
        const token = toSocketToken(request.headers)
        if (token !== undefined) request.identity = await app.identify(token)
      },
      handler: (_request, reply) => reply.sendError(new ChatError('not_found', 'Open a WebSocket here.')),
      wsHandler: (socket, request) => {
        const raw = request.raw.socket
        const connection = app.sockets.connect(createWebSocketPort(socket, raw), request.raw, request.identity)
        bindWebSocket(socket, raw, connection, app.sockets.heartbeat)
        socket.once('close', () => app.sockets.disconnect(connection))
      },
    })
  },
  { name: 'websocket', dependencies: ['sockets', 'upgrade'] },
)
