/**
 * Server-sent events: the one encoder. A dialect says what an event's data is; this says how it stands in the stream.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import type { ChatError } from '#src/chat/errors.ts'
import { FIRST_EPOCH, type TerminalEvent, type TurnEvent } from '#src/chat/event.ts'
import type { Turn } from '#src/chat/store.ts'
import { toTurnId } from '#src/chat/turn-id.ts'
import { encodeOffset } from './offset.ts'

/**
 * One reader's mapping from events to the data of frames: a pure function of what it was given so far. A string is one
 * frame, a list as many as it has.
 */
export interface Dialect {
  /** Whether a client can go on from an offset: frames then have one as their id, where ids are asked for. */
  readonly hasOffsets: boolean
  /** Whether a token's frame repeats the text so far: what is small in the log is then large here. */
  readonly repeatsText?: boolean
  /** Frames that come before the first event. */
  readonly opening?: readonly string[]
  encode(event: TurnEvent): string | readonly string[]
  /** For a reader that is sent away, with what it was sent of the text. */
  encodeDismissal(error: ChatError, textSoFar: string): string | readonly string[]
  /** What a comment says after the terminal event, on one line. */
  encodeComment?(end: TerminalEvent): string
}

/** A dialect in which every event is one frame, as sockets need it. */
export interface FrameDialect extends Dialect {
  encode(event: TurnEvent): string
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
const PADDING = `:${' '.repeat(512)}\n`

/** Milliseconds; on GET only, for some mobile libraries send a POST again because of it. */
const RETRY = 'retry: 1000\n\n'

/** For hand-written clients, which split on blank lines and parse what follows `data: `: nothing but that. */
export function createBareEncoder(dialect: Dialect): EventStreamEncoder {
  return {
    opening: encodeFrames(dialect.opening ?? []),
    heartbeat: HEARTBEAT,
    encode(events) {
      let text = ''
      for (const event of events) text += encodeFrames(dialect.encode(event))
      return text + encodeComment(dialect, events)
    },
    encodeDismissal: (error, textSoFar) => encodeFrames(dialect.encodeDismissal(error, textSoFar)),
  }
}

/**
 * For EventSource and its kin, which name the media type they want: every event has its offset as id.
 *
 * A POST whose reader has no offset yet begins with one: libraries send it again when the connection breaks, and before
 * the first token nothing else would say that this is no new message.
 */
export function createNegotiatedEncoder(
  dialect: Dialect,
  turn: Turn,
  { method, hasOffset }: { method: string; hasOffset: boolean },
): EventStreamEncoder {
  const turnId = toTurnId(turn)
  const beginning = hasOffset ? '' : `id: ${encodeOffset(turnId, { epoch: FIRST_EPOCH, seq: 0 })}\n`
  const bare = createBareEncoder(dialect)
  return {
    ...bare,
    opening: `${PADDING}${method === 'GET' ? `\n${RETRY}` : `${beginning}\n`}${bare.opening}`,
    encode(events) {
      let text = ''
      for (const event of events) text += encodeFrames(dialect.encode(event), `id: ${encodeOffset(turnId, event)}\n`)
      return text + encodeComment(dialect, events)
    },
  }
}

/** @param id the line of the event's offset, which the last of its frames has: who has that has all of the event */
function encodeFrames(data: string | readonly string[], id = ''): string {
  if (typeof data === 'string') return `${id}data: ${data}\n\n`
  return data.map((one, index) => encodeFrames(one, index === data.length - 1 ? id : '')).join('')
}

function encodeComment(dialect: Dialect, events: TurnEvent[]): string {
  const last = dialect.encodeComment && events.at(-1)
  return last && last.type !== 'token' ? `: ${dialect.encodeComment!(last)}\n\n` : ''
}
