/**
 * Reads a provider's reply from a body of frames, the same way for every provider: bytes → text → frames → parts, one
 * array of parts a chunk, however many tokens it holds. A frame is a server-sent event, or a line of JSON.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 * @see https://github.com/ndjson/ndjson-spec
 */
import { finished, type Readable } from 'node:stream'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { BrainPart, Hear } from '#src/chat/brain.ts'
import { ChatError } from '#src/chat/errors.ts'
import { toBadResponse, toBroken } from './failure.ts'

/** Bytes that may come without completing a frame. Real ones are below 5 MB; an endless line has to end somewhere. */
const FRAME_LIMIT_BYTES = 16 << 20

/** How long what follows the last frame may take to end before the connection is closed instead of kept. */
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

/** Returns a function that takes text, cut anywhere, and calls `onFrame` for each frame that it completes. */
export type Decoder<Frame> = (onFrame: (frame: Frame) => void) => (text: string) => void

export const decodeEvents: Decoder<EventSourceMessage> = (onEvent) => {
  const parser = createParser({ onEvent })
  return (text) => parser.feed(text)
}

/** A line without its end is no frame yet; one that says nothing is none. */
export const decodeLines: Decoder<string> = (onLine) => {
  let rest = ''
  return (text) => {
    const lines = text.split('\n')
    lines[0] = rest + lines[0]!
    rest = lines.pop()!
    for (const line of lines) if (line.trim() !== '') onLine(line)
  }
}

/** What a provider's frames mean. */
export interface FrameReader<Frame> {
  /**
   * Adds to `parts` what the frame says.
   *
   * @throws ChatError where it says that the reply has failed, or cannot be understood
   */
  read(frame: Frame, parts: BrainPart[]): void
  /** The provider's terminal marker. From here on the reply is whole, whatever happens to the connection. */
  readonly finish: FinishPart | null
  /** The provider has nothing more to say, though its connection may stay open. */
  readonly over: boolean
}

export type EventReader = FrameReader<EventSourceMessage>
export type LineReader = FrameReader<string>

export interface ReplyOptions<Frame> {
  /** The provider's, for people. */
  name: string
  decode: Decoder<Frame>
  reader: FrameReader<Frame>
  signal: AbortSignal
  /** Milliseconds that the rest (the usage) may take once the reply is whole. */
  restTimeoutMs: number
}

/**
 * Reads a reply from the body that `open` gives, and tells `hear` its parts, the finish part last. Where the reply was
 * read to its end, the connection is left to be used again; else it is closed.
 *
 * @throws the signal's reason once it is aborted; ChatError `brain_bad_response` when the body ends without the terminal
 * marker or cannot be understood, `brain_unavailable` when the connection broke before it
 */
export async function readParts<Frame>(
  open: () => Promise<Readable>,
  { name, decode, reader, signal, restTimeoutMs }: ReplyOptions<Frame>,
  hear: Hear,
): Promise<void> {
  const body = await open()
  let parts: BrainPart[] = []
  let restTimer: NodeJS.Timeout | undefined
  const take = createTaker(name, decode, (frame) => reader.read(frame, parts))
  try {
    await readChunks(body, (chunk) => {
      take(chunk)
      if (reader.over) return true
      // Ends the wait by the same path as a connection that breaks after the marker.
      if (reader.finish) restTimer ??= setTimeout(() => body.destroy(), restTimeoutMs)
      const said = parts
      parts = []
      hear(said)
      return false
    })
  } catch (error) {
    signal.throwIfAborted()
    if (!reader.finish) {
      // What the chunk said before it failed was said.
      if (parts.length > 0) hear(parts)
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
  hear(parts)
}

/**
 * Gives the body's chunks to `take` until it has enough, and rejects with what it throws. By events, as a stream's
 * iterator costs a promise and a turn of the queue for each chunk.
 */
function readChunks(body: Readable, take: (chunk: Uint8Array) => boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onData = (chunk: Uint8Array) => {
    try {
      if (take(chunk)) resolve()
    } catch (error) {
      body.destroy()
      reject(error)
    }
  }
  finished(body, { writable: false }, (error) => (error ? reject(error) : resolve()))
  body.on('data', onData)
  return promise.finally(() => body.off('data', onData))
}

/** Returns a function that takes the body's chunks, cut anywhere, and calls `onFrame` for each frame they complete. */
function createTaker<Frame>(
  name: string,
  decode: Decoder<Frame>,
  onFrame: (frame: Frame) => void,
): (chunk: Uint8Array) => void {
  const text = new TextDecoder()
  let bytes = 0
  const feed = decode((frame) => {
    bytes = 0
    onFrame(frame)
  })
  return (chunk) => {
    // Counted here and not by the decoders, which may not see what they skip, such as endless HTML.
    bytes += chunk.length
    if (bytes > FRAME_LIMIT_BYTES) throw toBadResponse(name, `sent ${bytes} bytes without completing a frame`)
    feed(text.decode(chunk, STREAM))
  }
}

/** Reads what is left, normally the chunked coding's own end, so that the connection can be used again. */
function drain(body: Readable): void {
  if (body.closed) return
  const timer = setTimeout(() => body.destroy(), DRAIN_MS).unref()
  body.once('close', () => clearTimeout(timer)).resume()
}
