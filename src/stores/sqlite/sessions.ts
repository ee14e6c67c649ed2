/** Sessions. One that was idle for too long is as one that does not exist, also before the sweep has come by. */
import type { ModelChoice, OnDisconnect, Session, SessionRef } from '#src/chat/session.ts'
import type { NewSession, SessionPatch, SessionQuery, SessionStore } from '#src/chat/store.ts'
import type { Database } from './database.ts'
import type { LogTable } from './log.ts'
import type { MessageTable } from './messages.ts'

export interface SessionTable {
  find(ref: SessionRef): SessionRow | undefined
  /** Something was said, or has ended. */
  touch(id: number, at: number): void
  setTitle(id: number, title: string): void
  /** Drops the session with all that belongs to it. */
  drop(id: number): void
  /** Some of the sessions that were idle since `horizon`. */
  idle(horizon: number, limit: number): number[]
}

export interface SessionRow extends Omit<Session, 'ephemeral' | 'model'> {
  id: number
  /** As JSON. */
  model: string | null
  /** By how many milliseconds its life is shorter. */
  ephemeral: number | null
}

export interface SessionClock {
  now(): number
  sessionTtlMs: number
  turnLogTtlMs: number
}

const IS_RUNNING = "EXISTS (SELECT 1 FROM turn WHERE turn.session = session.id AND turn.state = 'running')"

/** Holds for a session that still exists at the horizon bound as `?1`. */
export const IS_ALIVE = `(session.updated_at - ifnull(session.ephemeral, 0) >= ?1 OR ${IS_RUNNING})`

const SELECT = `
  SELECT id, owner, session_id AS sessionId, user_id AS userId, title, persona, brain, model,
    on_disconnect AS onDisconnect, ephemeral, created_at AS createdAt, updated_at AS updatedAt,
    (SELECT count(*) FROM message WHERE session = session.id AND replaced_by IS NULL) AS messageCount,
    (SELECT n FROM turn WHERE turn.session = session.id AND state = 'running') AS active,
    (SELECT max(n) FROM message WHERE message.session = session.id AND replaced_by IS NULL) AS last
  FROM session`

export function createSessionTable(database: Database, clock: SessionClock, log: LogTable): SessionTable {
  const find = database.prepare(`${SELECT} WHERE owner = ?2 AND session_id = ?3 AND ${IS_ALIVE}`)
  const touch = database.prepare('UPDATE session SET updated_at = ? WHERE id = ?')
  const setTitle = database.prepare('UPDATE session SET title = ? WHERE id = ?')
  const drop = database.prepare('DELETE FROM session WHERE id = ?')
  const idle = database.prepare(
    `SELECT id FROM session WHERE updated_at - ifnull(ephemeral, 0) < ? AND NOT ${IS_RUNNING} LIMIT ?`,
  )
  return {
    find: ({ owner, sessionId }) =>
      find.get(clock.now() - clock.sessionTtlMs, owner, sessionId) as SessionRow | undefined,
    touch: (id, at) => void touch.run(at, id),
    setTitle: (id, title) => void setTitle.run(title, id),
    drop(id) {
      log.dropSession(id)
      drop.run(id)
    },
    idle: (horizon, limit) => idle.all(horizon, limit).map((row) => row.id as number),
  }
}

export interface SessionTables {
  sessions: SessionTable
  messages: MessageTable
  log: LogTable
}

export function createSessionStore(database: Database, clock: SessionClock, tables: SessionTables): SessionStore {
  const { sessions, messages, log } = tables
  const create = prepareCreate(database, clock)
  const list = prepareList(database)
  const update = prepareUpdate(database)

  /** Runs `change` on a session, which is then read again; undefined when there is none. */
  function changeSession(ref: SessionRef, change: (session: SessionRow) => void): Session | undefined {
    return database.write('full', () => {
      const session = sessions.find(ref)
      if (!session) return undefined
      change(session)
      return toSession(sessions.find(ref)!)
    })
  }

  return {
    create: async (session) =>
      database.write('full', () => {
        const existing = sessions.find(session)
        if (existing) return toSession(existing)
        for (const id of create.outlived(session)) sessions.drop(id)
        create.insert(session)
        return toSession(sessions.find(session)!)
      }),
    get: async (ref) =>
      database.read(() => {
        const session = sessions.find(ref)
        return session && toSession(session)
      }),
    list: async (query) => database.read(() => list(query, clock.now() - clock.sessionTtlMs).map(toSession)),
    update: async (ref, patch) => changeSession(ref, (session) => update(session, patch, clock.now())),
    messages: async (ref, page) =>
      database.read(() => {
        const session = sessions.find(ref)
        return session ? messages.page(session, page) : []
      }),
    images: async (ref) =>
      database.read(() => {
        const session = sessions.find(ref)
        return session ? messages.images(session.id, ref.n) : []
      }),
    clear: async (ref) =>
      database.write('full', () => {
        const session = sessions.find(ref)
        if (!session) return 'missing'
        if (session.active !== null) return 'busy'
        messages.clear(session.id)
        log.dropSession(session.id)
        sessions.touch(session.id, clock.now())
        return 'cleared'
      }),
    delete: async (ref) =>
      database.write('full', () => {
        const session = sessions.find(ref)
        if (session) sessions.drop(session.id)
        return session !== undefined
      }),
  }
}

function prepareCreate(database: Database, clock: SessionClock) {
  const outlived = database.prepare('SELECT id FROM session WHERE owner = ? AND session_id = ?')
  const insert = database.prepare(`
    INSERT INTO session
      (owner, session_id, user_id, title, persona, brain, model, on_disconnect, ephemeral, created_at, updated_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)`)
  return {
    /** The row of an expired session of the same id, if the sweep has not come by yet. */
    outlived: ({ owner, sessionId }: SessionRef) => outlived.all(owner, sessionId).map((row) => row.id as number),
    insert({ owner, sessionId, userId, title, persona, brain, model, onDisconnect, ephemeral }: NewSession): void {
      const shorter = ephemeral ? clock.sessionTtlMs - clock.turnLogTtlMs : null
      const choice = toJson(model)
      insert.run(owner, sessionId, userId, title, persona, brain, choice, onDisconnect, shorter, clock.now())
    },
  }
}

const selectPage = (ofUser: string): string => `${SELECT}
  WHERE owner = ?2 ${ofUser} AND ephemeral IS NULL AND updated_at <= ?3 AND (updated_at < ?3 OR session_id > ?4) AND ${IS_ALIVE}
  ORDER BY updated_at DESC, session_id LIMIT ?5`

function prepareList(database: Database): (query: SessionQuery, horizon: number) => SessionRow[] {
  const ofOwner = database.prepare(selectPage(''))
  const ofUser = database.prepare(selectPage('AND user_id = ?6'))
  return ({ owner, userId, limit, after }, horizon) => {
    const { updatedAt, sessionId } = after ?? { updatedAt: Number.MAX_SAFE_INTEGER, sessionId: '' }
    const values = [horizon, owner, updatedAt, sessionId, limit]
    const rows = userId === undefined ? ofOwner.all(...values) : ofUser.all(...values, userId)
    return rows as unknown as SessionRow[]
  }
}

function prepareUpdate(database: Database): (session: SessionRow, patch: SessionPatch, at: number) => void {
  const update = database.prepare(
    'UPDATE session SET persona = ?, brain = ?, model = ?, title = ?, on_disconnect = ?, updated_at = ? WHERE id = ?',
  )
  return (session, patch, at) => {
    const { persona, brain, model, title, onDisconnect } = { ...toSession(session), ...patch }
    update.run(persona, brain, toJson(model), title, onDisconnect satisfies OnDisconnect, at, session.id)
  }
}

function toSession({ id: _id, model, ...session }: SessionRow): Session {
  const choice = model === null ? null : (JSON.parse(model) as ModelChoice)
  return { ...session, model: choice, ephemeral: session.ephemeral !== null }
}

function toJson(model: ModelChoice | null): string | null {
  return model && JSON.stringify(model)
}
