/** What the doors that keep existing clients working give: the schemas of what is not as in `responses.ts`. */
import { type Static, type TSchema, Type } from 'typebox'
import { DoneFrame } from './responses.ts'

const Nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

const Time = () => Type.String({ format: 'date-time' })

/** The language tutor's. */
export const TutorDoneFrame = Type.Object(
  {
    ...DoneFrame.properties,
    corrections: Nullable(
      Type.Array(
        Type.Object({
          original: Type.String(),
          corrected: Type.String(),
          explanation: Type.String(),
          type: Type.Enum(['grammar', 'vocabulary', 'style']),
        }),
        { description: 'Null where the turn was not looked over.' },
      ),
    ),
  },
  { $id: 'TutorDoneFrame' },
)

/** Of `/api/chat/stream`. */
export const ApiChatDoneFrame = Type.Object(
  { ...DoneFrame.properties, full_response: Type.String(), user: Type.String() },
  { $id: 'ApiChatDoneFrame' },
)

export const ApiChatSession = Type.Object(
  {
    session_id: Type.String(),
    messages: Type.Integer({ minimum: 0, description: 'How many.' }),
    timestamp: Time(),
  },
  { $id: 'ApiChatSession' },
)

export const ApiChatDeleted = Type.Object(
  { success: Type.Literal(true), message: Type.String() },
  { $id: 'ApiChatDeleted' },
)

export const ApiStatus = Type.Object(
  {
    status: Type.Literal('online'),
    timestamp: Time(),
    authenticated: Type.Boolean({ description: 'Whether a valid token came along.' }),
    services: Type.Object({
      chat: Type.Enum(['online', 'draining']),
      store: Type.Enum(['online', 'offline']),
      brain: Type.String({ description: 'The active one.' }),
    }),
  },
  { $id: 'ApiStatus' },
)

export const UnifiedReply = Type.Object(
  {
    response: Type.String(),
    elp_values: Type.Object({ ethos: Type.Number(), logos: Type.Number(), pathos: Type.Number() }),
    confidence: Type.Number({ minimum: 0, maximum: 1 }),
    code_blocks: Type.Array(Type.Object({ language: Type.String(), code: Type.String() })),
    is_code_response: Type.Boolean(),
    generation_time_ms: Type.Integer({ minimum: 0 }),
    session_id: Type.String(),
  },
  { $id: 'UnifiedReply' },
)

export const OpenAIError = Type.Object(
  {
    error: Type.Object({
      message: Type.String(),
      type: Type.String(),
      param: Nullable(Type.String()),
      code: Type.String(),
    }),
  },
  { $id: 'OpenAIError' },
)

const Usage = Type.Object({
  prompt_tokens: Type.Integer({ minimum: 0 }),
  completion_tokens: Type.Integer({ minimum: 0 }),
  total_tokens: Type.Integer({ minimum: 0 }),
})

const CompletionHead = {
  id: Type.String(),
  created: Type.Integer({ description: 'Epoch seconds.' }),
  model: Type.String({ description: "The persona's id." }),
}

const FinishReason = Type.Enum(['stop', 'length', 'content_filter'])

export const ChatCompletion = Type.Object(
  {
    ...CompletionHead,
    object: Type.Literal('chat.completion'),
    choices: Type.Array(
      Type.Object({
        index: Type.Literal(0),
        message: Type.Object({
          role: Type.Literal('assistant'),
          content: Type.String(),
          refusal: Type.Null(),
        }),
        logprobs: Type.Null(),
        finish_reason: FinishReason,
      }),
    ),
    usage: Usage,
  },
  { $id: 'ChatCompletion' },
)

export const ChatCompletionChunk = Type.Object(
  {
    ...CompletionHead,
    object: Type.Literal('chat.completion.chunk'),
    choices: Type.Array(
      Type.Object({
        index: Type.Literal(0),
        delta: Type.Object({ role: Type.Optional(Type.Literal('assistant')), content: Type.Optional(Type.String()) }),
        logprobs: Type.Null(),
        finish_reason: Nullable(FinishReason),
      }),
    ),
    usage: Type.Optional(Nullable(Usage)),
  },
  { $id: 'ChatCompletionChunk' },
)

export const Model = Type.Object(
  {
    id: Type.String({ description: "A persona's id." }),
    object: Type.Literal('model'),
    created: Type.Integer(),
    owned_by: Type.String(),
  },
  { $id: 'Model' },
)
export type Model = Static<typeof Model>

export const ModelList = Type.Object({ object: Type.Literal('list'), data: Type.Array(Model) }, { $id: 'ModelList' })

const PART_TYPES = [
  'start',
  'start-step',
  'text-start',
  'text-delta',
  'text-end',
  'finish-step',
  'abort',
  'finish',
  'error',
]

/** The AI SDK's `UIMessageChunk`, as far as it is sent here. */
export const UIMessagePart = Type.Object(
  {
    type: Type.Enum(PART_TYPES),
    id: Type.Optional(Type.String()),
    delta: Type.Optional(Type.String()),
    messageId: Type.Optional(Type.String()),
    finishReason: Type.Optional(Type.Enum(['stop', 'length', 'content-filter', 'other'])),
    messageMetadata: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'With `start` the start frame, with `finish` the done frame without its text.',
      }),
    ),
    reason: Type.Optional(Type.String()),
    errorText: Type.Optional(Type.String()),
  },
  { $id: 'UIMessagePart', examples: [{ type: 'text-delta', id: 'text', delta: 'Ten ' }] },
)
