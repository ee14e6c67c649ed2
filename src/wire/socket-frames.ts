/**
 * Frames on sockets: a name and data, the same on WebSocket and Socket.IO. The data is JSON text from here on, so that
 * a token is written once and never parsed again.
 */
import { ChatError } from '#src/chat/errors.ts'
import type { TurnEvent } from '#src/chat/event.ts'
import type { Turn } from '#src/chat/store.ts'
import { toTurnId } from '#src/chat/turn-id.ts'
import type { FrameDialect } from './event-stream.ts'
import { toErrorBody, toStartFrame, toTime } from './frames.ts'
import { encodeOffset } from './offset.ts'
import { JsonBounds } from './json-bounds.ts'
import type { Connected, Refusal, SocketEvent, Start } from './socket-events.ts'

/** One reader's mapping from the events of its turn to frames. */
export interface SocketEncoder {
  encode(event: TurnEvent): string
  encodeDismissal(error: ChatError, textSoFar: string): string
}

const EVENT_NAMES = { token: 'chat_token', done: 'chat_complete', error: 'chat_stream_error' } as const

export function toSocketEvent({ type }: TurnEvent): SocketEvent {
  return EVENT_NAMES[type]
}

/** Adds to a dialect's data what a socket with many turns needs: whose it is, and the offset. */
export function createSocketEncoder(dialect: FrameDialect, turn: Turn): SocketEncoder {
  const turnId = toTurnId(turn)
  const session = `,"session_id":${JSON.stringify(turn.sessionId)}`
  // The fields that a frame does not have of itself.
  const missing = { token: `${session},"turn_id":${JSON.stringify(turnId)}`, done: '', error: session }
  return {
    encode: (event) =>
      `${dialect.encode(event).slice(0, -1)}${missing[event.type]},"offset":"${encodeOffset(turnId, event)}"}`,
    encodeDismissal: (error, textSoFar) => `${dialect.encodeDismissal(error, textSoFar).slice(0, -1)}${session}}`,
  }
}

/** What a client said of itself in a frame, to be sent back so that it can match the answer. */
export interface Echo {
  session_id?: string
  turn_id?: string
  client_message_id?: string
}

const ECHOED = ['session_id', 'turn_id', 'client_message_id'] as const
const MAX_ECHO_CHARS = 128

/** Picks what can be sent back from data that nobody has checked yet. */
export function toEcho(data: unknown): Echo {
  if (typeof data !== 'object' || data === null) return {}
  const fields = ECHOED.map((name) => [name, (data as Record<string, unknown>)[name]] as const)
  return Object.fromEntries(
    fields.filter(([, value]) => typeof value === 'string' && value.length <= MAX_ECHO_CHARS),
  ) as Echo
}

/** The preface of an attach. */
export function toSocketStart(turn: Turn, { client_message_id }: Echo): Start {
  return { ...toStartFrame(turn), ...(client_message_id === undefined ? {} : { client_message_id }) }
}

/** What was asked is not done; a turn's own failure is an event of it. */
export function toRefusalFrame(error: ChatError, echo: Echo = {}): Refusal {
  return { ...echo, ...toErrorBody(error) }
}

export function toConnectedFrame(): Connected {
  return { message: 'Connected to Repartee.', timestamp: toTime(Date.now()) }
}

export function encodeWebSocketFrame(event: SocketEvent, data: string): string {
  return `{"event":"${event}","data":${data}}`
}

/** @throws ChatError `frame_invalid`, `invalid_request` */
export function decodeWebSocketFrame(text: string): { event: unknown; data: unknown } {
  new JsonBounds().push(Buffer.from(text))
  let frame: unknown
  try {
    frame = JSON.parse(text)
  } catch {
    throw new ChatError('frame_invalid', 'The frame is not valid JSON.')
  }
  if (typeof frame !== 'object' || frame === null || !Object.hasOwn(frame, 'event')) {
    throw new ChatError('frame_invalid', 'A frame is {"event": name, "data": {…}}.')
  }
  const { event, data } = frame as { event: unknown; data?: unknown }
  return { event, data }
}

/**
 * An event packet of the default namespace.
 *
 * @see https://socket.io/docs/v4/socket-io-protocol/
 */
export function encodeSocketIoPacket(event: SocketEvent, data: string): string {
  return `2["${event}",${data}]`
}
