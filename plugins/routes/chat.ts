/** Doors that speak: begin a session, send a message, read its reply as a stream or whole. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ChatError } from '#src/chat/errors.ts'
import { BEGINNING } from '#src/chat/event.ts'
import { choosePersona, DEFAULT_PERSONA, TUTOR_PERSONA } from '#src/chat/persona.ts'
import type { Sent } from '#src/chat/sending.ts'
import { toLevel, toTutorInstructions } from '#src/extras/tutor.ts'
import { createNativeDialect } from '#src/wire/dialects/native.ts'
import { toDoneFrame, toTime } from '#src/wire/frames.ts'
import { toImages } from '#src/wire/images.ts'
import {
  checkStreamRequest,
  type Sender,
  SendRequest,
  StartRequest,
  StreamRequest,
  toTurnInput,
  type TutorRequest,
} from '#src/wire/requests.ts'

/** A turn is not corrected yet. */
const NO_CORRECTIONS = { corrections: null }

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.post('/chat/start', { schema: { body: StartRequest } }, async ({ owner, payer, body }) => {
    const session = await app.sessions.start(owner, payer, {
      userId: body.user_id,
      persona: body.persona ?? DEFAULT_PERSONA,
      sessionId: body.session_id,
      brain: body.brain,
      model: body.model,
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

  const config = { followsTurn: true }
  const streamRoute = { config, schema: { body: StreamRequest }, validatorCompiler: () => validateStreamRequest }
  app.post('/chat/stream', streamRoute, async (request, reply) => {
    const { body } = request
    const isForTutor = 'user_message' in body
    const following = await app.chat.followSent(
      isForTutor ? await sendToTutor(request, body) : await send(request, body),
    )
    const options = isForTutor ? { extend: () => NO_CORRECTIONS } : body
    return reply.sendEventStream(following, createNativeDialect(following, options))
  })

  app.post('/chat/message', { config, schema: { body: SendRequest } }, async (request, reply) => {
    const sent = await send(request, request.body)
    const following = await app.chat.followSent({ ...sent, after: BEGINNING })
    return reply.answerWhole(following, (end) => ({ message: end.text, ...toDoneFrame(following.turn, end) }))
  })

  async function send(sender: Sender & { owner: string }, body: SendRequest): Promise<Sent> {
    return app.chat.send(sender.owner, {
      sessionId: body.session_id,
      message: body.message,
      images: await toImages(body.images),
      ...toTurnInput(body, sender),
    })
  }

  async function sendToTutor(sender: Sender & { owner: string }, body: TutorRequest): Promise<Sent> {
    const level = body.difficulty_level === undefined ? undefined : toLevel(body.difficulty_level)
    const sessionId = `conversation_${body.conversation_id}`
    return app.chat.send(sender.owner, {
      sessionId,
      draft: app.sessions.draft(sender.owner, { sessionId, persona: TUTOR_PERSONA }),
      message: body.user_message,
      ...toTurnInput({}, sender),
      ifBusy: 'stop',
      instructions: toTutorInstructions(body.language, level),
    })
  }
}

/** Refuses in the words of whichever request is meant: a union would list the fields of both. */
function validateStreamRequest(sent: unknown): { value: unknown } | { error: Error } {
  try {
    return { value: checkStreamRequest(sent) }
  } catch (error) {
    if (error instanceof ChatError) return { error }
    throw error
  }
}

export default routes
