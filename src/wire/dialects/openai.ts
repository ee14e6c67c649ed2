/**
 * OpenAI's chat completions: the chunks of a stream, a completion whole, and errors.
 *
 * @see https://platform.openai.com/docs/api-reference/chat-streaming
 */
import { ChatError, type ErrorCode } from '#src/chat/errors.ts'
import type { DoneEvent, FinishReason, TurnStats } from '#src/chat/event.ts'
import type { Persona } from '#src/chat/persona.ts'
import type { Turn } from '#src/chat/store.ts'
import { toTurnId } from '#src/chat/turn-id.ts'
import type { Dialect } from '../event-stream.ts'
import { encodeJson, toChatError } from '../frames.ts'

export interface OpenAIOptions {
  /** Ends with a chunk that has no choices, but the usage. */
  includeUsage: boolean
}

export function createOpenAIDialect(turn: Turn, { includeUsage }: OpenAIOptions): Dialect {
  const head = { id: toCompletionId(turn), object: 'chat.completion.chunk', ...toMaker(turn) }
  const usage = includeUsage ? { usage: null } : {}
  const encodeChunk = (delta: object, finish: string | null) =>
    encodeJson({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], ...usage })
  // What stands around a token is the same each time.
  const [before, after] = encodeChunk({ content: '' }, null).split('""') as [string, string]

  return {
    hasOffsets: false,
    opening: [encodeChunk({ role: 'assistant', content: '' }, null)],
    encode(event) {
      if (event.type === 'token') return before + encodeJson(event.text) + after
      if (event.type === 'error') return encodeJson(toOpenAIError(toChatError(event)))
      const finish = encodeChunk({}, toFinishReason(event.finishReason))
      if (!includeUsage) return [finish, DONE]
      return [finish, encodeJson({ ...head, choices: [], usage: toUsage(event.stats) }), DONE]
    },
    encodeDismissal: (error) => encodeJson(toOpenAIError(error)),
  }
}

/** The end of a stream that went well. */
const DONE = '[DONE]'

export function toCompletion(turn: Turn, { text, finishReason, stats }: DoneEvent) {
  const message = { role: 'assistant', content: text, refusal: null }
  return {
    id: toCompletionId(turn),
    object: 'chat.completion',
    ...toMaker(turn),
    choices: [{ index: 0, message, logprobs: null, finish_reason: toFinishReason(finishReason) }],
    usage: toUsage(stats),
  }
}

/** A persona, as a model. @param created epoch seconds */
export function toModel({ id }: Persona, created: number) {
  return { id, object: 'model', created, owned_by: 'repartee' }
}

export function toModelList(personas: Iterable<Persona>, created: number) {
  return { object: 'list', data: Array.from(personas, (persona) => toModel(persona, created)) }
}

export function modelNotFound(): ChatError {
  return new ChatError('model_not_found', 'There is no such model: GET /v1/models lists them.', {
    details: { param: 'model' },
  })
}

const ERROR_TYPES = new Map<ErrorCode, string>([
  ['unauthorized', 'authentication_error'],
  ['forbidden', 'permission_error'],
  ['rate_limited', 'rate_limit_error'],
  ['internal', 'server_error'],
  ['brain_rejected', 'server_error'],
  ['brain_bad_response', 'server_error'],
  ['brain_unavailable', 'server_error'],
  ['brain_rate_limited', 'server_error'],
  ['brain_timeout', 'server_error'],
  ['store_unavailable', 'server_error'],
  ['draining', 'server_error'],
  ['interrupted', 'server_error'],
])

/** The detail `param` names the field that an error speaks of. */
export function toOpenAIError({ message, code, details }: ChatError) {
  const type = ERROR_TYPES.get(code) ?? 'invalid_request_error'
  return { error: { message, type, param: details?.param ?? null, code } }
}

function toCompletionId(turn: Turn): string {
  return `chatcmpl-${toTurnId(turn)}`
}

function toMaker({ createdAt, persona }: Turn) {
  return { created: Math.floor(createdAt / 1000), model: persona }
}

/** OpenAI has no word for a turn that someone has stopped. */
function toFinishReason(reason: FinishReason): string {
  return reason === 'stopped' ? 'stop' : reason
}

/** Clients count on numbers: where the provider reports none, nothing was asked and the tokens are our own. */
function toUsage({ inputTokens, outputTokens, tokens }: TurnStats) {
  const [prompt, completion] = [inputTokens ?? 0, outputTokens ?? tokens]
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}
