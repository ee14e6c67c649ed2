/**
 * What clients get: the schemas of our own frames, resources and errors. What is sent has these types, and the reference
 * at /docs shows them under their `$id`.
 */
import { type Static, type TSchema, Type } from 'typebox'
import { ERROR_CODES } from '#src/chat/errors.ts'

const Nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

/** ISO 8601 in UTC. */
const Time = () => Type.String({ format: 'date-time' })

const Count = () => Type.Integer({ minimum: 0 })

const Seconds = (description: string) => Type.Number({ description })

const ErrorFields = {
  error: Type.String({ description: 'A sentence for people.' }),
  code: Type.Enum(ERROR_CODES),
  retryable: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
  retry_after: Type.Optional(Seconds('Seconds after which it may, where known.')),
}

/** An error before the first byte. */
export const ErrorBody = Type.Object(
  {
    ...ErrorFields,
    turn_id: Type.Optional(Type.String({ description: 'The turn that it speaks of, as the running one.' })),
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Facts for programs.' })),
  },
  { $id: 'Error', description: 'Why a request was refused.' },
)
export type ErrorBody = Static<typeof ErrorBody>

/** The frame of a turn that failed, and the body of a door that waits for the whole of it. */
export const ErrorFrame = Type.Object(
  {
    ...ErrorFields,
    turn_id: Type.String(),
    partial_text: Type.String({ description: 'What was said, and kept.' }),
  },
  { $id: 'ErrorFrame', description: 'How a turn failed, or why a reader was sent away.' },
)
export type ErrorFrame = Static<typeof ErrorFrame>

export const TokenFrame = Type.Object(
  {
    token: Type.String(),
    count: Type.Integer({ minimum: 1, description: "The token's number in its turn." }),
    partial: Type.Optional(Type.String({ description: 'The text so far, where it was asked for, up to 16 KiB.' })),
  },
  { $id: 'TokenFrame', examples: [{ token: 'Ten ', count: 1 }] },
)
export type TokenFrame = Static<typeof TokenFrame>

export const StartFrame = Type.Object(
  {
    start: Type.Literal(true),
    session_id: Type.String(),
    turn_id: Type.String(),
    brain: Type.String({ description: 'The one that was asked.' }),
    model: Type.String(),
    persona: Type.String(),
  },
  { $id: 'StartFrame', description: 'The preface of every attach on a socket.' },
)
export type StartFrame = Static<typeof StartFrame>

const Stats = {
  tokens: Count(),
  duration: Seconds('Seconds from acceptance to the end.'),
  time_to_first_token: Nullable(Type.Number()),
  tokens_per_second: Type.Number(),
  input_tokens: Nullable(Count()),
  output_tokens: Nullable(Count()),
  cost_usd: Nullable(Type.Number()),
}
const StatsSchema = Type.Object(Stats)
export type Stats = Static<typeof StatsSchema>

const FinishReason = Type.Enum(['stop', 'length', 'stopped', 'content_filter'])

export const DoneFrame = Type.Object(
  {
    done: Type.Literal(true),
    session_id: Type.String(),
    turn_id: Type.String(),
    message_id: Type.String(),
    full_text: Type.String(),
    ...Stats,
    brain: Type.String({ description: 'Who answered.' }),
    model: Type.String(),
    persona: Type.String(),
    cached: Type.Boolean(),
    finish_reason: FinishReason,
    timestamp: Time(),
  },
  { $id: 'DoneFrame', description: 'The end of a turn that went well, or was stopped: the reply is stored.' },
)
export type DoneFrame = Static<typeof DoneFrame>

/** The done frame, and the reply once more by the name that people look for. */
export const WholeReply = Type.Object(
  { message: Type.String({ description: 'The reply.' }), ...DoneFrame.properties },
  { $id: 'WholeReply' },
)

export const StartedSession = Type.Object(
  {
    session_id: Type.String(),
    user_id: Type.String(),
    persona: Type.String(),
    persona_description: Type.String(),
    available_personas: Type.Array(Type.String()),
    brain: Type.String(),
    created_at: Time(),
  },
  { $id: 'StartedSession' },
)

export const SessionResource = Type.Object(
  {
    session_id: Type.String(),
    user_id: Type.String(),
    title: Nullable(Type.String()),
    persona: Type.String(),
    brain: Type.String({ description: 'The one that would speak.' }),
    model: Nullable(Type.String({ description: "The one chosen of that brain's; null leaves it to the brain." })),
    on_disconnect: Type.Enum(['continue', 'stop']),
    message_count: Count(),
    created_at: Time(),
    updated_at: Time(),
    active_turn_id: Nullable(Type.String({ description: 'The turn that runs.' })),
  },
  { $id: 'Session' },
)
export type SessionResource = Static<typeof SessionResource>

const MessageFields = {
  message_id: Type.String(),
  turn_id: Type.String(),
  role: Type.Enum(['user', 'assistant']),
  content: Type.String(),
  status: Type.Enum(['complete', 'stopped', 'failed', 'interrupted']),
  created_at: Time(),
  brain: Nullable(Type.String({ description: "Who said it; null for the user's." })),
  model: Nullable(Type.String()),
  images: Type.Optional(
    Type.Array(
      Type.Union([Type.Object({ media_type: Type.String() }), Type.Object({ url: Type.String() })], {
        description: 'What was shown, without the data.',
      }),
    ),
  ),
}

export const Alternative = Type.Object(MessageFields, { $id: 'Alternative' })
export type Alternative = Static<typeof Alternative>

export const MessageResource = Type.Object(
  {
    ...MessageFields,
    alternatives: Type.Optional(Type.Array(Alternative, { description: 'What stood in its place before.' })),
  },
  { $id: 'Message' },
)
export type MessageResource = Static<typeof MessageResource>

export const SessionList = Type.Object(
  {
    sessions: Type.Array(SessionResource),
    next_cursor: Nullable(Type.String({ description: 'Of the next page; null at the end.' })),
  },
  { $id: 'SessionList' },
)

export const Conversation = Type.Object(
  {
    ...SessionResource.properties,
    messages: Type.Array(MessageResource, { description: 'Oldest first, about 1 MB of text at most.' }),
    has_more: Type.Boolean({
      description: 'Whether there are earlier messages: ask for those `before` the first of these.',
    }),
  },
  { $id: 'Conversation' },
)

export const DeletedSession = Type.Object(
  { success: Type.Literal(true), session_id: Type.String() },
  { $id: 'DeletedSession' },
)

const TurnState = Type.Enum(['running', 'done', 'stopped', 'failed', 'interrupted'])

export const TurnResource = Type.Object(
  {
    turn_id: Type.String(),
    session_id: Type.String(),
    state: TurnState,
    text: Type.String({ description: 'What was said so far.' }),
    offset: Type.String({ description: 'Where to go on reading.' }),
    brain: Type.String(),
    model: Type.String(),
    persona: Type.String(),
    created_at: Time(),
    ended_at: Nullable(Time()),
    message_id: Type.String(),
    ...Type.Partial(StatsSchema).properties,
    finish_reason: Type.Optional(FinishReason),
    error: Type.Optional(Type.String()),
    code: Type.Optional(Type.Enum(ERROR_CODES)),
    retryable: Type.Optional(Type.Boolean()),
  },
  { $id: 'Turn', description: 'A turn as it stands; how it went is there once it has ended.' },
)
export type TurnResource = Static<typeof TurnResource>

export const StopResource = Type.Object(
  {
    stopped: Type.Boolean({ description: 'Whether it is this that ended it.' }),
    turn_id: Nullable(Type.String()),
    state: Nullable(TurnState),
    partial_text: Type.String(),
  },
  { $id: 'Stop' },
)
export type StopResource = Static<typeof StopResource>

export const PersonaList = Type.Object(
  {
    personas: Type.Array(Type.Object({ id: Type.String(), description: Type.String() })),
    default: Type.String(),
  },
  { $id: 'PersonaList' },
)

export const BrainList = Type.Object(
  {
    brains: Type.Array(
      Type.Object({
        id: Type.String(),
        model: Nullable(Type.String()),
        available: Type.Boolean(),
        reason: Type.Optional(Type.String({ description: 'Why it cannot be chosen.' })),
        breaker: Type.Enum(['closed', 'open', 'half_open']),
      }),
    ),
    active: Type.String(),
  },
  { $id: 'BrainList' },
)

export const BrainHealth = Type.Object(
  { active_brain: Type.String(), healthy: Type.Boolean(), message: Type.String() },
  { $id: 'BrainHealth' },
)

export const SwitchedBrain = Type.Object(
  { success: Type.Literal(true), active_brain: Type.String(), message: Type.String() },
  { $id: 'SwitchedBrain' },
)
