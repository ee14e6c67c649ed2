/**
 * Server-sent events: the one encoder. A dialect says what an event's data is; this says how it stands in the stream.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import type { ChatError } from '#src/chat/errors.ts'
import type { TurnEvent } from '#src/chat/event.ts'
import type { Turn } from '#src/chat/store.ts'
import { toTurnId } from '#src/chat/turn-id.ts'
import { encodeOffset } from './offset.ts'

/** One reader's mapping from events to the data of frames: a pure function of what it was given so far. */
export interface Dialect {
  encode(event: TurnEvent): string
  /** For a reader that is sent away, with what it was sent of the text. */
  encodeDismissal(error: ChatError, textSoFar: string): string
}

export interface EventStreamEncoder {
  /** What the stream begins with. */
  readonly opening: string
  readonly heartbeat: string
  encode(events: TurnEvent[]): string
  encodeDismissal(error: ChatError, textSoFar: string): string
}

const HEARTBEAT = ': ping\n\n'

/** iOS holds a text stream back until some 512 bytes have come. */
const PADDING = `:${' '.repeat(512)}\n\n`

/** Milliseconds; on GET only, for some mobile libraries send a POST again because of it. */
const RETRY = 'retry: 1000\n\n'

/** For hand-written clients, which split on blank lines and parse what follows `data: `: nothing but that. */
export function createBareEncoder(dialect: Dialect): EventStreamEncoder {
  return {
    opening: '',
    heartbeat: HEARTBEAT,
    encode: (events) => events.map((event) => `data: ${dialect.encode(event)}\n\n`).join(''),
    encodeDismissal: (error, textSoFar) => `data: ${dialect.encodeDismissal(error, textSoFar)}\n\n`,
  }
}

/** For EventSource and its kin, which name the media type they want: every event has its offset as id. */
export function createNegotiatedEncoder(dialect: Dialect, turn: Turn, method: string): EventStreamEncoder {
  const turnId = toTurnId(turn)
  return {
    opening: method === 'GET' ? PADDING + RETRY : PADDING,
    heartbeat: HEARTBEAT,
    encode: (events) =>
      events.map((event) => `id: ${encodeOffset(turnId, event)}\ndata: ${dialect.encode(event)}\n\n`).join(''),
    encodeDismissal: (error, textSoFar) => `data: ${dialect.encodeDismissal(error, textSoFar)}\n\n`,
  }
}
