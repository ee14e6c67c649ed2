/** Scripts for the provider: what it does with a request. They compose frames and bodies that a dialect has made. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Frames, Reply } from './dialect.ts'
import type { Exchange, Script } from './provider.ts'

/**
 * How a response ends: as HTTP wants it (`end`), by closing the connection in the middle (`fin`, `reset`), or not at
 * all (`stall`).
 */
export type Ending = 'end' | 'fin' | 'reset' | 'stall'

export interface Sending {
  /** Default `text/event-stream; charset=utf-8`. */
  contentType?: string
  /** Default `end`. */
  ending?: Ending
  /** Milliseconds before each piece. */
  delayMs?: number
  /** Awaited before the piece of that index, counted from 0: hold it until the test says so. */
  before?: (index: number) => Promise<unknown> | undefined
  /** Whether each piece is to arrive alone. Without it pieces may arrive together. */
  apart?: boolean
}

/** 200 with a body in these pieces. */
export function sends(pieces: readonly (string | Uint8Array)[], sending: Sending = {}): Script {
  const { contentType = 'text/event-stream; charset=utf-8', delayMs, before, apart } = sending
  return async (exchange) => {
    exchange.head(200, { 'content-type': contentType, 'cache-control': 'no-cache' })
    for (const [index, piece] of pieces.entries()) {
      if (delayMs !== undefined) await delay(delayMs, undefined, { signal: exchange.signal })
      await before?.(index)
      if (exchange.signal.aborted) return
      exchange.write(piece)
      if (apart) await exchange.flushed()
    }
    await finish(exchange, sending.ending ?? 'end')
  }
}

/** What makes scripts that say these deltas, or this text word by word, and end as a good provider does. */
export function createSays(encode: (reply: Reply) => Frames) {
  return (said: string | string[], how: Sending & Omit<Reply, 'deltas'> = {}): Script => {
    const { finish: reason, usage, ...sending } = how
    const deltas = typeof said === 'string' ? (said.match(/\S+\s*|\s+/g) ?? []) : said
    const reply = { deltas, ...(reason !== undefined && { finish: reason }), ...(usage !== undefined && { usage }) }
    return sends(encode(reply).frames, sending)
  }
}

async function finish(exchange: Exchange, ending: Ending): Promise<void> {
  if (ending === 'end') exchange.end()
  if (ending === 'fin') await exchange.fin()
  if (ending === 'reset') await exchange.reset()
}

/** A whole response at once, for refusals and for what is no stream. */
export function answers(status: number, body: string, headers: Record<string, string> = {}): Script {
  return (exchange) => {
    exchange.head(status, { 'content-type': 'application/json', ...headers })
    exchange.write(body)
    exchange.end()
  }
}

/** 200 with a page, as a proxy or a captive portal sends. */
export function answersPage(): Script {
  return answers(200, '<!doctype html>\n<html><body><h1>It works!</h1></body></html>\n', {
    'content-type': 'text/html',
  })
}

/** The connection is accepted and the request read, and then nothing. */
export function isSilent(): Script {
  return () => {}
}

/** The connection is closed before any header. */
export function hangsUp(ending: 'fin' | 'reset'): Script {
  return (exchange) => finish(exchange, ending)
}

/** `body` cut at this offset, in bytes, and again after each `every` bytes. */
export function cutEvery(body: Uint8Array, offset: number, every: number): Uint8Array[] {
  const pieces = [body.subarray(0, offset)]
  for (let start = offset; start < body.length; start += every) pieces.push(body.subarray(start, start + every))
  return pieces.filter((piece) => piece.length > 0)
}

/** `body` byte by byte. */
export function cutEverywhere(body: Uint8Array): Uint8Array[] {
  return Array.from(body, (_, index) => body.subarray(index, index + 1))
}
