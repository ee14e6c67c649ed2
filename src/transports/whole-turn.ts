/** Reads a turn to its end, for a client that wants it whole. */
import type { TerminalEvent } from '#src/chat/event.ts'
import type { LogReader } from '#src/chat/turn-log.ts'
import { type Answer, dismissWhenExpired } from './expiry.ts'

/** Undefined when the client left before. @throws ChatError when the reader was dismissed */
export async function readEnd(reader: LogReader, answer: Answer): Promise<TerminalEvent | undefined> {
  answer.raw.once('close', () => reader.close())
  if (answer.raw.destroyed) reader.close()
  dismissWhenExpired(reader, answer)
  for await (const events of reader) {
    const last = events.at(-1)
    if (last && last.type !== 'token') return last
  }
  return undefined
}
