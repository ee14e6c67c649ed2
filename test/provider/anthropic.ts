/**
 * Anthropic's messages as they stand on the wire.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/streaming
 * @see https://platform.claude.com/docs/en/api/errors
 */
import type { Image } from '#src/chat/message.ts'
import type { Asked, Dialect, Frames, Reply } from './dialect.ts'
import { answers, createSays } from './scripts.ts'
import { startProvider, type Provider, type ProviderOptions } from './provider.ts'

const MODEL = 'claude-sonnet-5-5'
const REQUEST_ID = 'req_011CSHoEeqs5C35K2UUqR7Fy'

const STOP_REASONS = { stop: 'end_turn', length: 'max_tokens', content_filter: 'refusal' }

const ERROR_TYPES = new Map([
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [500, 'api_error'],
  [504, 'timeout_error'],
  [529, 'overloaded_error'],
])

/** One event, named as its type is. */
export function encodeEvent(type: string, fields: Record<string, unknown> = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
}

function encodeStart(inputTokens: number | null): string {
  const usage = {
    input_tokens: inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: 1,
    service_tier: 'standard',
    inference_geo: 'global',
  }
  return encodeEvent('message_start', {
    message: {
      id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
      type: 'message',
      role: 'assistant',
      model: MODEL,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      ...(inputTokens !== null && { usage }),
    },
  })
}

/** A delta of text, in the first block. */
export function encodeText(text: string): string {
  return encodeEvent('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })
}

/** The end of the reply, with what was counted in all. */
export function encodeStop(stopReason: string, usage?: Record<string, unknown>): string {
  const delta = { stop_reason: stopReason, stop_sequence: null, stop_details: null }
  return encodeEvent('message_delta', { delta, ...(usage && { usage }) })
}

/** A reply: the start with the input's usage, one block of text, the stop reason with the output's, the stop. */
export function encodeReply(reply: Reply): Frames {
  const { deltas, finish = 'stop', usage = { inputTokens: 7, outputTokens: 3 } } = reply
  const frames = [
    encodeStart(usage?.inputTokens ?? null),
    encodeEvent('content_block_start', { index: 0, content_block: { type: 'text', text: '', citations: null } }),
    encodeEvent('ping'),
    ...deltas.map(encodeText),
  ]
  const terminal = frames.length
  if (finish === null) return { frames, terminal }
  const counted = usage && { input_tokens: usage.inputTokens, output_tokens: usage.outputTokens }
  frames.push(
    encodeEvent('content_block_stop', { index: 0 }) + encodeStop(STOP_REASONS[finish], counted ?? undefined),
    encodeEvent('message_stop'),
  )
  return { frames, terminal }
}

/** The body of a refusal, and the data of an error event. */
export function encodeError(type: string, details: Record<string, unknown> = {}): string {
  return JSON.stringify({ type: 'error', error: { type, message: 'No.', ...details }, request_id: REQUEST_ID })
}

/** An error in the middle of the stream. */
export function encodeErrorEvent(type: string, details?: Record<string, unknown>): string {
  return `event: error\ndata: ${encodeError(type, details)}\n\n`
}

export const anthropic: Dialect = {
  basePath: '',
  encode: encodeReply,
  toAsked(body) {
    const { model, system, messages, max_tokens: maxTokens, stream } = body as RequestBody
    return { model, system, messages: messages.map(toSaid), maxTokens, stream }
  },
  encodeError: (status) => encodeError(ERROR_TYPES.get(status) ?? 'invalid_request_error'),
  errorFrame: encodeErrorEvent('overloaded_error'),
  halfFrame: `${encodeText('cut').slice(0, -20)}\n\n`,
  noise: [
    encodeEvent('ping'),
    ': keep-alive\n\n',
    'event: note\ndata: not JSON\n\n',
    'id: 7\nretry: 10\nunknown: field\n\n',
    encodeEvent('message_paused', { delta: { type: 'text_delta', text: 'not said' } }),
    'data: null\n\n',
    encodeEvent('content_block_start', { index: 1, content_block: { type: 'thinking', thinking: '', signature: '' } }),
    encodeEvent('content_block_delta', { index: 1, delta: { type: 'thinking_delta', thinking: 'Hm.' } }),
    encodeEvent('content_block_delta', { index: 1, delta: { type: 'signature_delta', signature: 'EqQBCgIYAhIM' } }),
    encodeEvent('content_block_delta', { index: 1, delta: { type: 'news_delta', text: 'not said' } }),
    encodeEvent('content_block_delta', { index: 1, delta: null }),
    encodeEvent('content_block_stop', { index: 1 }),
    encodeEvent('message_delta', { delta: { stop_reason: null, container: {} }, usage: null }),
  ],
  checkBody: JSON.stringify({
    data: [{ type: 'model', id: MODEL, display_name: 'Claude Sonnet 5.5', created_at: '2026-09-28T00:00:00Z' }],
    first_id: MODEL,
    last_id: MODEL,
    has_more: true,
  }),
}

interface Message {
  role: string
  content: string | ({ type: 'text'; text: string } | { type: 'image'; source: Record<string, string> })[]
}

function toSaid({ role, content }: Message): Asked['messages'][number] {
  if (typeof content === 'string') return { role, content }
  const images = content.flatMap((part) => (part.type === 'image' ? [toImage(part.source)] : []))
  return { role, content: content.map((part) => (part.type === 'text' ? part.text : '')).join(''), images }
}

function toImage({ type, url = '', media_type: mediaType = '', data = '' }: Record<string, string>): Image {
  return type === 'url' ? { url } : { mediaType, data }
}

interface RequestBody {
  model: string
  system: string
  messages: Message[]
  max_tokens: number
  stream: boolean
}

/** Says these deltas, or this text word by word, and ends as a good provider does. */
export const says = createSays(encodeReply)

/** A provider that speaks Anthropic's wire, and until told otherwise says "Hello there!". Base URL: its URL. */
export function startAnthropicProvider(options: Partial<ProviderOptions> = {}): Promise<Provider> {
  return startProvider({ script: says('Hello there!'), scriptCheck: answers(200, anthropic.checkBody), ...options })
}
