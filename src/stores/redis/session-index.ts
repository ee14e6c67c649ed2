/**
 * The lists of sessions, an owner's and each of its users'. They are outside the sessions' slots, so they cannot change
 * with them in one step: they are hints, checked against the sessions at every reading, and mended by whatever happens
 * in a session next.
 */
import type { Session, SessionRef } from '#src/chat/session.ts'
import type { SessionPosition, SessionQuery } from '#src/chat/store.ts'
import type { Client } from './connection.ts'
import type { Keys } from './keys.ts'
import { defineScript, type StoreClock, toKeepMs } from './scripts.ts'

/** A session and its user. */
export type Listed = SessionRef & Pick<Session, 'userId'>

export interface SessionIndex {
  /** Something happened in the session: the lists begin with it. A failure is forgiven. */
  touch(session: Listed, at: number): Promise<void>
  /** As `touch`, before the session is made: a failure is a failure. */
  add(session: Listed, at: number): Promise<void>
  remove(session: Listed): Promise<void>
  page(query: SessionQuery, get: (ref: SessionRef) => Promise<Session | undefined>): Promise<Session[]>
}

/** An entry that leads nowhere is dropped when it is older than this: a younger one may be of a session in the making. */
const MAKING_MS = 60_000

export function createSessionIndex(client: Client, keys: Keys, clock: StoreClock): SessionIndex {
  const keep = toKeepMs(clock).running
  const list = defineScript(client, 'list-session')

  const keysOf = ({ owner, userId }: Listed): string[] => [keys.index(owner), keys.index(owner, userId)]

  // Scores are negative times: latest first, and ids in their order where times are the same.
  async function add(session: Listed, at: number): Promise<void> {
    await Promise.all(keysOf(session).map((key) => list(key, -at, session.sessionId, keep - at, keep)))
  }

  async function drop(key: string, sessionIds: string[]): Promise<void> {
    if (sessionIds.length > 0) await client.zrem(key, ...sessionIds)
  }

  return {
    add,
    touch: (session, at) => add(session, at).catch(() => {}),
    async remove(session) {
      await Promise.all(keysOf(session).map((key) => drop(key, [session.sessionId]))).catch(() => {})
    },
    async page({ owner, userId, limit, after }, get) {
      const key = userId === undefined ? keys.index(owner) : keys.index(owner, userId)
      const found = new Map<string, Session>()
      const gone: string[] = []
      // The session at the position is read again, to be left out.
      const count = limit + 1
      for (let offset = 0, isMore = true; isMore && found.size < limit; offset += count) {
        const from = after ? -after.updatedAt : '-inf'
        const flat = await client.zrangebyscore(key, from, '+inf', 'WITHSCORES', 'LIMIT', offset, count)
        const entries = toEntries(flat)
        isMore = entries.length === count
        const sessions = await Promise.all(entries.map(({ sessionId }) => get({ owner, sessionId })))
        for (const [i, { sessionId, at }] of entries.entries()) {
          const session = sessions[i]
          const isOurs = session && (userId === undefined || session.userId === userId)
          if (isOurs && (!after || isBehind(session, after))) found.set(sessionId, session)
          if (!isOurs && at < clock.now() - MAKING_MS) gone.push(sessionId)
          if (isOurs && at < session.updatedAt) await add(session, session.updatedAt).catch(() => {})
        }
      }
      await drop(key, gone).catch(() => {})
      return [...found.values()].toSorted(byPosition).slice(0, limit)
    },
  }
}

function toEntries(flat: string[]): { sessionId: string; at: number }[] {
  const entries = []
  for (let i = 0; i < flat.length; i += 2) entries.push({ sessionId: flat[i]!, at: -Number(flat[i + 1]) })
  return entries
}

function byPosition(a: SessionPosition, b: SessionPosition): number {
  return b.updatedAt - a.updatedAt || (a.sessionId < b.sessionId ? -1 : Number(a.sessionId > b.sessionId))
}

function isBehind(session: SessionPosition, position: SessionPosition): boolean {
  return byPosition(session, position) > 0
}
