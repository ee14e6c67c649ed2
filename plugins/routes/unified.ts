/** Doors that keep clients of `/api/v1/chat/unified` working, mapped onto the same core. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { BEGINNING, type DoneEvent } from '#src/chat/event.ts'
import { PLAIN_PERSONA } from '#src/chat/persona.ts'
import type { Sent } from '#src/chat/sending.ts'
import { findCodeBlocks } from '#src/extras/code-blocks.ts'
import { measureConfidence } from '#src/extras/confidence.ts'
import { measureElp } from '#src/extras/elp.ts'
import { toUnifiedInstructions } from '#src/extras/unified.ts'
import { createUnifiedDialect } from '#src/wire/dialects/unified.ts'
import { type Sender, toTurnInput, UnifiedRequest } from '#src/wire/requests.ts'

const routes: FastifyPluginAsyncTypebox = async (app) => {
  const route = { config: { followsTurn: true }, schema: { body: UnifiedRequest } }

  app.post('/api/v1/chat/unified/stream', route, async (request, reply) => {
    const following = await app.chat.followSent(await send(request, request.body))
    return reply.sendEventStream(following, createUnifiedDialect(following))
  })

  app.post('/api/v1/chat/unified', route, async (request, reply) => {
    const sent = await send(request, request.body)
    const following = await app.chat.followSent({ ...sent, after: BEGINNING })
    return reply.answerWhole(following, (end) => ({ ...describe(end), session_id: following.turn.sessionId }))
  })

  async function send(sender: Sender & { owner: string }, body: UnifiedRequest): Promise<Sent> {
    const context = app.config.ALLOW_CLIENT_SYSTEM === 'true' ? body.context : undefined
    const instructions = toUnifiedInstructions(body.language, context)
    const draft = app.sessions.draft(sender.owner, {
      sessionId: body.session_id,
      userId: body.user_id,
      persona: PLAIN_PERSONA,
    })
    return app.chat.send(sender.owner, {
      sessionId: draft.sessionId,
      draft,
      message: body.message,
      ...toTurnInput({}, sender),
      ifBusy: 'stop',
      instructions,
    })
  }
}

function describe({ text, finishReason, stats }: DoneEvent) {
  const codeBlocks = findCodeBlocks(text)
  return {
    response: text,
    elp_values: measureElp(text),
    confidence: measureConfidence(text, finishReason),
    code_blocks: codeBlocks,
    is_code_response: codeBlocks.length > 0,
    generation_time_ms: Math.round(stats.duration * 1000),
  }
}

export default routes
