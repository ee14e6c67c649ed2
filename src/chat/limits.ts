/**
 * The port to whatever counts what users begin, the same for all doors and nodes; and the counting of what runs at the
 * same time, where there is one process.
 */
import { ChatError } from './errors.ts'
import type { SessionRef } from './session.ts'

export interface Limits {
  /**
   * Counts a turn that is about to begin.
   *
   * @param payer who pays for it: the signed-in user, or the client's network while the service is open
   * @param session where it will run: one that takes the place of this session's running turn needs no place of its own
   * @param isNew whether the session is made with the turn, and counted with it
   * @returns gives back its place among those that run: to be called when the turn has ended, or was not begun
   * @throws ChatError `rate_limited`, `store_unavailable`
   */
  takeTurn(payer: string, session: SessionRef, isNew: boolean): Promise<Release>
  /** Counts a session that is about to be made without a turn. @throws ChatError `rate_limited`, `store_unavailable` */
  takeSession(payer: string): Promise<void>
}

export type Release = () => void

/** Places for turns that run at the same time, so many for each payer. */
export interface Places {
  /** Undefined when all are taken by other sessions' turns. @throws ChatError `store_unavailable` */
  take(payer: string, session: SessionRef): Promise<Release | undefined>
}

export function createPlaces(max: number): Places {
  /** For each payer the session of each turn. */
  const taken = new Map<string, Map<symbol, string>>()

  return {
    async take(payer, session) {
      const turns = taken.get(payer) ?? new Map<symbol, string>()
      const key = toPlace(session)
      const others = new Set(turns.values())
      others.delete(key)
      if (others.size >= max) return undefined
      const turn = Symbol()
      taken.set(payer, turns.set(turn, key))
      return () => {
        turns.delete(turn)
        if (turns.size === 0 && taken.get(payer) === turns) taken.delete(payer)
      }
    },
  }
}

/** One text for each session. */
export function toPlace({ owner, sessionId }: SessionRef): string {
  return JSON.stringify([owner, sessionId])
}

/** @param retryAfter seconds */
export function rateLimited(message: string, retryAfter: number): ChatError {
  return new ChatError('rate_limited', message, { retryAfter })
}
