/** A message: what was said, by the user or in reply, as the history shows it. */

export type Role = 'user' | 'assistant'

/** `complete`, or how the turn that was saying it ended. */
export type MessageStatus = 'complete' | 'stopped' | 'failed' | 'interrupted'

export interface Message {
  messageId: string
  turnId: string
  role: Role
  content: string
  status: MessageStatus
  /** Epoch milliseconds. */
  createdAt: number
  /** Who said it; null for the user's. */
  brain: string | null
  model: string | null
  /** What stood here before the turn was regenerated or its message edited, oldest first. */
  alternatives: Message[]
}

/** A turn has one user message and at most one reply, so a message's id follows from its turn's. */
export function toMessageId(turnId: string, role: Role): string {
  return `${turnId}.${role}`
}
