/** Doors for the AI SDK's `useChat`: a chat's id is the session's, and the store holds its messages. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { ChatError } from '#src/chat/errors.ts'
import { PLAIN_PERSONA } from '#src/chat/persona.ts'
import type { Following, Sent } from '#src/chat/sending.ts'
import { toTurnId, turnNotFound } from '#src/chat/turn-id.ts'
import { toReplaced, toUserMessage, UIChatRequest } from '#src/wire/ai-sdk-request.ts'
import { AI_SDK_HEADERS, createAiSdkDialect } from '#src/wire/dialects/ai-sdk.ts'
import { HISTORY_BODY_BYTES, IdParams } from '#src/wire/requests.ts'

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const config = { followsTurn: true }
  const bodyLimit = Math.max(HISTORY_BODY_BYTES, app.config.BODY_LIMIT_KB * 1024)

  app.post('/api/chat', { config, bodyLimit, schema: { body: UIChatRequest } }, async (request, reply) => {
    const sent = await begin(request.owner, request.payer, request.body)
    return stream(reply, await app.chat.followSent(sent))
  })

  app.get(
    '/api/chat/:id/stream',
    { config, schema: { params: IdParams }, exposeHeadRoute: false },
    async ({ owner, params }, reply) => {
      const turnId = await findRunning(owner, params.id)
      if (turnId === null) return reply.code(204).send()
      return stream(reply, await app.chat.follow(owner, turnId))
    },
  )

  /** A page asks for this of every chat that it shows, also of one in which nothing was said yet. */
  async function findRunning(owner: string, sessionId: string): Promise<string | null> {
    try {
      const { active } = await app.sessions.get(owner, sessionId)
      return active === null ? null : toTurnId({ sessionId, n: active })
    } catch (error) {
      if (error instanceof ChatError && error.code === 'session_not_found') return null
      throw error
    }
  }

  async function begin(owner: string, payer: string, body: UIChatRequest): Promise<Sent> {
    const said = toUserMessage(body)
    const input = { payer, ifBusy: 'stop', mayBeLong: true } as const
    const n = await findReplaced(owner, body.id, toReplaced(body, said))
    if (n !== null) {
      return app.chat.regenerate(owner, {
        ...input,
        turnId: toTurnId({ sessionId: body.id, n }),
        clientId: toReplacementId(n),
        message: body.trigger === 'regenerate-message' ? undefined : said?.text,
      })
    }
    // A message that was refused when it was sent is unknown: it is new.
    if (!said) throw turnNotFound()
    const draft = app.sessions.draft(owner, { sessionId: body.id, persona: PLAIN_PERSONA })
    return app.chat.send(owner, { ...input, sessionId: body.id, draft, message: said.text, clientId: said.id })
  }

  /** The turn that one of these messages is of, or the one that stands in that turn's place by now. */
  async function findReplaced(owner: string, sessionId: string, messageIds: string[]): Promise<number | null> {
    for (const messageId of messageIds) {
      const own = parseOwnId(sessionId, messageId)
      if (own?.role === 'assistant') return own.n
      let n = own?.n ?? (await findTurn(messageId))
      for (let next = n; next !== null; next = await findTurn(toReplacementId(next))) n = next
      if (n !== null) return n
    }
    return null

    async function findTurn(clientId: string): Promise<number | null> {
      return (await app.sessions.findTurn(owner, sessionId, clientId))?.n ?? null
    }
  }
}

function stream(reply: FastifyReply, following: Following): FastifyReply {
  return reply.headers(AI_SDK_HEADERS).sendEventStream(following, createAiSdkDialect(following.turn))
}

/** A message's id as we give it: clients know replies by it, and what they load of a session's history. */
function parseOwnId(sessionId: string, messageId: string): { n: number; role: string } | undefined {
  const match = /^\.([1-9]\d{0,8})\.(user|assistant)$/.exec(
    messageId.startsWith(sessionId) ? messageId.slice(sessionId.length) : '',
  )
  return match ? { n: Number(match[1]), role: match[2]! } : undefined
}

/** The client id of the turn that takes a turn's place: no client can send one with a control character. */
function toReplacementId(n: number): string {
  return `\nin place of ${n}`
}

export default routes
