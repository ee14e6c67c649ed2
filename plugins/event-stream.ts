/** Decorates replies with server-sent events, bare or negotiated, and lets the streams end when the app closes. */
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { Following } from '#src/chat/sending.ts'
import { toTurnId } from '#src/chat/turn-id.ts'
import { EventStream } from '#src/transports/event-stream.ts'
import { dismissWhenExpired } from '#src/transports/expiry.ts'
import { PORTION_CHARS } from '#src/transports/followed-turns.ts'
import { Heartbeat } from '#src/transports/heartbeat.ts'
import { createBareEncoder, createNegotiatedEncoder, type Dialect } from '#src/wire/event-stream.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** Streams what the reader gets, in the door's dialect; 204 when it has all of it already. */
    sendEventStream(following: Following, dialect: Dialect): FastifyReply
  }
}

/** Milliseconds that streams have to write their last frames when the app closes. */
const CLOSE_GRACE_MS = 2_000

export default fp(
  async (app) => {
    const heartbeat = new Heartbeat()
    const streams = new Set<EventStream>()

    function sendEventStream(this: FastifyReply, { turn, reader }: Following, dialect: Dialect): FastifyReply {
      if (!this.request.routeOptions.config.followsTurn) throw new Error('A route that streams must say followsTurn.')
      this.headers({ 'X-Session-Id': turn.sessionId, 'X-Turn-Id': toTurnId(turn), Vary: 'Origin, Accept' })
      if (reader.over || this.raw.destroyed) {
        const { dismissal } = reader
        reader.close()
        if (dismissal) return this.sendError(dismissal)
        return this.code(204).send()
      }
      const { method, headers } = this.request
      const wantsIds = headers.accept?.toLowerCase().includes('text/event-stream') ?? false
      const encoder =
        wantsIds && dialect.hasOffsets
          ? createNegotiatedEncoder(dialect, turn, { method, hasOffset: 'last-event-id' in headers })
          : createBareEncoder(dialect)
      const stream = new EventStream(reader, encoder, heartbeat, dialect.repeatsText ? PORTION_CHARS : undefined)
      streams.add(stream)
      stream.once('close', () => streams.delete(stream))
      dismissWhenExpired(reader, this)
      // The turn is accepted: its ids must not wait for the first token.
      this.raw.once('pipe', () => stream.begin(this.raw))
      return this.headers({
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Cache-Control': 'no-cache, no-transform',
        'X-Accel-Buffering': 'no',
      }).send(stream)
    }

    app.decorateReply('sendEventStream', sendEventStream)
    app.meter.gauge('repartee_event_streams', 'Readers of server-sent events', () => streams.size)
    app.addHook('preClose', async () => {
      const closing = [...streams].map((stream) => new Promise((resolve) => stream.once('close', resolve)))
      await Promise.race([Promise.all(closing), delay(CLOSE_GRACE_MS, undefined, { ref: false })])
      for (const stream of streams) stream.destroy()
    })
  },
  { name: 'event-stream', dependencies: ['errors', 'auth', 'metrics'] },
)
