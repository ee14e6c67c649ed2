/**
 * Gemini's streamGenerateContent as it stands on the wire, with `alt=sse`. The lines of the true one end with CRLF.
 *
 * @see https://ai.google.dev/api/generate-content
 * @see https://ai.google.dev/gemini-api/docs/troubleshooting
 */
import type { Image } from '#src/chat/message.ts'
import type { Asked, Dialect, Frames, Reply } from './dialect.ts'

const TAIL = { modelVersion: 'gemini-3.8-flash', responseId: 'kQYgab7pDte' }
const REASONS = { stop: 'STOP', length: 'MAX_TOKENS', content_filter: 'SAFETY' }

const STATUSES = new Map([
  [400, 'INVALID_ARGUMENT'],
  [401, 'UNAUTHENTICATED'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [429, 'RESOURCE_EXHAUSTED'],
  [500, 'INTERNAL'],
  [503, 'UNAVAILABLE'],
  [504, 'DEADLINE_EXCEEDED'],
])

export function encodeEvent(json: unknown): string {
  return `data: ${JSON.stringify(json)}\n\n`
}

interface Details {
  finishReason?: string
  usageMetadata?: Record<string, unknown>
}

/** Some parts of the reply, and what else is said with them. */
export function encodeParts(parts: Record<string, unknown>[], { finishReason, usageMetadata }: Details = {}): string {
  const candidate = { content: { parts, role: 'model' }, ...(finishReason && { finishReason }), index: 0 }
  return encodeEvent({ candidates: [candidate], ...(usageMetadata && { usageMetadata }), ...TAIL })
}

/** A reply: the deltas, and an empty one with the reason and what was counted. */
export function encodeReply(reply: Reply): Frames {
  const { deltas, finish = 'stop', usage = { inputTokens: 7, outputTokens: 3 } } = reply
  const frames = deltas.map((text) => encodeParts([{ text }]))
  const terminal = frames.length
  if (finish === null) return { frames, terminal }
  const usageMetadata = usage && {
    promptTokenCount: usage.inputTokens,
    candidatesTokenCount: usage.outputTokens,
    totalTokenCount: usage.inputTokens + usage.outputTokens,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: usage.inputTokens }],
  }
  const end = { finishReason: REASONS[finish], ...(usageMetadata && { usageMetadata }) }
  frames.push(encodeParts([{ text: '', thoughtSignature: 'EjQKMgERTTIPIgw' }], end))
  return { frames, terminal }
}

/** The body of a refusal, and the data of an error in the stream. */
export function encodeError(status: number, details: Record<string, unknown>[] = []): string {
  const error = { code: status, message: 'No.', status: STATUSES.get(status) ?? 'UNKNOWN', details }
  return JSON.stringify({ error })
}

export const gemini: Dialect = {
  basePath: '',
  encode: encodeReply,
  toAsked(body, path = '') {
    const { contents, systemInstruction, generationConfig } = body as RequestBody
    const [, model = '', method] = /^\/v1beta\/models\/([^/]+):(\w+)\?alt=sse$/.exec(path) ?? []
    return {
      model: decodeURIComponent(model),
      system: systemInstruction.parts[0]!.text!,
      messages: contents.map(toSaid),
      maxTokens: generationConfig.maxOutputTokens,
      stream: method === 'streamGenerateContent',
    }
  },
  encodeError: (status) => encodeError(status),
  errorFrame: `data: ${encodeError(503)}\n\n`,
  halfFrame: `${encodeParts([{ text: 'cut' }]).slice(0, -20)}\n\n`,
  noise: [
    ': keep-alive\n\n',
    'id: 7\nretry: 10\nunknown: field\n\n',
    encodeEvent(null),
    encodeEvent({ type: 'news', candidates: 'none' }),
    encodeEvent({ candidates: [], ...TAIL }),
    encodeEvent({ candidates: [{ content: null, index: 0 }], error: null, promptFeedback: {} }),
    encodeParts([{ text: 'Hm.', thought: true }, { functionCall: { name: 'f', args: {} } }]),
  ],
  checkBody: JSON.stringify({
    models: [{ name: 'models/gemini-3.8-flash', displayName: 'Gemini 3.8 Flash', inputTokenLimit: 1_048_576 }],
    nextPageToken: 'Ch9tb2RlbHMv',
  }),
}

interface Content {
  role: string
  parts: { text?: string; inlineData?: { mimeType: string; data: string } }[]
}

interface RequestBody {
  contents: Content[]
  systemInstruction: Content
  generationConfig: { maxOutputTokens: number }
}

function toSaid({ role, parts }: Content): Asked['messages'][number] {
  const images = parts.flatMap(({ inlineData }): Image[] =>
    inlineData ? [{ mediaType: inlineData.mimeType, data: inlineData.data }] : [],
  )
  const content = parts.map(({ text = '' }) => text).join('')
  return { role: role === 'model' ? 'assistant' : role, content, ...(images.length > 0 && { images }) }
}
