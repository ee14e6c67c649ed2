/** Doors of a session: list, look into, change, clear, export, delete. */
import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Session } from '#src/chat/session.ts'
import type { SessionChange } from '#src/chat/sessions.ts'
import { ExportQuery, IdParams, MessagesQuery, PatchRequest, SessionsQuery } from '#src/wire/requests.ts'
import {
  decodeCursor,
  encodeCursor,
  toMessageResource,
  toSessionResource,
  writeConversation,
  writeMarkdown,
} from '#src/wire/resources.ts'

/** Bytes that an export may hold while its client does not read: a page of messages, and its text. */
const EXPORT_BYTES = 2 * 1024 * 1024

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const toResource = (session: Session) => toSessionResource(session, app.brains.active)

  app.get('/chat/sessions', { schema: { querystring: SessionsQuery } }, async ({ owner, query }) => {
    const { limit, user_id, cursor } = query
    const found = await app.sessions.list({
      owner,
      // One more shows whether there is a next page.
      limit: limit + 1,
      ...(user_id === undefined || owner ? {} : { userId: user_id }),
      ...(cursor === undefined ? {} : { after: decodeCursor(cursor) }),
    })
    const sessions = found.slice(0, limit)
    const last = found.length > limit ? sessions.at(-1) : undefined
    return { sessions: sessions.map(toResource), next_cursor: last ? encodeCursor(last) : null }
  })

  app.get(
    '/chat/sessions/:id',
    { schema: { params: IdParams, querystring: MessagesQuery } },
    async ({ owner, params, query }) => {
      const session = await app.sessions.get(owner, params.id)
      const { messages, hasMore } = await app.sessions.history(session, {
        limit: query.messages,
        before: query.before || undefined,
      })
      return { ...toResource(session), messages: messages.map(toMessageResource), has_more: hasMore }
    },
  )

  app.patch(
    '/chat/sessions/:id',
    { schema: { params: IdParams, body: PatchRequest } },
    async ({ owner, params, body }) => toResource(await app.sessions.update(owner, params.id, toChange(body))),
  )

  app.post('/chat/sessions/:id/clear', { schema: { params: IdParams } }, async ({ owner, params }) =>
    toResource(await app.sessions.clear(owner, params.id)),
  )

  app.get(
    '/chat/sessions/:id/export',
    { config: { holdsBytes: EXPORT_BYTES }, schema: { params: IdParams, querystring: ExportQuery } },
    async ({ owner, params, query }, reply) => {
      const session = await app.sessions.get(owner, params.id)
      const pages = app.sessions.all(session)
      const isMarkdown = query.format === 'markdown'
      const name = `${session.sessionId}.${isMarkdown ? 'md' : 'json'}`
      reply.header('Content-Disposition', `attachment; filename="${name}"`)
      reply.type(isMarkdown ? 'text/markdown; charset=utf-8' : 'application/json; charset=utf-8')
      // Pages are read as the client takes them. When the session goes meanwhile, the connection breaks.
      const pieces = isMarkdown ? writeMarkdown(session, pages) : writeConversation(toResource(session), pages)
      return reply.send(Readable.from(pieces))
    },
  )

  app.delete('/chat/sessions/:id', { schema: { params: IdParams } }, async ({ owner, params }) => {
    await app.sessions.delete(owner, params.id)
    return { success: true, session_id: params.id }
  })
}

function toChange({ persona, brain, model, title, on_disconnect }: PatchRequest): SessionChange {
  return {
    ...(persona === undefined ? {} : { persona }),
    ...(brain === undefined ? {} : { brain }),
    ...(model === undefined ? {} : { model }),
    ...(title === undefined ? {} : { title }),
    ...(on_disconnect === undefined ? {} : { onDisconnect: on_disconnect }),
  }
}

export default routes
