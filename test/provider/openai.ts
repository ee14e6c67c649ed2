/**
 * OpenAI's chat completions as they stand on the wire.
 *
 * @see https://platform.openai.com/docs/api-reference/chat-streaming
 */
import type { Image } from '#src/chat/message.ts'
import type { Asked, Dialect, Frames, Reply } from './dialect.ts'
import { answers, createSays } from './scripts.ts'
import { startProvider, type Provider, type ProviderOptions } from './provider.ts'

const MODEL = 'gpt-5.4-mini-2026-03-17'
const HEAD = {
  id: 'chatcmpl-CeQ4xY7dG2sVbK0mJ5aPzTn1LwRhu',
  object: 'chat.completion.chunk',
  created: 1_795_248_000,
  model: MODEL,
  service_tier: 'default',
  system_fingerprint: 'fp_7c3e9a51d0',
}

interface Details {
  /** Random padding that hides the length of a token on the wire; '' leaves it out. Default `aB3kX9`. */
  obfuscation?: string
}

function encodeChunk(fields: Record<string, unknown>, details: Details): string {
  const { obfuscation = 'aB3kX9' } = details
  return encodeFrame({ ...HEAD, ...fields, ...(obfuscation && { obfuscation }) })
}

function encodeFrame(json: unknown): string {
  return `data: ${JSON.stringify(json)}\n\n`
}

function toChoices(delta: Record<string, unknown>, finish: string | null = null): Record<string, unknown> {
  return { choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }], usage: null }
}

function toUsage(inputTokens: number, outputTokens: number): Record<string, unknown> {
  return {
    choices: [],
    usage: {
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    },
  }
}

/** A reply: the role, the deltas, the finish reason, the usage, `[DONE]`. */
export function encodeReply(reply: Reply, details: Details = {}): Frames {
  const { deltas, finish = 'stop', usage = { inputTokens: 7, outputTokens: 3 } } = reply
  const frames = [encodeChunk(toChoices({ role: 'assistant', content: '', refusal: null }), details)]
  for (const content of deltas) frames.push(encodeChunk(toChoices({ content }), details))
  const terminal = frames.length
  if (finish === null) return { frames, terminal }
  frames.push(encodeChunk(toChoices({}, finish), details))
  if (usage) frames.push(encodeChunk(toUsage(usage.inputTokens, usage.outputTokens), details))
  frames.push('data: [DONE]\n\n')
  return { frames, terminal }
}

/** The body of a refusal. */
export function encodeError(code: string | null, type = 'invalid_request_error', message = 'No.'): string {
  return JSON.stringify({ error: { message, type, param: null, code } })
}

export const openai: Dialect = {
  basePath: '/v1',
  encode: (reply) => encodeReply(reply, { obfuscation: '' }),
  toAsked(body) {
    const { model, messages, max_completion_tokens: maxTokens, stream } = body as RequestBody
    const [first, ...rest] = messages
    if (first?.role !== 'system') throw new Error('The system prompt does not come first')
    return { model, system: first.content as string, messages: rest.map(toSaid), maxTokens, stream }
  },
  encodeError: (status) => encodeError(null, status === 429 ? 'requests' : 'invalid_request_error'),
  errorFrame: encodeFrame({ error: { message: 'The server is overloaded.', type: 'server_error', code: null } }),
  halfFrame: `${encodeFrame({ ...HEAD, ...toChoices({ content: 'cut' }) }).slice(0, 150)}\n\n`,
  noise: [
    ': keep-alive\n\n',
    ':\n\n',
    'event: ping\ndata: {"type": "ping"}\n\n',
    'event: note\ndata: not JSON\n\n',
    'id: 7\nretry: 10\nunknown: field\n\n',
    encodeFrame(null),
    encodeFrame({ type: 'news', choices: 'none' }),
    encodeFrame({ ...HEAD, choices: [] }),
    encodeFrame({ ...HEAD, ...toChoices({ reasoning_content: 'Hm.', content: null }), news: { deep: [1] } }),
    encodeFrame({ ...HEAD, choices: [{ index: 0, delta: null, finish_reason: null }], error: null }),
  ],
  checkBody: JSON.stringify({
    object: 'list',
    data: [{ id: MODEL, object: 'model', created: 1_795_248_000, owned_by: 'system' }],
  }),
}

interface Message {
  role: string
  content: string | ({ type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } })[]
}

function toSaid({ role, content }: Message): Asked['messages'][number] {
  if (typeof content === 'string') return { role, content }
  const images = content.flatMap((part) => (part.type === 'image_url' ? [toImage(part.image_url.url)] : []))
  return { role, content: content.map((part) => (part.type === 'text' ? part.text : '')).join(''), images }
}

function toImage(url: string): Image {
  const [, mediaType, data] = /^data:([^;]*);base64,(.*)$/.exec(url) ?? []
  return data === undefined ? { url } : { mediaType: mediaType!, data }
}

interface RequestBody {
  model: string
  messages: Message[]
  max_completion_tokens: number
  stream: boolean
}

/** Says these deltas, or this text word by word, and ends as a good provider does. */
export const says = createSays(encodeReply)

/** A provider that speaks OpenAI's wire, and until told otherwise says "Hello there!". Base URL: `<url>/v1`. */
export function startOpenAIProvider(options: Partial<ProviderOptions> = {}): Promise<Provider> {
  return startProvider({ script: says('Hello there!'), scriptCheck: answers(200, openai.checkBody), ...options })
}
