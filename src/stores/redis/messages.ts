/** Messages, as a page of a history: what stands, and what stood there before. */
import { toMessageId, type Message, type Role } from '#src/chat/message.ts'
import type { SessionRef } from '#src/chat/session.ts'
import type { MessagePage } from '#src/chat/store.ts'
import { toTurnId } from '#src/chat/turn-id.ts'
import type { Reply } from './scripts.ts'

/** What is kept of a message; its id and place follow from its key. */
export type KeptMessage = Pick<Message, 'content' | 'status' | 'createdAt' | 'brain' | 'model' | 'shown'>

/** Where a page begins: the place beside it, as a member and a score, and which message is read first. */
export interface PageEdge {
  place: string
  score: string
  order: 'newest' | 'oldest'
}

/** Undefined for what no message of the session can be called. */
export function toPageEdge({ sessionId }: SessionRef, { before, after }: MessagePage): PageEdge | undefined {
  const order = after === undefined ? 'newest' : 'oldest'
  const beside = after ?? before
  if (beside === undefined) return { place: '', score: order === 'newest' ? '+inf' : '-inf', order }
  if (!beside.startsWith(`${sessionId}.`)) return undefined
  const match = /^([1-9]\d{0,8})\.(user|assistant)$/.exec(beside.slice(sessionId.length + 1))
  if (!match) return undefined
  return { place: match[0], score: `(${2 * Number(match[1]) + (match[2] === 'assistant' ? 1 : 0)}`, order }
}

/** Reads what the script `messages` answers, in reverse. */
export function toPage(ref: SessionRef, reply: Reply): Message[] {
  const [standing, alternatives] = reply as [string[], [string, number, ...string[]][]]
  const earlier = new Map(
    alternatives.map(([n, isReplied, ...places]) => [
      Number(n),
      { isReplied: isReplied === 1, messages: toMessages(ref, places) },
    ]),
  )
  return toMessages(ref, standing).map(({ n, message }) => {
    const { isReplied, messages } = earlier.get(n)!
    return { ...message, alternatives: toAlternatives(message, messages, isReplied) }
  })
}

interface Placed {
  n: number
  message: Message
}

function toMessages(ref: SessionRef, reversed: string[]): Placed[] {
  const messages: Placed[] = []
  for (let i = reversed.length - 2; i >= 0; i -= 2) messages.push(toMessage(ref, reversed[i]!, reversed[i + 1]!))
  return messages
}

function toMessage({ sessionId }: SessionRef, place: string, json: string): Placed {
  const [n, role] = place.split('.') as [string, Role]
  const turnId = toTurnId({ sessionId, n: Number(n) })
  const kept = JSON.parse(json) as KeptMessage
  return { n: Number(n), message: { messageId: toMessageId(turnId, role), turnId, role, ...kept, alternatives: [] } }
}

/**
 * What stood in a message's place: earlier replies belong to the reply, differing earlier texts to the user's message.
 * While the turn has no reply, its user's message shows the earlier ones, so that nothing said is lost.
 */
function toAlternatives(standing: Message, earlier: Placed[], isReplied: boolean): Message[] {
  const messages = earlier.map(({ message }) => message)
  if (standing.role === 'assistant') return messages.filter(({ role }) => role === 'assistant')
  const seen = new Set([standing.content])
  return messages.filter(({ role, content }) => {
    if (role === 'assistant') return !isReplied
    return !seen.has(content) && seen.add(content)
  })
}
