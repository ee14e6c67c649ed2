/** Lets the app close while clients hold connections open on which they have asked for nothing. */
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'

export default fp(
  async (app) => {
    const open = new Set<Socket>()
    app.server.on('connection', (socket: Socket) => {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    })
    // Browsers connect ahead of their first request. Node's own closing of idle connections leaves these out, and would
    // wait for them as long as the client likes.
    app.addHook('preClose', async () => {
      for (const socket of open) if (socket.bytesRead === 0) socket.destroy()
    })
  },
  { name: 'connections' },
)
