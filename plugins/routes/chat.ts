/** Doors that speak: begin a session, send a message, read its reply as a stream or whole. */
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Sent } from '#src/chat/sending.ts'
import { BEGINNING, type TerminalEvent } from '#src/chat/event.ts'
import { choosePersona, DEFAULT_PERSONA } from '#src/chat/persona.ts'
import { toTurnId } from '#src/chat/turn-id.ts'
import type { LogReader } from '#src/chat/turn-log.ts'
import { createNativeDialect } from '#src/wire/dialects/native.ts'
import { toChatError, toDoneFrame, toErrorFrame, toTime } from '#src/wire/frames.ts'
import { SendRequest, StartRequest, toTurnInput } from '#src/wire/requests.ts'

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/chat/start', { schema: { body: StartRequest } }, async ({ owner, body }) => {
    const session = await app.sessions.start(owner, {
      userId: body.user_id,
      persona: body.persona ?? DEFAULT_PERSONA,
      sessionId: body.session_id,
      brain: body.brain,
      title: body.title,
      onDisconnect: body.on_disconnect,
    })
    return {
      session_id: session.sessionId,
      user_id: session.userId,
      persona: session.persona,
      persona_description: choosePersona(app.personas, session.persona).description,
      available_personas: [...app.personas.keys()],
      brain: session.brain ?? app.brains.active,
      created_at: toTime(session.createdAt),
    }
  })

  app.post('/chat/stream', { schema: { body: SendRequest } }, async ({ owner, body, headers }, reply) => {
    const following = await app.chat.followSent(await send(owner, body, headers))
    return reply.sendEventStream(following, createNativeDialect(following, body))
  })

  app.post('/chat/message', { schema: { body: SendRequest } }, async ({ owner, body, headers }, reply) => {
    const { turn, reader } = await app.chat.followSent({ ...(await send(owner, body, headers)), after: BEGINNING })
    reply.raw.once('close', () => reader.close())
    if (reply.raw.destroyed) reader.close()
    const end = await readEnd(reader)
    if (!end) return reply
    reply.headers({ 'X-Session-Id': turn.sessionId, 'X-Turn-Id': toTurnId(turn) })
    if (end.type === 'error') return reply.sendError(toChatError(end), toErrorFrame(turn, end))
    return { message: end.text, ...toDoneFrame(turn, end) }
  })

  function send(owner: string, body: SendRequest, headers: IncomingHttpHeaders): Promise<Sent> {
    return app.chat.send(owner, {
      sessionId: body.session_id,
      message: body.message,
      ...toTurnInput(body, headers),
    })
  }
}

/** Reads a turn to its end. Undefined when the reader was closed before. @throws ChatError when it was dismissed */
async function readEnd(reader: LogReader): Promise<TerminalEvent | undefined> {
  for await (const events of reader) {
    const last = events.at(-1)
    if (last && last.type !== 'token') return last
  }
  return undefined
}

export default routes
