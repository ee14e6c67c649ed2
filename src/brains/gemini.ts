/**
 * Gemini: Google's generateContent, streamed, as a brain.
 *
 * Of its SDK only the types are used: it does not let go of the response, reads it by making a new one of each event,
 * quotes what was said in its errors, and takes a reply that breaks off for a whole one.
 *
 * @see https://ai.google.dev/api/generate-content
 */
import type { Content, Part } from '@google/genai'
import type { EventSourceMessage } from 'eventsource-parser'
import type { Brain, BrainMessage, BrainPart, BrainRequest } from '#src/chat/brain.ts'
import { askForModels, checkKey } from './ask.ts'
import { toBaseUrl } from './base-url.ts'
import { type Refusal, toBadResponse, toFrameError } from './failure.ts'
import { bodyOf, type Proxies } from './lean-fetch.ts'
import { DEFAULT_MODELS } from './models.ts'
import { contextWindowOf, priceOf } from './prices.ts'
import { decodeEvents, type EventReader, type FinishPart, parseFrame, readParts, toUsagePart } from './reply-stream.ts'
import { createRestClient } from './rest-client.ts'

const NAME = 'Gemini'

/** What every model has that is still offered for chats. */
const LEAST_CONTEXT_WINDOW = 1_000_000

export interface GeminiOptions {
  apiKey: string
  /** With `/v1beta` or without it. Default `https://generativelanguage.googleapis.com`. */
  baseURL?: string | undefined
  /** Default `gemini-3.8-flash`. */
  model?: string | undefined
  /** Milliseconds that the usage may take to come after the reply is whole; then it stays unknown. Default 5,000. */
  restTimeoutMs?: number | undefined
  /** Default: straight to the provider. */
  proxies?: Proxies | undefined
}

export function createGeminiBrain(options: GeminiOptions): Brain {
  const { apiKey, baseURL = 'https://generativelanguage.googleapis.com', restTimeoutMs = 5000, proxies } = options
  checkKey(NAME, apiKey)
  const base = toBaseUrl(baseURL, /\/v1(beta)?$/)
  const call = createRestClient({
    name: NAME,
    baseURL: base,
    headers: { 'x-goog-api-key': apiKey },
    proxies,
    readRefusal,
  })
  return {
    id: 'gemini',
    model: options.model ?? DEFAULT_MODELS.gemini,
    contextWindow: (model) => contextWindowOf('google', model) ?? LEAST_CONTEXT_WINDOW,
    images: 'data',
    paceMs: 0,
    firstTokenTimeoutMs: null,
    // About four bytes of English a token, three of CJK: half is never too low.
    estimateTokens: (text) => Math.ceil(Buffer.byteLength(text) / 2),
    stream(request, signal, hear) {
      const path = `/v1beta/models/${encodeURIComponent(request.model)}:streamGenerateContent?alt=sse`
      const open = async () => bodyOf(await call(signal, path, toBody(request)))
      const reader = createResponseReader()
      return readParts(open, { name: NAME, decode: decodeEvents, reader, signal, restTimeoutMs }, hear)
    },
    price: (model, usage) => priceOf('google', model, usage),
    async check(signal) {
      await askForModels(NAME, signal, async () => (await call(signal, '/v1beta/models?pageSize=1')).json(), 'models')
    },
  }
}

interface Body {
  contents: Content[]
  systemInstruction?: Content
  generationConfig: { maxOutputTokens: number; thinkingConfig?: { thinkingLevel: 'LOW' } }
}

function toBody({ model, system, messages, maxTokens }: BrainRequest): Body {
  return {
    contents: messages.map(toContent),
    ...(system !== '' && { systemInstruction: { parts: [{ text: system }] } }),
    generationConfig: {
      maxOutputTokens: maxTokens,
      // This model thinks before it speaks, on account of `maxOutputTokens`: this is the least that it can be told to.
      // Other models have other words for it, so they are left to their own default.
      ...(model === DEFAULT_MODELS.gemini && { thinkingConfig: { thinkingLevel: 'LOW' } }),
    },
  }
}

/** Images by their address are left out: it takes those of its own file store only. */
function toContent({ role, content, images = [] }: BrainMessage): Content {
  const shown = images.flatMap((image): Part[] =>
    'data' in image ? [{ inlineData: { mimeType: image.mediaType, data: image.data } }] : [],
  )
  return { role: role === 'assistant' ? 'model' : 'user', parts: [...shown, { text: content }] }
}

/** What is read of a `GenerateContentResponse`. */
interface Answer {
  candidates?: { content?: { parts?: Said[] } | null; finishReason?: unknown }[]
  promptFeedback?: { blockReason?: unknown } | null
  usageMetadata?: { promptTokenCount?: unknown; candidatesTokenCount?: unknown; thoughtsTokenCount?: unknown } | null
  error?: Failure | null
}

interface Said {
  text?: unknown
  /** Whether the text is thought and not said. */
  thought?: unknown
}

function createResponseReader(): EventReader {
  const reader = {
    finish: null as FinishPart | null,
    over: false,
    read({ data }: EventSourceMessage, parts: BrainPart[]) {
      const answer = parseFrame(NAME, data) as Answer | null
      if (answer?.error) {
        const { codes, retryAfter } = toRefusal(answer.error)
        throw toFrameError(NAME, codes, retryAfter)
      }
      const candidate = answer?.candidates?.[0]
      for (const part of candidate?.content?.parts ?? []) addText(parts, part)
      if (answer?.usageMetadata) parts.push(toUsage(answer.usageMetadata))
      const raw = candidate?.finishReason ?? answer?.promptFeedback?.blockReason
      if (typeof raw === 'string') reader.finish ??= toFinishPart(raw, !candidate)
      // There is no marker of the end; the usage is the last thing to wait for.
      reader.over = reader.finish !== null && Boolean(answer?.usageMetadata)
    },
  }
  return reader
}

function addText(parts: BrainPart[], said: Said | null): void {
  if (typeof said?.text === 'string' && said.text !== '' && said.thought !== true)
    parts.push({ type: 'token', text: said.text })
}

/** Thoughts are paid as output. A count of 0 is left out on this wire, so one that is missing is unknown. */
function toUsage(usage: NonNullable<Answer['usageMetadata']>): BrainPart {
  const { promptTokenCount, candidatesTokenCount, thoughtsTokenCount } = usage
  const thoughts = typeof thoughtsTokenCount === 'number' ? thoughtsTokenCount : 0
  const said = typeof candidatesTokenCount === 'number' ? candidatesTokenCount : null
  return toUsagePart(promptTokenCount, said === null && thoughts === 0 ? null : (said ?? 0) + thoughts)
}

const REASONS: ReadonlyMap<string, FinishPart['reason']> = new Map([
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content_filter'],
  ['RECITATION', 'content_filter'],
  ['LANGUAGE', 'content_filter'],
  ['BLOCKLIST', 'content_filter'],
  ['PROHIBITED_CONTENT', 'content_filter'],
  ['SPII', 'content_filter'],
  ['IMAGE_SAFETY', 'content_filter'],
])

/** With these the reply was given up. */
const FAILURES = new Set([
  'OTHER',
  'MALFORMED_RESPONSE',
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
])

/** @param isBlocked the prompt was blocked, for whatever reason, and there is no reply */
function toFinishPart(raw: string, isBlocked: boolean): FinishPart {
  if (isBlocked) return { type: 'finish', reason: 'content_filter', raw }
  if (FAILURES.has(raw)) throw toBadResponse(NAME, 'gave its reply up')
  return { type: 'finish', reason: REASONS.get(raw) ?? 'stop', raw }
}

/** A `google.rpc.Status`. */
interface Failure {
  code?: unknown
  status?: unknown
  details?: ({ reason?: unknown; retryDelay?: unknown } | null)[]
}

/** The body of a refusal is `{ error }`, or a list of one. */
function readRefusal(body: unknown): Pick<Refusal, 'codes' | 'retryAfter'> {
  const [first] = [body].flat() as [{ error?: Failure } | null | undefined]
  return toRefusal(first?.error ?? {})
}

function toRefusal({ code, status, details }: Failure): Pick<Refusal, 'codes' | 'retryAfter'> {
  const all = Array.isArray(details) ? details : []
  // A duration such as "17.5s".
  const [delay] = all.flatMap((each) => /^(\d+(?:\.\d+)?)s$/.exec(String(each?.retryDelay))?.[1] ?? [])
  return {
    codes: [...all.map((each) => each?.reason), status, code],
    retryAfter: delay === undefined ? undefined : Number(delay),
  }
}
