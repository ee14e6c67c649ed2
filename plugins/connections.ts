/** Lets the app close while clients hold connections open: idle ones, and those on which nothing moves any more. */
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import { draining } from '#src/chat/errors.ts'

/** Milliseconds between two looks for connections that have become idle while the app closes. */
const LOOK_MS = 50

/** Milliseconds from the begin of the app's end after which connections are cut: streams and sockets have had their time. */
const CUT_MS = 4_000

export default fp(
  async (app) => {
    const open = new Set<Socket>()
    app.server.on('connection', (socket: Socket) => {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    })
    // A proxy that keeps connections would send its next request to a process that is just leaving.
    app.addHook('onSend', async (_request, reply) => {
      if (app.chat.draining) reply.header('Connection', 'close')
    })
    let isClosing = false
    // Not by Fastify's own short cut: clients tell by the code that they are to come back.
    app.addHook('onRequest', async (_request, reply) => (isClosing ? reply.sendError(draining()) : undefined))
    // Browsers connect ahead of their first request. Node's own closing of idle connections leaves these out, and would
    // wait for them as long as the client likes.
    app.addHook('preClose', async () => {
      isClosing = true
      for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
      if (!app.server.listening) return
      // Who was answered while still sending becomes idle later than Node looks for that.
      const timer = setInterval(() => app.server.closeIdleConnections(), LOOK_MS).unref()
      // Half a request that is never sent on, an answer that is never read.
      const cut = setTimeout(() => open.forEach((socket) => socket.destroy()), CUT_MS).unref()
      app.server.once('close', () => {
        clearInterval(timer)
        clearTimeout(cut)
      })
    })
  },
  { name: 'connections', dependencies: ['errors'] },
)
