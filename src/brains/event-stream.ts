/**
 * Reads a provider's reply from a body of server-sent events, the same way for every provider that sends such:
 * bytes → text → events → parts, one array of parts and one await per chunk, however many tokens it holds.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
import type { Readable } from 'node:stream'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { BrainPart } from '#src/chat/brain.ts'
import { ChatError } from '#src/chat/errors.ts'
import { toBadResponse, toBroken } from './failure.ts'

/** Bytes that may come without completing an event. Real frames are below 5 MB; an endless line has to end somewhere. */
const EVENT_LIMIT_BYTES = 16 << 20

/** How long what follows the last event may take to end before the connection is closed instead of kept. */
const DRAIN_MS = 1000

const STREAM = { stream: true }

export type FinishPart = Extract<BrainPart, { type: 'finish' }>

/** @throws ChatError `brain_bad_response`, which does not quote what could not be parsed */
export function parseFrame(name: string, data: string): unknown {
  try {
    return JSON.parse(data) as unknown
  } catch {
    throw toBadResponse(name, 'sent a frame that is not JSON')
  }
}

/** A usage part of what a provider says that it counted; what is no count is unknown. */
export function toUsagePart(inputTokens: unknown, outputTokens: unknown): BrainPart {
  return { type: 'usage', inputTokens: toCount(inputTokens), outputTokens: toCount(outputTokens) }
}

function toCount(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null
}

/** What a provider's events mean. */
export interface EventReader {
  /**
   * Adds to `parts` what the event says.
   *
   * @throws ChatError where it says that the reply has failed, or cannot be understood
   */
  read(event: EventSourceMessage, parts: BrainPart[]): void
  /** The provider's terminal marker. From here on the reply is whole, whatever happens to the connection. */
  readonly finish: FinishPart | null
  /** The provider has nothing more to say, though its connection may stay open. */
  readonly over: boolean
}

export interface EventStreamOptions {
  /** The provider's, for people. */
  name: string
  reader: EventReader
  signal: AbortSignal
  /** Milliseconds that the rest (the usage) may take once the reply is whole. */
  restTimeoutMs: number
}

/**
 * Yields the parts of a reply from the body that `open` gives, the finish part last. Whoever stops reading closes the
 * connection; where the reply was read to its end, the connection is left to be used again.
 *
 * @throws ChatError `brain_bad_response` when the body ends without the terminal marker or cannot be understood,
 * `brain_unavailable` when the connection broke before it
 */
export async function* readParts(
  open: () => Promise<Readable>,
  options: EventStreamOptions,
): AsyncGenerator<BrainPart[]> {
  const { name, reader, signal } = options
  const body = await open()
  let parts: BrainPart[] = []
  let restTimer: NodeJS.Timeout | undefined
  const decode = createEventDecoder(name, (event) => reader.read(event, parts))
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      decode(chunk)
      if (reader.over) break
      // Ends the wait by the same path as a connection that breaks after the marker.
      if (reader.finish) restTimer ??= setTimeout(() => body.destroy(), options.restTimeoutMs)
      const said = parts
      parts = []
      yield said
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!reader.finish) {
      // What the chunk said before it failed was said.
      if (parts.length > 0) yield parts
      throw error instanceof ChatError ? error : toBroken(name, error)
    }
  } finally {
    clearTimeout(restTimer)
    if (reader.over) drain(body)
    else body.destroy()
  }
  signal.throwIfAborted()
  if (!reader.finish) throw toBadResponse(name, 'ended its reply without an end marker')
  parts.push(reader.finish)
  yield parts
}

/** Returns a function that takes the body's chunks, cut anywhere, and calls `onEvent` for each event they complete. */
function createEventDecoder(name: string, onEvent: (event: EventSourceMessage) => void): (chunk: Uint8Array) => void {
  const text = new TextDecoder()
  let bytes = 0
  const parser = createParser({
    onEvent(event) {
      bytes = 0
      onEvent(event)
    },
  })
  return (chunk) => {
    // Counted here and not by the parser's own bound, which does not see lines that it skips, such as endless HTML.
    bytes += chunk.length
    if (bytes > EVENT_LIMIT_BYTES) throw toBadResponse(name, `sent ${bytes} bytes without completing an event`)
    parser.feed(text.decode(chunk, STREAM))
  }
}

/** Reads what is left, normally the chunked coding's own end, so that the connection can be used again. */
function drain(body: Readable): void {
  if (body.closed) return
  const timer = setTimeout(() => body.destroy(), DRAIN_MS).unref()
  body.once('close', () => clearTimeout(timer)).resume()
}
