/** What the AI SDK's `DefaultChatTransport` sends, and what is meant by it. Unknown fields are ignored. */
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { ChatError } from '#src/chat/errors.ts'
import { ClientMessageId, MAX_MESSAGES, MAX_PARTS, OwnSessionId } from './requests.ts'

const Part = Type.Object({ type: Type.String(), text: Type.Optional(Type.String()) })

const UIMessage = Type.Object({
  id: Type.Optional(Type.String()),
  role: Type.Enum(['system', 'user', 'assistant']),
  parts: Type.Array(Part, { maxItems: MAX_PARTS }),
})
type UIMessage = Static<typeof UIMessage>

export const UIChatRequest = Type.Object(
  {
    id: OwnSessionId,
    messages: Type.Optional(Type.Array(UIMessage, { maxItems: MAX_MESSAGES })),
    message: Type.Optional(UIMessage),
    trigger: Type.Optional(Type.Enum(['submit-message', 'regenerate-message'])),
    messageId: Type.Optional(ClientMessageId),
  },
  {
    $id: 'UIChatRequest',
    examples: [
      {
        id: 'morning-run',
        trigger: 'submit-message',
        messages: [{ id: 'm-2', role: 'user', parts: [{ type: 'text', text: 'Hello' }] }],
      },
    ],
  },
)
export type UIChatRequest = Static<typeof UIChatRequest>

/** What the user said. */
export interface UserMessage {
  /** The client's own id of it. */
  id: string | undefined
  text: string
}

/**
 * The user's last message: the rest is in the store. Undefined where there is none, and none is needed.
 *
 * @throws ChatError `invalid_request` when there is none, or one that this service cannot read
 */
export function toUserMessage({ messages = [], message, trigger, messageId }: UIChatRequest): UserMessage | undefined {
  const last = message ?? messages.findLast(({ role }) => role === 'user')
  if (!last && trigger === 'regenerate-message' && messageId !== undefined) return undefined
  if (last?.role !== 'user') throw new ChatError('invalid_request', 'There is no message of the user.')
  if (last.id !== undefined && !Value.Check(ClientMessageId, last.id)) {
    throw new ChatError('invalid_request', "The message's id is empty, too long, or has control characters in it.")
  }
  return { id: last.id, text: toText(last) }
}

function toText({ parts }: UIMessage): string {
  if (parts.some(({ type }) => type === 'file')) throw new ChatError('invalid_request', 'Files are not supported.')
  return parts.map(({ type, text }) => (type === 'text' ? (text ?? '') : '')).join('')
}

/** The message in whose place a new reply comes: it is the user's, edited, or the reply to it; none for a new one. */
export function toReplaced({ trigger, messageId }: UIChatRequest, said: UserMessage | undefined): string[] {
  const names = trigger === 'regenerate-message' ? [messageId, said?.id] : [messageId]
  return names.filter((name) => name !== undefined)
}
