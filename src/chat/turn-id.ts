/** A turn's id is `<session id>.<n>`, so where a turn lives follows from its id, without a look-up. */
import { ChatError } from './errors.ts'
import type { TurnRef } from './store.ts'

const TURN_ID = /^([A-Za-z0-9_-]{1,64})\.([1-9]\d{0,8})$/

export function toTurnId({ sessionId, n }: Pick<TurnRef, 'sessionId' | 'n'>): string {
  return `${sessionId}.${n}`
}

/** @throws ChatError `turn_not_found`, for an id that no turn can have as for one that none has */
export function parseTurnId(owner: string, turnId: string): TurnRef {
  const match = TURN_ID.exec(turnId)
  if (!match) throw turnNotFound()
  return { owner, sessionId: match[1]!, n: Number(match[2]) }
}

export function turnNotFound(): ChatError {
  return new ChatError('turn_not_found', 'There is no such turn.')
}

export function turnNotLast(): ChatError {
  return new ChatError('turn_not_last', "Only the session's last turn can be regenerated.")
}

/** @param turnId the running one */
export function turnInProgress(turnId: string | undefined): ChatError {
  return new ChatError('turn_in_progress', 'A turn of this session is still running.', { turnId })
}
