/**
 * OpenAI's chat completions, streamed, as a brain: for OpenAI itself and for others that speak its wire.
 *
 * The official SDK does authentication, request and errors; the stream is read by `reply-stream.ts`.
 *
 * @see https://platform.openai.com/docs/api-reference/chat-streaming
 */
import OpenAI from 'openai'
import type {
  ChatCompletionContentPartImage,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import type { EventSourceMessage } from 'eventsource-parser'
import type { Brain, BrainMessage, BrainPart, BrainRequest } from '#src/chat/brain.ts'
import type { Image } from '#src/chat/message.ts'
import { ask, askForModels, checkKey, createSdkOptions } from './ask.ts'
import { toBaseUrl } from './base-url.ts'
import { toFrameError } from './failure.ts'
import { bodyOf, type Proxies } from './lean-fetch.ts'
import { priceOf } from './prices.ts'
import { decodeEvents, type EventReader, type FinishPart, parseFrame, readParts, toUsagePart } from './reply-stream.ts'

export interface OpenAIWire {
  id: string
  /** The provider's, for people. */
  name: string
  apiKey: string
  /** With the version, e.g. `https://api.openai.com/v1`. */
  baseURL: string
  model: string
  contextWindow: Brain['contextWindow']
  images?: 'all'
  /** The provider's id in the price list; null where it is not in there. */
  prices: string | null
  /** How this provider calls the limit of a reply. */
  maxTokensField: 'max_completion_tokens' | 'max_tokens'
  /** Milliseconds that the usage may take to come after the reply is whole. */
  usageTimeoutMs: number
  proxies: Proxies | undefined
  /** Fields that this provider wants beside OpenAI's. */
  more?: (model: string) => Record<string, unknown>
}

export function createOpenAIWireBrain(wire: OpenAIWire): Brain {
  const { id, name, model, contextWindow, images, prices } = wire
  const client = createClient(wire)
  return {
    id,
    model,
    contextWindow,
    ...(images && { images }),
    paceMs: 0,
    firstTokenTimeoutMs: null,
    estimateTokens,
    stream(request, signal, hear) {
      const open = async () => {
        const call = () => client.chat.completions.create(toBody(wire, request), { signal }).asResponse()
        return bodyOf(await ask(name, signal, call))
      }
      const reader = createChunkReader(name)
      return readParts(open, { name, decode: decodeEvents, reader, signal, restTimeoutMs: wire.usageTimeoutMs }, hear)
    },
    price: (asked, usage) => (prices === null ? null : priceOf(prices, asked, usage)),
    async check(signal) {
      await askForModels(name, signal, () => client.get<unknown>('/models', { signal }))
    },
  }
}

function createClient({ name, apiKey, baseURL, proxies }: OpenAIWire): OpenAI {
  checkKey(name, apiKey)
  return new OpenAI({
    ...createSdkOptions(proxies),
    apiKey,
    baseURL: toBaseUrl(baseURL),
    // Said here, or the SDK takes them from the environment.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
  })
}

/** o200k holds 4–5 bytes of English in a token, 3 of code or CJK, about 2 of base64 and emoji: half is never too low. */
function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 2)
}

function toBody(wire: OpenAIWire, request: BrainRequest): ChatCompletionCreateParamsStreaming {
  const { model, system, maxTokens } = request
  const messages = request.messages.map((message) => toMessage(message, wire.images))
  return {
    model,
    messages: system === '' ? messages : [{ role: 'system', content: system }, ...messages],
    [wire.maxTokensField]: maxTokens,
    stream: true,
    stream_options: { include_usage: true },
    ...wire.more?.(model),
  }
}

function toMessage({ role, content, images }: BrainMessage, sees: 'all' | undefined): ChatCompletionMessageParam {
  if (!images || !sees || role !== 'user') return { role, content }
  return { role, content: [...images.map(toImagePart), { type: 'text', text: content }] }
}

function toImagePart(image: Image): ChatCompletionContentPartImage {
  const url = 'url' in image ? image.url : `data:${image.mediaType};base64,${image.data}`
  return { type: 'image_url', image_url: { url } }
}

/** What is read of a `chat.completion.chunk`. */
interface Chunk {
  choices?: { delta?: { content?: unknown } | null; finish_reason?: unknown }[]
  usage?: { prompt_tokens?: unknown; completion_tokens?: unknown } | null
  error?: { code?: unknown; type?: unknown } | null
}

function createChunkReader(name: string): EventReader {
  const reader = {
    finish: null as FinishPart | null,
    over: false,
    read(event: EventSourceMessage, parts: BrainPart[]) {
      if (event.data === '[DONE]') {
        reader.finish ??= { type: 'finish', reason: 'stop', raw: '[DONE]' }
        reader.over = true
        return
      }
      const chunk = parseChunk(name, event)
      if (!chunk) return
      if (chunk.error) throw toFrameError(name, [chunk.error.code, chunk.error.type])
      const choice = chunk.choices?.[0]
      const text = choice?.delta?.content
      if (typeof text === 'string' && text !== '') parts.push({ type: 'token', text })
      if (typeof choice?.finish_reason === 'string') reader.finish ??= toFinishPart(choice.finish_reason)
      if (chunk.usage) parts.push(toUsagePart(chunk.usage.prompt_tokens, chunk.usage.completion_tokens))
    },
  }
  return reader
}

function parseChunk(name: string, { data, event }: EventSourceMessage): Chunk | null {
  try {
    return parseFrame(name, data) as Chunk | null
  } catch (error) {
    // OpenAI's chunks have no event name; an event with one that is not JSON is somebody's extension.
    if (event !== undefined) return null
    throw error
  }
}

function toFinishPart(raw: string): FinishPart {
  return { type: 'finish', reason: raw === 'length' || raw === 'content_filter' ? raw : 'stop', raw }
}
