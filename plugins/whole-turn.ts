/** Decorates replies with turns that are answered whole, when they have ended. */
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { DoneEvent } from '#src/chat/event.ts'
import type { Following } from '#src/chat/sending.ts'
import { toTurnId } from '#src/chat/turn-id.ts'
import { readEnd } from '#src/transports/whole-turn.ts'
import { toChatError, toErrorFrame } from '#src/wire/frames.ts'

declare module 'fastify' {
  interface FastifyReply {
    /**
     * Reads the turn to its end, and resolves to what the door's handler returns: the body, or the reply where that was
     * answered with an error or its client has left. @throws ChatError when the reader was dismissed
     */
    answerWhole(following: Following, toBody: (end: DoneEvent) => object): Promise<object>
  }
}

async function answerWhole(
  this: FastifyReply,
  { turn, reader }: Following,
  toBody: (end: DoneEvent) => object,
): Promise<object> {
  if (!this.request.routeOptions.config.followsTurn) throw new Error('A route that waits must say followsTurn.')
  const end = await readEnd(reader, this)
  if (!end) return this
  this.headers({ 'X-Session-Id': turn.sessionId, 'X-Turn-Id': toTurnId(turn) })
  if (end.type === 'error') return this.sendError(toChatError(end), toErrorFrame(turn, end))
  return toBody(end)
}

export default fp(async (app) => void app.decorateReply('answerWhole', answerWhole), {
  name: 'whole-turn',
  dependencies: ['errors', 'auth'],
})
