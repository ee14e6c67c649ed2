/** What clients send: the schemas that every door and transport checks it with. Unknown fields are ignored. */
import type { IncomingHttpHeaders } from 'node:http'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { ChatError } from '#src/chat/errors.ts'
import { BEGINNING } from '#src/chat/event.ts'
import type { Cursor } from '#src/chat/replays.ts'
import type { TurnInput } from '#src/chat/sending.ts'
import { createCheck } from './check.ts'
import { ImagesRequest } from './images.ts'
import { decodeOffset } from './offset.ts'

/** A name from outside: no control characters, no half surrogate pairs. */
const Name = (maxLength: number, description?: string) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[^\\p{Cc}\\p{Cs}]*$', ...(description && { description }) })

/** An id that a client brings itself, where sessions are made. */
export const OwnSessionId = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' })

const OnDisconnect = Type.Enum(['continue', 'stop'], {
  description: "Whether the last reader's leaving stops the turn.",
})

/** A client's own id of a message. */
export const ClientMessageId = Name(
  128,
  'Your own id of the message: the same id with the same message is the same turn.',
)

/** Of a request that carries a whole conversation. */
export const HISTORY_BODY_BYTES = 8 * 1024 * 1024

/** The most messages of a conversation that is sent whole, and parts of one: more than clients were seen to send. */
export const MAX_MESSAGES = 10_000
export const MAX_PARTS = 1_000

const TurnOptions = {
  client_message_id: Type.Optional(ClientMessageId),
  persona: Type.Optional(Name(64)),
  brain: Type.Optional(Name(64)),
  model: Type.Optional(Name(128)),
  partial: Type.Optional(Type.Boolean({ description: 'Sends the text so far with every token, up to 16 KiB.' })),
  pace_ms: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 10_000, description: 'Milliseconds between two tokens.' }),
  ),
  on_disconnect: Type.Optional(OnDisconnect),
  if_busy: Type.Optional(
    Type.Enum(['reject', 'stop'], {
      description: 'What becomes of this send, or of the turn that runs: default reject.',
    }),
  ),
}

type TurnOptions = Omit<Static<typeof RegenerateRequest>, 'message'>

/** Who sends: whoever pays for it, and over HTTP the head of the request. */
export interface Sender {
  payer: string
  headers?: IncomingHttpHeaders
}

/** What a send says in its body and, over HTTP, in its head.
 *
 * @throws ChatError `invalid_request` for an offset or an id that is none */
export function toTurnInput(options: TurnOptions, { payer, headers = {} }: Sender): TurnInput {
  const lastEventId = headers['last-event-id']
  return {
    payer,
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

const SessionModel = () =>
  Name(128, 'A model of that brain, or else of the one that would speak now: no other brain is asked for it.')

export const StartRequest = Type.Object(
  {
    user_id: Type.Optional(Name(128)),
    persona: Type.Optional(Name(64)),
    brain: Type.Optional(Name(64)),
    model: Type.Optional(SessionModel()),
    title: Type.Optional(Name(200)),
    session_id: Type.Optional(OwnSessionId),
    on_disconnect: Type.Optional(OnDisconnect),
  },
  { $id: 'StartRequest', examples: [{ persona: 'fitness_coach', user_id: 'anonymous' }] },
)

export const SendRequest = Type.Object(
  {
    session_id: Type.String({ minLength: 1, maxLength: 64 }),
    message: Type.String(),
    images: Type.Optional(ImagesRequest),
    ...TurnOptions,
  },
  {
    $id: 'SendRequest',
    examples: [{ session_id: 'morning-run', message: 'I only have ten minutes today' }],
  },
)
export type SendRequest = Static<typeof SendRequest>

/**
 * The name or tag of a language. It goes into prompts, so nothing may stand in it that ends a sentence or a quotation:
 * letters and marks of any script, digits (`es-419`), spaces, and what joins words.
 */
const Language = Type.String({ pattern: String.raw`^[\p{L}\p{M}0-9][\p{L}\p{M}0-9 _()'’-]{0,63}$` })

/** The language tutor's clients send this to `POST /chat/stream`. */
export const TutorRequest = Type.Object(
  {
    conversation_id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    user_message: Type.String(),
    language: Type.Optional(Language),
    difficulty_level: Type.Optional(Type.String({ maxLength: 32 })),
  },
  {
    $id: 'TutorRequest',
    examples: [
      { conversation_id: 7, user_message: 'Yo soy ir al mercado', language: 'Spanish', difficulty_level: 'B1' },
    ],
  },
)
export type TutorRequest = Static<typeof TutorRequest>

export const StreamRequest = Type.Union([SendRequest, TutorRequest])

const checkSend = createCheck(SendRequest)
const checkTutor = createCheck(TutorRequest)

/** Whichever of the two is meant, so that a refusal speaks of its fields. @throws ChatError `invalid_request` */
export function checkStreamRequest(sent: unknown): SendRequest | TutorRequest {
  const has = (name: string) => typeof sent === 'object' && sent !== null && Object.hasOwn(sent, name)
  if (has('message') && has('user_message')) {
    throw new ChatError('invalid_request', 'Send either "message" or "user_message".')
  }
  const isForTutor = has('user_message') || (has('conversation_id') && !has('message'))
  return isForTutor ? checkTutor(sent) : checkSend(sent)
}

/** The doors of `/api/v1/chat/unified`. */
export const UnifiedRequest = Type.Object(
  {
    message: Type.String(),
    user_id: Type.Optional(Name(128)),
    session_id: Type.Optional(OwnSessionId),
    language: Type.Optional(Language),
    context: Type.Optional(Type.Unknown()),
  },
  { $id: 'UnifiedRequest', examples: [{ message: 'How do I begin?', user_id: 'anonymous', language: 'English' }] },
)
export type UnifiedRequest = Static<typeof UnifiedRequest>

export const RegenerateRequest = Type.Object(
  { message: Type.Optional(Type.String()), ...TurnOptions },
  { $id: 'RegenerateRequest', examples: [{ message: 'I have twenty minutes after all' }] },
)
export type RegenerateRequest = Static<typeof RegenerateRequest>

export const PatchRequest = Type.Object(
  {
    persona: Type.Optional(Name(64)),
    brain: Type.Optional(Type.Union([Name(64), Type.Null()])),
    model: Type.Optional(Type.Union([SessionModel(), Type.Null()])),
    title: Type.Optional(Name(200)),
    on_disconnect: Type.Optional(OnDisconnect),
  },
  { $id: 'PatchRequest', examples: [{ title: 'Morning runs', persona: 'calm_coach' }] },
)
export type PatchRequest = Static<typeof PatchRequest>

export const SwitchRequest = Type.Object(
  { brain: Type.Union([Name(64), Type.Null()]) },
  { $id: 'SwitchRequest', examples: [{ brain: 'config' }] },
)

/** The door of older clients, `POST /api/chat/stream`. */
export const ApiChatRequest = Type.Object(
  { message: Type.String(), session_id: Type.Optional(OwnSessionId) },
  { $id: 'ApiChatRequest', examples: [{ message: 'Hello', session_id: 'morning-run' }] },
)

export const SessionsQuery = Type.Object({
  user_id: Type.Optional(Name(128)),
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  cursor: Type.Optional(Type.String({ maxLength: 256, description: '`next_cursor` of the page before.' })),
})

export const MessagesQuery = Type.Object({
  messages: Type.Integer({ minimum: 0, maximum: 1000, default: 50, description: 'How many of the latest.' }),
  before: Type.Optional(Type.String({ maxLength: 128, description: 'A message id: those before it.' })),
})

export const ExportQuery = Type.Object({
  format: Type.Enum(['markdown', 'json'], { default: 'markdown' }),
})

export const FollowQuery = Type.Object({
  after: Type.Optional(Type.String({ maxLength: 128, description: 'An offset: what came after it.' })),
  after_count: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 99_999_999, description: 'A count of tokens: what came after so many.' }),
  ),
  partial: Type.Optional(Type.Boolean()),
})
export type FollowQuery = Static<typeof FollowQuery>

export const IdParams = Type.Object({ id: Type.String({ description: 'The id of what the path names.' }) })

/** Where to go on in a turn. @throws ChatError `invalid_request` for an offset that is malformed or another turn's */
export function toCursor(turnId: string, { after, after_count }: FollowQuery): Cursor {
  if (after === undefined) return after_count === undefined ? BEGINNING : { count: after_count }
  const { turnId: named, position } = decodeOffset(after)
  if (named !== turnId) throw new ChatError('invalid_request', 'The offset belongs to another turn.', { turnId })
  return position
}

/** On sockets a send may leave the session out, and the offset of one that comes back has no header. */
export const SocketSendRequest = Type.Object(
  {
    session_id: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: "Default: the socket's own." })),
    message: Type.String(),
    images: Type.Optional(ImagesRequest),
    after: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: 'The last offset of a send that comes back.' }),
    ),
    ...TurnOptions,
  },
  { $id: 'SocketSend', examples: [{ message: 'I only have ten minutes today' }] },
)

export const SocketResumeRequest = Type.Object(
  { turn_id: Type.String(), ...FollowQuery.properties },
  { $id: 'SocketResume', examples: [{ turn_id: 'morning-run.1', after_count: 7 }] },
)

export const SocketStopRequest = Type.Object(
  { turn_id: Type.Optional(Type.String()), session_id: Type.Optional(Type.String()) },
  {
    $id: 'SocketStop',
    description: "A turn, or whatever runs in a session; by default in the socket's own.",
    examples: [{ turn_id: 'morning-run.1' }],
  },
)

export const SocketAuthRequest = Type.Object(
  { token: Type.String() },
  { $id: 'SocketAuth', examples: [{ token: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…' }] },
)
