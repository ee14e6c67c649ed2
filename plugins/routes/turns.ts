/** Doors of a turn: look at it, follow it, stop it, say it anew. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ChatError } from '#src/chat/errors.ts'
import { BEGINNING } from '#src/chat/event.ts'
import type { Cursor } from '#src/chat/replays.ts'
import { toTurnId } from '#src/chat/turn-id.ts'
import { createNativeDialect } from '#src/wire/dialects/native.ts'
import { decodeOffset } from '#src/wire/offset.ts'
import { FollowQuery, IdParams, RegenerateRequest, toTurnInput } from '#src/wire/requests.ts'
import { toTurnResource } from '#src/wire/resources.ts'

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/chat/turns/:id', { schema: { params: IdParams } }, async ({ owner, params }) =>
    toTurnResource(await app.chat.snapshot(owner, params.id)),
  )

  app.get(
    '/chat/turns/:id/stream',
    { schema: { params: IdParams, querystring: FollowQuery }, exposeHeadRoute: false },
    async ({ owner, params, query, headers }, reply) => {
      const following = await app.chat.follow(owner, params.id, toCursor(params.id, query, headers['last-event-id']))
      return reply.sendEventStream(following, createNativeDialect(following, query))
    },
  )

  app.post('/chat/turns/:id/stop', { schema: { params: IdParams } }, ({ owner, params }) => stop(owner, params.id))

  app.post('/chat/sessions/:id/stop', { schema: { params: IdParams } }, async ({ owner, params }) => {
    const { sessionId, active } = await app.sessions.get(owner, params.id)
    if (active !== null) return stop(owner, toTurnId({ sessionId, n: active }))
    return { stopped: false, turn_id: null, state: null, partial_text: '' }
  })

  app.post(
    '/chat/turns/:id/regenerate',
    { schema: { params: IdParams, body: RegenerateRequest } },
    async ({ owner, params, body, headers }, reply) => {
      const sent = await app.chat.regenerate(owner, {
        turnId: params.id,
        message: body.message,
        ...toTurnInput(body, headers),
      })
      const following = await app.chat.followSent(sent)
      return reply.sendEventStream(following, createNativeDialect(following, body))
    },
  )

  async function stop(owner: string, turnId: string) {
    const { stopped, snapshot } = await app.chat.stop(owner, turnId)
    return { stopped, turn_id: turnId, state: snapshot.turn.state, partial_text: snapshot.text }
  }
}

/** The header wins: EventSource sends it when it comes back, with the address that it began with. */
function toCursor(turnId: string, { after, after_count }: FollowQuery, header: string | string[] | undefined): Cursor {
  const offset = typeof header === 'string' && header !== '' ? header : after
  if (offset === undefined) return after_count === undefined ? BEGINNING : { count: after_count }
  const { turnId: named, position } = decodeOffset(offset)
  if (named !== turnId) throw new ChatError('invalid_request', 'The offset belongs to another turn.')
  return position
}

export default routes
