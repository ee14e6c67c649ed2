/** What clients send: the schemas that every door and transport checks it with. Unknown fields are ignored. */
import type { IncomingHttpHeaders } from 'node:http'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { ChatError } from '#src/chat/errors.ts'
import { BEGINNING } from '#src/chat/event.ts'
import type { Cursor } from '#src/chat/replays.ts'
import type { TurnInput } from '#src/chat/sending.ts'
import { decodeOffset } from './offset.ts'

/** A name from outside: no control characters, no half surrogate pairs. */
const Name = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '^[^\\p{Cc}\\p{Cs}]*$' })

/** An id that a client brings itself, where sessions are made. */
export const OwnSessionId = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' })

const OnDisconnect = Type.Enum(['continue', 'stop'])

const ClientMessageId = Name(128)

const TurnOptions = {
  client_message_id: Type.Optional(ClientMessageId),
  persona: Type.Optional(Name(64)),
  brain: Type.Optional(Name(64)),
  model: Type.Optional(Name(128)),
  partial: Type.Optional(Type.Boolean()),
  pace_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 })),
  on_disconnect: Type.Optional(OnDisconnect),
  if_busy: Type.Optional(Type.Enum(['reject', 'stop'])),
}

type TurnOptions = Omit<Static<typeof RegenerateRequest>, 'message'>

/** What a send says in its body and, over HTTP, in its head.
 *
 * @throws ChatError `invalid_request` for an offset or an id that is none */
export function toTurnInput(options: TurnOptions, headers: IncomingHttpHeaders = {}): TurnInput {
  const lastEventId = headers['last-event-id']
  return {
    clientId: options.client_message_id ?? toClientId(headers['idempotency-key']),
    persona: options.persona,
    brain: options.brain,
    model: options.model,
    paceMs: options.pace_ms,
    onDisconnect: options.on_disconnect,
    ifBusy: options.if_busy,
    after: typeof lastEventId === 'string' && lastEventId ? decodeOffset(lastEventId) : undefined,
  }
}

function toClientId(key: string | string[] | undefined): string | undefined {
  if (!key) return undefined
  if (Value.Check(ClientMessageId, key)) return key
  throw new ChatError('invalid_request', 'The idempotency key is too long, or has control characters in it.')
}

export const StartRequest = Type.Object({
  user_id: Type.Optional(Name(128)),
  persona: Type.Optional(Name(64)),
  brain: Type.Optional(Name(64)),
  title: Type.Optional(Name(200)),
  session_id: Type.Optional(OwnSessionId),
  on_disconnect: Type.Optional(OnDisconnect),
})

export const SendRequest = Type.Object({
  session_id: Type.String({ minLength: 1, maxLength: 64 }),
  message: Type.String(),
  ...TurnOptions,
})
export type SendRequest = Static<typeof SendRequest>

export const RegenerateRequest = Type.Object({ message: Type.Optional(Type.String()), ...TurnOptions })
export type RegenerateRequest = Static<typeof RegenerateRequest>

export const PatchRequest = Type.Object({
  persona: Type.Optional(Name(64)),
  brain: Type.Optional(Type.Union([Name(64), Type.Null()])),
  title: Type.Optional(Name(200)),
  on_disconnect: Type.Optional(OnDisconnect),
})
export type PatchRequest = Static<typeof PatchRequest>

export const SwitchRequest = Type.Object({ brain: Type.Union([Name(64), Type.Null()]) })

/** The door of older clients, `POST /api/chat/stream`. */
export const ApiChatRequest = Type.Object({ message: Type.String(), session_id: Type.Optional(OwnSessionId) })

export const SessionsQuery = Type.Object({
  user_id: Type.Optional(Name(128)),
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  cursor: Type.Optional(Type.String({ maxLength: 256 })),
})

export const MessagesQuery = Type.Object({
  messages: Type.Integer({ minimum: 0, maximum: 1000, default: 50 }),
  before: Type.Optional(Type.String({ maxLength: 128 })),
})

export const ExportQuery = Type.Object({
  format: Type.Enum(['markdown', 'json'], { default: 'markdown' }),
})

export const FollowQuery = Type.Object({
  after: Type.Optional(Type.String({ maxLength: 128 })),
  after_count: Type.Optional(Type.Integer({ minimum: 0, maximum: 99_999_999 })),
  partial: Type.Optional(Type.Boolean()),
})
export type FollowQuery = Static<typeof FollowQuery>

export const IdParams = Type.Object({ id: Type.String() })

/** Where to go on in a turn. @throws ChatError `invalid_request` for an offset that is malformed or another turn's */
export function toCursor(turnId: string, { after, after_count }: FollowQuery): Cursor {
  if (after === undefined) return after_count === undefined ? BEGINNING : { count: after_count }
  const { turnId: named, position } = decodeOffset(after)
  if (named !== turnId) throw new ChatError('invalid_request', 'The offset belongs to another turn.', { turnId })
  return position
}

/** On sockets a send may leave the session out, and the offset of one that comes back has no header. */
export const SocketSendRequest = Type.Object({
  session_id: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  message: Type.String(),
  after: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  ...TurnOptions,
})

export const SocketResumeRequest = Type.Object({ turn_id: Type.String(), ...FollowQuery.properties })

export const SocketStopRequest = Type.Object({
  turn_id: Type.Optional(Type.String()),
  session_id: Type.Optional(Type.String()),
})

export const SocketAuthRequest = Type.Object({ token: Type.String({ maxLength: 16_384 }) })
