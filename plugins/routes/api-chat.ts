/** Doors that keep older clients of `/api/chat/stream` working, mapped onto the same core. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { PLAIN_PERSONA } from '#src/chat/persona.ts'
import { createNativeDialect } from '#src/wire/dialects/native.ts'
import { toToken } from '#src/wire/credentials.ts'
import { toTime } from '#src/wire/frames.ts'
import { ApiChatRequest, IdParams, toTurnInput } from '#src/wire/requests.ts'

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const config = { followsTurn: true }
  app.post('/api/chat/stream', { config, schema: { body: ApiChatRequest } }, async (request, reply) => {
    const { owner, body } = request
    const draft = app.sessions.draft(owner, { sessionId: body.session_id, persona: PLAIN_PERSONA })
    const sent = await app.chat.send(owner, {
      sessionId: draft.sessionId,
      draft,
      message: body.message,
      ...toTurnInput({}, request),
      ifBusy: 'stop',
    })
    const { userId } = await app.sessions.get(owner, draft.sessionId)
    const following = await app.chat.followSent(sent)
    const extend = (fullText: string) => ({ full_response: fullText, user: userId })
    return reply.sendEventStream(following, createNativeDialect(following, { partial: true, extend }))
  })

  app.get('/api/chat/sessions/:id', { schema: { params: IdParams } }, async ({ owner, params }) => {
    const { sessionId, messageCount } = await app.sessions.get(owner, params.id)
    return { session_id: sessionId, messages: messageCount, timestamp: toTime(Date.now()) }
  })

  app.delete('/api/chat/sessions/:id', { schema: { params: IdParams } }, async ({ owner, params }) => {
    await app.sessions.delete(owner, params.id)
    return { success: true, message: 'Session deleted' }
  })

  app.get('/api/status', { config: { isOpen: true } }, async ({ headers }) => {
    const authenticated = await app.identify(toToken(headers)).then(
      ({ owner }) => owner !== '',
      () => false,
    )
    const store = await app.store.check().then(
      () => 'online',
      () => 'offline',
    )
    return {
      status: 'online',
      timestamp: toTime(Date.now()),
      authenticated,
      services: { chat: app.chat.draining ? 'draining' : 'online', store, brain: app.brains.active },
    }
  })
}

export default routes
