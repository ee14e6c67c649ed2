/**
 * Bounds what one connection may cost: how many requests it may have under way, and how long it may leave unread what
 * was written to it. It uses hooks, not events of the server: Fastify has a server for each address of `localhost`.
 */
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import { ChatError } from '#src/chat/errors.ts'
import { watchDrain } from '#src/transports/backpressure.ts'
import { Heartbeat } from '#src/transports/heartbeat.ts'

/**
 * Requests of one connection that may wait for their answers. Node begins every request that it has read, 1,500 in
 * 64 KiB, and holds each answer until the earlier ones are taken.
 */
const MAX_UNDER_WAY = 16

/** Requests that may follow a refused one until the connection is cut: Node keeps each in memory. */
const MAX_UNHEARD = 2_000

declare module 'fastify' {
  interface FastifyInstance {
    /** Says whether a connection has a request that is not answered yet. */
    isAnswering(socket: Socket): boolean
  }
}

interface Pipeline {
  underWay: number
  /** Requests since the first that was refused, that one included. */
  unheard: number
}

export default fp(
  async (app) => {
    const heartbeat = new Heartbeat()
    const pipelines = new WeakMap<Socket, Pipeline>()

    app.decorate('isAnswering', (socket: Socket) => (pipelines.get(socket)?.underWay ?? 0) > 0)

    /** Watches a connection from its first request on: before that, nothing is written to it. */
    function watch(socket: Socket): Pipeline {
      const pipeline = { underWay: 0, unheard: 0 }
      pipelines.set(socket, pipeline)
      watchDrain(socket, heartbeat)
      return pipeline
    }

    app.addHook('onRequest', (request, reply, done) => {
      const { socket } = request.raw
      const pipeline = pipelines.get(socket) ?? watch(socket)
      if (pipeline.unheard === 0 && pipeline.underWay < MAX_UNDER_WAY) {
        pipeline.underWay++
        reply.raw.once('close', () => pipeline.underWay--)
        return done()
      }
      pipeline.unheard++
      socket.pause()
      if (pipeline.unheard > MAX_UNHEARD) socket.destroy()
      // The connection closes after this answer, so the requests behind it need none.
      if (pipeline.unheard === 1) void reply.header('Connection', 'close').sendError(tooMany())
      else reply.hijack()
    })
  },
  { name: 'connection-limits', dependencies: ['errors'] },
)

function tooMany(): ChatError {
  return new ChatError('rate_limited', 'Too many requests at once on one connection: wait for answers.')
}
