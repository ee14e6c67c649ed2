/**
 * Claude: Anthropic's messages API, streamed, as a brain.
 *
 * The official SDK does authentication, request and errors; the stream is read by `reply-stream.ts`.
 *
 * @see https://platform.claude.com/docs/en/build-with-claude/streaming
 */
import Anthropic from '@anthropic-ai/sdk'
import type { ImageBlockParam, MessageCreateParamsStreaming, MessageParam } from '@anthropic-ai/sdk/resources/messages'
import type { EventSourceMessage } from 'eventsource-parser'
import type { Brain, BrainMessage, BrainPart, BrainRequest } from '#src/chat/brain.ts'
import type { Image } from '#src/chat/message.ts'
import { ask, askForModels, checkKey, createSdkOptions } from './ask.ts'
import { toBaseUrl } from './base-url.ts'
import { toFrameError } from './failure.ts'
import { bodyOf, type Proxies } from './lean-fetch.ts'
import { DEFAULT_MODELS } from './models.ts'
import { contextWindowOf, priceOf } from './prices.ts'
import { decodeEvents, type EventReader, type FinishPart, parseFrame, readParts, toUsagePart } from './reply-stream.ts'

const NAME = 'Claude'

/**
 * What every model has that is still offered; most have more.
 *
 * @see https://platform.claude.com/docs/en/about-claude/models/overview
 */
const LEAST_CONTEXT_WINDOW = 200_000

export interface ClaudeOptions {
  apiKey: string
  /** With `/v1` or without it. Default `https://api.anthropic.com`. */
  baseURL?: string | undefined
  /** Default `claude-sonnet-5-5`. */
  model?: string | undefined
  /** Milliseconds that the last event may take to come after the reply is whole. Default 5,000. */
  restTimeoutMs?: number | undefined
  /** Default: straight to the provider. */
  proxies?: Proxies | undefined
}

export function createClaudeBrain(options: ClaudeOptions): Brain {
  const { model = DEFAULT_MODELS.claude, restTimeoutMs = 5000 } = options
  const client = createClient(options)
  return {
    id: 'claude',
    model,
    contextWindow: (asked) => contextWindowOf('anthropic', asked) ?? LEAST_CONTEXT_WINDOW,
    images: 'all',
    paceMs: 0,
    firstTokenTimeoutMs: null,
    estimateTokens,
    stream(request, signal, hear) {
      const open = async () => {
        const call = () => client.messages.create(toBody(request), { signal }).asResponse()
        return bodyOf(await ask(NAME, signal, call))
      }
      const reader = createMessageReader()
      return readParts(open, { name: NAME, decode: decodeEvents, reader, signal, restTimeoutMs }, hear)
    },
    price: (asked, usage) => priceOf('anthropic', asked, usage),
    async check(signal) {
      await askForModels(NAME, signal, () => client.get<unknown>('/v1/models', { query: { limit: 1 }, signal }))
    },
  }
}

function createClient({ apiKey, baseURL = 'https://api.anthropic.com', proxies }: ClaudeOptions): Anthropic {
  checkKey(NAME, apiKey)
  return new Anthropic({
    ...createSdkOptions(proxies),
    apiKey,
    baseURL: toBaseUrl(baseURL, /\/v1$/),
    // Said here, or the SDK takes them from the environment.
    authToken: null,
    webhookKey: null,
    openTelemetry: false,
  })
}

/** The newest tokenizer makes about 30 % more tokens than those before it: two for three bytes is never too low. */
function estimateTokens(text: string): number {
  return Math.ceil((Buffer.byteLength(text) * 2) / 3)
}

function toBody({ model, system, messages, maxTokens }: BrainRequest): MessageCreateParamsStreaming {
  return {
    model,
    ...(system !== '' && { system }),
    messages: messages.map(toMessage),
    max_tokens: maxTokens,
    stream: true,
    // This model thinks in silence before it speaks, on account of `max_tokens`, unless it is told not to. A chat waits
    // for the first word. Other models refuse the word for it, so they are left to their own default.
    ...(model === DEFAULT_MODELS.claude && { thinking: { type: 'between_tools' } }),
  }
}

/** Images come first: then the model answers best. */
function toMessage({ role, content, images }: BrainMessage): MessageParam {
  return images ? { role, content: [...images.map(toImageBlock), { type: 'text', text: content }] } : { role, content }
}

type MediaType = 'image/png' | 'image/jpeg' | 'image/webp' | 'image/gif'

function toImageBlock(image: Image): ImageBlockParam {
  if ('url' in image) return { type: 'image', source: { type: 'url', url: image.url } }
  return { type: 'image', source: { type: 'base64', media_type: image.mediaType as MediaType, data: image.data } }
}

interface Usage {
  input_tokens?: unknown
  cache_creation_input_tokens?: unknown
  cache_read_input_tokens?: unknown
  output_tokens?: unknown
}

/** What is read of the events. */
interface MessageEvent {
  type?: unknown
  message?: { usage?: Usage | null } | null
  content_block?: { type?: unknown; text?: unknown } | null
  delta?: { type?: unknown; text?: unknown; stop_reason?: unknown } | null
  usage?: Usage | null
  error?: { type?: unknown; details?: { error_code?: unknown } | null } | null
}

/** The events that are read. All others, those that are still to be invented too, only show life. */
const EVENTS = new Set([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'message_delta',
  'message_stop',
  'error',
])

function createMessageReader(): EventReader {
  const reader = {
    finish: null as FinishPart | null,
    over: false,
    read(message: EventSourceMessage, parts: BrainPart[]) {
      const event = parseEvent(message)
      switch (event?.type) {
        case 'message_start':
          // The output is only begun to be counted here.
          if (event.message?.usage) parts.push(toUsagePart(toInputTokens(event.message.usage), null))
          break
        case 'content_block_start':
          if (event.content_block?.type === 'text') addText(parts, event.content_block.text)
          break
        case 'content_block_delta':
          // Thinking, its signature and citations come in deltas of other types.
          if (event.delta?.type === 'text_delta') addText(parts, event.delta.text)
          break
        case 'message_delta':
          if (event.usage) parts.push(toUsagePart(toInputTokens(event.usage), event.usage.output_tokens))
          if (typeof event.delta?.stop_reason === 'string') reader.finish ??= toFinishPart(event.delta.stop_reason)
          break
        case 'message_stop':
          reader.finish ??= { type: 'finish', reason: 'stop', raw: 'message_stop' }
          reader.over = true
          break
        case 'error':
          throw toFrameError(NAME, [event.error?.details?.error_code, event.error?.type])
      }
    },
  }
  return reader
}

/** Null for an event that is not read. */
function parseEvent({ data, event }: EventSourceMessage): MessageEvent | null {
  if (event !== undefined && !EVENTS.has(event)) return null
  return parseFrame(NAME, data) as MessageEvent | null
}

function addText(parts: BrainPart[], text: unknown): void {
  if (typeof text === 'string' && text !== '') parts.push({ type: 'token', text })
}

/** All that went in, cached or not; null for 0, which stands where a gateway has not counted yet. */
function toInputTokens(usage: Usage): number | null {
  const counts = [usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens]
  return counts.reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0) || null
}

const REASONS: ReadonlyMap<string, FinishPart['reason']> = new Map([
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content_filter'],
])

function toFinishPart(raw: string): FinishPart {
  return { type: 'finish', reason: REASONS.get(raw) ?? 'stop', raw }
}
