/**
 * Ollama: models on a machine of one's own, its chat streamed as lines of JSON.
 *
 * Of its SDK only the types are used: it reads the files that pictures are named after, prints what it cannot parse,
 * and takes a reply that breaks off for a whole one.
 *
 * @see https://docs.ollama.com/api/chat
 */
import type { ChatRequest, Message } from 'ollama'
import type { Brain, BrainMessage, BrainPart, BrainRequest } from '#src/chat/brain.ts'
import { ChatError } from '#src/chat/errors.ts'
import { askForModels } from './ask.ts'
import { toBaseUrl } from './base-url.ts'
import { toFrameError } from './failure.ts'
import { bodyOf, type Proxies } from './lean-fetch.ts'
import { DEFAULT_MODELS } from './models.ts'
import { decodeLines, type FinishPart, type LineReader, parseFrame, readParts, toUsagePart } from './reply-stream.ts'
import { createRestClient } from './rest-client.ts'

const NAME = 'Ollama'

/**
 * Asked for in each request. Left to itself the server takes what its memory allows, from 4,096 on, and drops what is
 * too much without a word.
 */
const CONTEXT_WINDOW = 8192

/** The last line ends the reply, and nothing follows it. */
const REST_TIMEOUT_MS = 1000

export interface OllamaOptions {
  /** With `/api` or without it, e.g. `http://127.0.0.1:11434`. */
  baseURL: string
  /** Default `gemma4`. */
  model?: string | undefined
  /** Default 180,000: a model that is not in memory is loaded first. */
  firstTokenTimeoutMs?: number | undefined
  /** Default: straight to the provider. */
  proxies?: Proxies | undefined
}

export function createOllamaBrain(options: OllamaOptions): Brain {
  const { baseURL, model = DEFAULT_MODELS.ollama, firstTokenTimeoutMs = 180_000, proxies } = options
  const call = createRestClient({ name: NAME, baseURL: toBaseUrl(baseURL, /\/(api|v1)$/), proxies })
  return {
    id: 'ollama',
    model,
    contextWindow: () => CONTEXT_WINDOW,
    images: 'data',
    paceMs: 0,
    firstTokenTimeoutMs,
    // Vocabularies are smaller than those of the great models: three bytes of English a token, fewer of all else.
    estimateTokens: (text) => Math.ceil(Buffer.byteLength(text) / 2),
    stream(request, signal, hear) {
      const open = async () => bodyOf(await call(signal, '/api/chat', toBody(request)))
      const reader = createLineReader()
      return readParts(open, { name: NAME, decode: decodeLines, reader, signal, restTimeoutMs: REST_TIMEOUT_MS }, hear)
    },
    // What one's own machine costs is not known here.
    price: () => null,
    async check(signal) {
      const models = await askForModels(NAME, signal, async () => (await call(signal, '/api/tags')).json(), 'models')
      if (!models.some((each) => isNamed(each, model)))
        throw new ChatError('brain_rejected', `${NAME} does not have the model: "ollama pull" fetches it.`)
    },
  }
}

/** A name without a tag means the latest. */
function isNamed(listed: unknown, model: string): boolean {
  const name = (listed as { name?: unknown } | null)?.name
  return name === model || name === `${model}:latest`
}

function toBody({ model, system, messages, maxTokens }: BrainRequest): ChatRequest {
  return {
    model,
    messages: [...(system === '' ? [] : [{ role: 'system', content: system }]), ...messages.map(toMessage)],
    stream: true,
    // Models that can think would do so before they speak, on account of `num_predict`. A chat waits for the first word.
    think: false,
    options: { num_predict: maxTokens, num_ctx: CONTEXT_WINDOW },
  }
}

/** Images by their address are left out: it fetches nothing. */
function toMessage({ role, content, images = [] }: BrainMessage): Message {
  const data = images.flatMap((image) => ('data' in image ? [image.data] : []))
  return { role, content, ...(data.length > 0 && { images: data }) }
}

/** What is read of a line. */
interface Line {
  message?: { content?: unknown } | null
  done?: unknown
  done_reason?: unknown
  prompt_eval_count?: unknown
  eval_count?: unknown
  /** A sentence; there is no code. */
  error?: unknown
}

function createLineReader(): LineReader {
  const reader = {
    finish: null as FinishPart | null,
    over: false,
    read(text: string, parts: BrainPart[]) {
      const line = parseFrame(NAME, text) as Line | null
      if (line?.error) throw toFrameError(NAME, [])
      const content = line?.message?.content
      if (typeof content === 'string' && content !== '') parts.push({ type: 'token', text: content })
      if (line?.done !== true) return
      parts.push(toUsagePart(line.prompt_eval_count, line.eval_count))
      reader.finish = toFinishPart(typeof line.done_reason === 'string' ? line.done_reason : 'done')
      reader.over = true
    },
  }
  return reader
}

function toFinishPart(raw: string): FinishPart {
  return { type: 'finish', reason: raw === 'length' ? 'length' : 'stop', raw }
}
