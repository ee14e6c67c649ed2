/** Doors of a turn: look at it, follow it, stop it, say it anew. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { toTurnId } from '#src/chat/turn-id.ts'
import { createNativeDialect } from '#src/wire/dialects/native.ts'
import { FollowQuery, IdParams, RegenerateRequest, toCursor, toTurnInput } from '#src/wire/requests.ts'
import { NOTHING_STOPPED, toStopResource, toTurnResource } from '#src/wire/resources.ts'

const config = { followsTurn: true }

const routes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/chat/turns/:id', { schema: { params: IdParams } }, async ({ owner, params }) =>
    toTurnResource(await app.chat.snapshot(owner, params.id)),
  )

  app.get(
    '/chat/turns/:id/stream',
    { config, schema: { params: IdParams, querystring: FollowQuery }, exposeHeadRoute: false },
    async ({ owner, params, query, headers }, reply) => {
      const cursor = toCursor(params.id, toFollowQuery(query, headers['last-event-id']))
      const following = await app.chat.follow(owner, params.id, cursor)
      return reply.sendEventStream(following, createNativeDialect(following, query))
    },
  )

  app.post('/chat/turns/:id/stop', { schema: { params: IdParams } }, ({ owner, params }) => stop(owner, params.id))

  app.post('/chat/sessions/:id/stop', { schema: { params: IdParams } }, async ({ owner, params }) => {
    const { sessionId, active } = await app.sessions.get(owner, params.id)
    if (active !== null) return stop(owner, toTurnId({ sessionId, n: active }))
    return NOTHING_STOPPED
  })

  app.post(
    '/chat/turns/:id/regenerate',
    { config, schema: { params: IdParams, body: RegenerateRequest } },
    async (request, reply) => {
      const { owner, params, body } = request
      const sent = await app.chat.regenerate(owner, {
        turnId: params.id,
        message: body.message,
        ...toTurnInput(body, request),
      })
      const following = await app.chat.followSent(sent)
      return reply.sendEventStream(following, createNativeDialect(following, body))
    },
  )

  async function stop(owner: string, turnId: string) {
    const { stopped, snapshot } = await app.chat.stop(owner, turnId)
    return toStopResource(stopped, snapshot)
  }
}

/** The header wins: EventSource sends it when it comes back, with the address that it began with. */
function toFollowQuery(query: FollowQuery, header: string | string[] | undefined): FollowQuery {
  return typeof header === 'string' && header !== '' ? { ...query, after: header } : query
}

export default routes
