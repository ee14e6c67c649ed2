/** Doors for clients of OpenAI's API: a persona is a model, and the conversation is the client's own to keep. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ChatError } from '#src/chat/errors.ts'
import { readFirst } from '#src/transports/first-event.ts'
import {
  createOpenAIDialect,
  modelNotFound,
  toCompletion,
  toModel,
  toModelList,
  toOpenAIError,
} from '#src/wire/dialects/openai.ts'
import { toChatError } from '#src/wire/frames.ts'
import { CompletionRequest, toCompletionInput } from '#src/wire/openai-request.ts'
import { HISTORY_BODY_BYTES, IdParams } from '#src/wire/requests.ts'

/** These clients send whole documents, in the user's messages and in the system's. */
const LONG = { mayBeLong: true } as const

const doors: FastifyPluginAsyncTypebox = async (app) => {
  const created = Math.floor(Date.now() / 1000)
  const config = { toErrorBody: toOpenAIError }
  const bodyLimit = Math.max(HISTORY_BODY_BYTES, app.config.BODY_LIMIT_KB * 1024)

  const route = { config: { ...config, followsTurn: true }, bodyLimit, schema: { body: CompletionRequest } }
  app.post('/chat/completions', route, async (request, reply) => {
    const { body } = request
    const sent = await app.chat.complete(request.owner, { ...(await toInput(body)), payer: request.payer, ...LONG })
    const following = await app.chat.followSent(sent)
    if (!body.stream) return reply.answerWhole(following, (end) => toCompletion(following.turn, end))
    // The status waits for the first event, with a reader of its own: the stream begins at the beginning.
    reply.raw.once('close', () => following.reader.close())
    const ahead = await app.chat.followSent(sent)
    const first = await readFirst(ahead.reader, reply)
    if (first?.type === 'error') return reply.sendError(toChatError(first))
    const includeUsage = body.stream_options?.include_usage ?? false
    return reply.sendEventStream(following, createOpenAIDialect(following.turn, { includeUsage }))
  })

  app.get('/models', { config }, async () => toModelList(app.personas.values(), created))

  app.get('/models/:id', { config, schema: { params: IdParams } }, async ({ params }) => {
    const persona = app.personas.get(params.id)
    if (!persona) throw modelNotFound()
    return toModel(persona, created)
  })

  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send(toOpenAIError(new ChatError('not_found', 'There is no such door.'))),
  )

  async function toInput(body: CompletionRequest) {
    if (!app.personas.has(body.model)) throw modelNotFound()
    const input = await toCompletionInput(body)
    if (input.instructions !== undefined) {
      if (app.config.ALLOW_CLIENT_SYSTEM === 'false') {
        throw new ChatError('invalid_request', 'System messages are not taken here.', {
          details: { param: 'messages' },
        })
      }
      app.chat.check(input.instructions, LONG)
    }
    return { ...input, persona: body.model }
  }
}

const routes: FastifyPluginAsyncTypebox = async (app) => {
  await app.register(doors, { prefix: '/v1' })
}

export default routes
