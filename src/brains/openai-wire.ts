/**
 * OpenAI's chat completions, streamed, as a brain: for OpenAI itself and for others that speak its wire.
 *
 * The official SDK does authentication, request and errors; the stream is read by `event-stream.ts`.
 *
 * @see https://platform.openai.com/docs/api-reference/chat-streaming
 */
import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai'
import type { ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions'
import type { EventSourceMessage } from 'eventsource-parser'
import type { Brain, BrainPart, BrainRequest } from '#src/chat/brain.ts'
import type { ChatError } from '#src/chat/errors.ts'
import { readParts, type EventReader, type FinishPart } from './event-stream.ts'
import { toBadResponse, toBroken, toFrameStatus, toRefusalError, toTimeout, toUnreachable } from './failure.ts'
import { bodyOf, createLeanFetch } from './lean-fetch.ts'
import { priceOf } from './prices.ts'

/** The SDK's own timeout, out of the way: the core watches and aborts. */
const SDK_TIMEOUT_MS = 3_600_000

export interface OpenAIWire {
  id: string
  /** The provider's, for people. */
  name: string
  apiKey: string
  /** With the version, e.g. `https://api.openai.com/v1`. */
  baseURL: string
  model: string
  contextWindow: number
  /** The provider's id in the price list. */
  prices: string
  /** How this provider calls the limit of a reply. */
  maxTokensField: 'max_completion_tokens' | 'max_tokens'
  /** Whether the provider knows `stream_options.include_usage`. */
  includeUsage: boolean
  /** Milliseconds that the usage may take to come after the reply is whole. */
  usageTimeoutMs: number
}

export function createOpenAIWireBrain(wire: OpenAIWire): Brain {
  const { id, name, model, contextWindow } = wire
  const client = createClient(wire)
  return {
    id,
    model,
    contextWindow,
    paceMs: 0,
    firstTokenTimeoutMs: null,
    estimateTokens,
    stream(request, signal) {
      const open = async () => {
        const call = () => client.chat.completions.create(toBody(wire, request), { signal }).asResponse()
        return bodyOf(await ask(name, signal, call))
      }
      return readParts(open, { name, reader: createChunkReader(name), signal, restTimeoutMs: wire.usageTimeoutMs })
    },
    price: (asked, usage) => priceOf(wire.prices, asked, usage),
    async check(signal) {
      const list = await ask(name, signal, () => client.get<{ data?: unknown } | null>('/models', { signal }))
      if (!Array.isArray(list?.data)) throw toBadResponse(name, 'answered with something other than its models')
    },
  }
}

function createClient({ name, apiKey, baseURL }: OpenAIWire): OpenAI {
  // Else each request would fail in the SDK with an error that quotes the key.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw new TypeError(`The API key of ${name} has characters that no key has.`)
  return new OpenAI({
    apiKey,
    baseURL,
    maxRetries: 0,
    timeout: SDK_TIMEOUT_MS,
    fetch: createLeanFetch(),
    // Said here, or the SDK takes them from the environment; its log would hold the messages.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    logLevel: 'off',
  })
}

/** o200k holds 4–5 bytes of English in a token, 3 of code or CJK, about 2 of base64 and emoji: half is never too low. */
function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 2)
}

function toBody(wire: OpenAIWire, request: BrainRequest): ChatCompletionCreateParamsStreaming {
  const { model, system, messages, maxTokens } = request
  return {
    model,
    messages: system === '' ? messages : [{ role: 'system', content: system }, ...messages],
    [wire.maxTokensField]: maxTokens,
    stream: true,
    ...(wire.includeUsage && { stream_options: { include_usage: true } }),
  }
}

/** Calls the SDK; what it throws becomes the signal's reason or a ChatError. */
async function ask<T>(name: string, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  try {
    return await call()
  } catch (error) {
    signal.throwIfAborted()
    throw toChatError(name, error)
  }
}

function toChatError(name: string, error: unknown): unknown {
  if (error instanceof APIConnectionError) {
    const { cause } = error as { cause?: { code?: unknown } }
    // The SDK takes a connection that never came about for a timeout, by its message.
    const connected = cause?.code !== 'UND_ERR_CONNECT_TIMEOUT' && cause?.code !== 'ETIMEDOUT'
    if (error instanceof APIConnectionTimeoutError && connected) return toTimeout(name, cause)
    if (String(cause?.code).startsWith('HPE_')) return toBadResponse(name, 'answered with something other than HTTP')
    return toUnreachable(name, cause)
  }
  if (error instanceof APIError && error.status !== undefined) {
    return toRefusalError(name, { status: error.status, codes: [error.code, error.type], headers: error.headers })
  }
  if (error instanceof SyntaxError) return toBadResponse(name, 'answered with something other than JSON')
  if (error instanceof RangeError) return toBadResponse(name, 'answered with far too much')
  if (error instanceof Error && 'code' in error) return toBroken(name, error)
  return error
}

/** What is read of a `chat.completion.chunk`. */
interface Chunk {
  choices?: { delta?: { content?: unknown } | null; finish_reason?: unknown }[]
  usage?: { prompt_tokens?: unknown; completion_tokens?: unknown } | null
  error?: { code?: unknown; type?: unknown } | null
}

function createChunkReader(name: string): EventReader {
  let finish: FinishPart | null = null
  let over = false
  return {
    get finish() {
      return finish
    },
    get over() {
      return over
    },
    read(event, parts) {
      if (event.data === '[DONE]') {
        finish ??= { type: 'finish', reason: 'stop', raw: '[DONE]' }
        over = true
        return
      }
      const chunk = parseChunk(name, event)
      if (!chunk) return
      if (chunk.error) throw toFrameError(name, chunk.error)
      const choice = chunk.choices?.[0]
      const text = choice?.delta?.content
      if (typeof text === 'string' && text !== '') parts.push({ type: 'token', text })
      if (typeof choice?.finish_reason === 'string') finish ??= toFinishPart(choice.finish_reason)
      if (chunk.usage) parts.push(toUsagePart(chunk.usage))
    },
  }
}

function parseChunk(name: string, { data, event }: EventSourceMessage): Chunk | null {
  try {
    return JSON.parse(data) as Chunk | null
  } catch {
    // OpenAI's chunks have no event name; an event with one that is not JSON is somebody's extension.
    if (event !== undefined) return null
    throw toBadResponse(name, 'sent a frame that is not JSON')
  }
}

function toFrameError(name: string, { code, type }: NonNullable<Chunk['error']>): ChatError {
  const codes = [code, type]
  return toRefusalError(name, { status: toFrameStatus(codes), codes })
}

function toFinishPart(raw: string): FinishPart {
  return { type: 'finish', reason: raw === 'length' || raw === 'content_filter' ? raw : 'stop', raw }
}

function toUsagePart(usage: NonNullable<Chunk['usage']>): BrainPart {
  return { type: 'usage', inputTokens: toCount(usage.prompt_tokens), outputTokens: toCount(usage.completion_tokens) }
}

function toCount(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null
}
