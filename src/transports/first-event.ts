/** Waits for a turn's first event, for a client that is told by the status how it went. */
import type { TurnEvent } from '#src/chat/event.ts'
import type { LogReader } from '#src/chat/turn-log.ts'
import { type Answer, dismissWhenExpired } from './expiry.ts'

/**
 * Reads with a reader of its own, which is closed then.
 *
 * @returns undefined when the client left before
 * @throws ChatError when the reader was dismissed
 */
export async function readFirst(reader: LogReader, answer: Answer): Promise<TurnEvent | undefined> {
  answer.raw.once('close', () => reader.close())
  if (answer.raw.destroyed) reader.close()
  dismissWhenExpired(reader, answer)
  for await (const [first] of reader) return first
  return undefined
}
