/** A message: what was said, by the user or in reply, as the history shows it. */
import { ChatError } from './errors.ts'

export type Role = 'user' | 'assistant'

/** `complete`, or how the turn that was saying it ended. */
export type MessageStatus = 'complete' | 'stopped' | 'failed' | 'interrupted'

/** A picture that the user shows: its bytes in base64, or its https address. */
export type Image = { mediaType: string; data: string } | { url: string }

/** A picture without its bytes. */
export type ImageLabel = { mediaType: string } | { url: string }

export function toImageLabel(image: Image): ImageLabel {
  return 'url' in image ? { url: image.url } : { mediaType: image.mediaType }
}

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
  /** What the user showed with it; left out where it was nothing. `SessionStore.images` gives it whole. */
  shown?: ImageLabel[]
  /** What stood here before the turn was regenerated or its message edited, oldest first. */
  alternatives: Message[]
}

/** A turn has one user message and at most one reply, so a message's id follows from its turn's. */
export function toMessageId(turnId: string, role: Role): string {
  return `${turnId}.${role}`
}

/**
 * Checks what a user says, on whatever door it comes.
 *
 * @param maxChars UTF-16 units; 0 is no limit
 * @throws ChatError `invalid_request`, `message_too_long`
 */
export function checkMessage(message: string, maxChars: number): void {
  if (maxChars > 0 && message.length > maxChars) {
    throw new ChatError('message_too_long', `The message has ${message.length} characters; the most is ${maxChars}.`)
  }
  if (message.trim() === '') throw new ChatError('invalid_request', 'The message is empty.')
  if (!message.isWellFormed()) throw new ChatError('invalid_request', 'The message has half a surrogate pair in it.')
  if (message.includes('\0')) throw new ChatError('invalid_request', 'The message has a NUL character in it.')
}

const TITLE_CHARS = 60

/** The first characters of a message, on one line. */
export function toTitle(message: string): string {
  const line = message
    .slice(0, 4 * TITLE_CHARS)
    .replace(/\s+/g, ' ')
    .trim()
  return line
    .slice(0, TITLE_CHARS)
    .toWellFormed()
    .replace(/\uFFFD$/, '')
}
