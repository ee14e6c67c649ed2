/** What a user shows, on its way from a message to a brain. */
import { hash } from 'node:crypto'
import type { Brain, BrainMessage } from './brain.ts'
import { ChatError } from './errors.ts'
import type { Image } from './message.ts'
import type { SessionStore, Turn } from './store.ts'
import { parseTurnId } from './turn-id.ts'

/** The most that a message shows, and the most that a brain is shown: the latest. */
export const MAX_IMAGES = 5

/** What was said and shown, in short: a send that comes again has the same. No message has a NUL in it. */
export function toDigest(message: string, images: readonly Image[] = []): string {
  return hash('sha256', images.length === 0 ? message : `${message}\0${JSON.stringify(images)}`)
}

export function canSee({ images: sees }: Brain, images: readonly Image[] = []): boolean {
  return images.length === 0 || sees === 'all' || (sees === 'data' && images.every((image) => 'data' in image))
}

/** @throws ChatError `brain_rejected` */
export function checkSight(brain: Brain, images: readonly Image[] | undefined): void {
  if (canSee(brain, images)) return
  const problem = brain.images ? 'takes images with their data only, not by address' : 'cannot look at images'
  throw new ChatError('brain_rejected', `The brain "${brain.id}" ${problem}.`)
}

/** The latest `limit` messages of the turn's session, and with them what was shown last, for a brain that can see. */
export async function loadConversation(
  sessions: SessionStore,
  turn: Turn,
  limit: number,
  brain: Brain,
): Promise<BrainMessage[]> {
  const messages = await sessions.messages(turn, { limit })
  const loaded = new Map<string, Image[]>()
  let left = brain.images ? MAX_IMAGES : 0
  for (const { turnId, shown = [] } of messages.toReversed()) {
    if (shown.length === 0 || left <= 0) continue
    left -= shown.length
    loaded.set(turnId, await sessions.images(parseTurnId(turn.owner, turnId)))
  }
  return messages.map(({ role, content, turnId }) => {
    const images = role === 'user' ? loaded.get(turnId) : undefined
    return { role, content, ...(images && { images }) }
  })
}

/** Leaves out all but the latest images. */
export function keepLatestImages(messages: readonly BrainMessage[]): BrainMessage[] {
  let left = MAX_IMAGES
  return messages
    .toReversed()
    .map(({ role, content, images = [] }) => {
      const kept = left > 0 ? images.slice(-left) : []
      left -= kept.length
      return { role, content, ...(kept.length > 0 && { images: kept }) }
    })
    .toReversed()
}
