/** A session: one conversation of one user. */
import { ChatError } from './errors.ts'

/** Whether the last reader's leaving ends a running turn (`stop`) or not (`continue`). */
export type OnDisconnect = 'continue' | 'stop'

/**
 * Where a session lives. `owner` is the signed-in user, or `''` while the service is open: another owner's session is
 * a key that does not exist, so no caller can forget to check.
 */
export interface SessionRef {
  owner: string
  sessionId: string
}

/** A model, and the brain that has it: no other is asked for it. */
export interface ModelChoice {
  brain: string
  model: string
}

export interface Session extends SessionRef {
  /** Whom the session is for, in the words of whoever made it. The same as `owner` when there is one. */
  userId: string
  /** Null until the first message gives one. */
  title: string | null
  persona: string
  /** Null follows the active brain. */
  brain: string | null
  /** Null leaves it to the brain. */
  model: ModelChoice | null
  onDisconnect: OnDisconnect
  /** In no list, and gone when it was idle for as long as the log of a turn is kept. */
  ephemeral: boolean
  /** Messages to be seen in the history; alternatives are not counted. */
  messageCount: number
  /** Epoch milliseconds. */
  createdAt: number
  updatedAt: number
  /** The running turn's number. */
  active: number | null
  /** The number of the turn that `regenerate` may replace: the latest that was not cleared. */
  last: number | null
}

/** The model that the session has chosen of this brain's; null where it has chosen none. */
export function chosenModel({ model }: Pick<Session, 'model'>, brain: string): string | null {
  return model?.brain === brain ? model.model : null
}

export function sessionNotFound(): ChatError {
  return new ChatError('session_not_found', 'There is no such session.')
}

/** For those who were reading it. */
export function sessionDeleted(): ChatError {
  return new ChatError('session_not_found', 'This session was deleted.')
}
