/**
 * The store in one SQLite file, for a service of one process: node:sqlite, nothing to install. `:memory:` keeps nothing.
 *
 * What must not be lost is on the disk when a call returns: sessions, claims and ends, as they stood, survive a power
 * cut. Appends to logs survive the process, and a power cut when something of the former was stored after them.
 */
import type { Store } from '#src/chat/store.ts'
import { openDatabase, type Database } from './sqlite/database.ts'
import { createLogTable } from './sqlite/log.ts'
import { createMessageTable } from './sqlite/messages.ts'
import { createSessionStore, createSessionTable } from './sqlite/sessions.ts'
import { createSettingsStore } from './sqlite/settings.ts'
import { startSweep } from './sqlite/sweep.ts'
import { createTurnStore } from './sqlite/turns.ts'

export interface SqliteStoreOptions {
  /** The file, made when missing, folder included; `:memory:` for none. */
  path: string
  /** A session that was idle for longer is gone. */
  sessionTtlMs: number
  /** How long a turn's log is kept after its end. */
  turnLogTtlMs: number
  /** Epoch milliseconds; `Date.now` by default. */
  now?: () => number
}

/**
 * Opens the store, and locks the file until `close()` or the process's end, however it comes.
 *
 * @throws Error with a sentence for the operator: the file is in use, cannot be opened, or is not ours
 */
export function openSqliteStore({ path, ...options }: SqliteStoreOptions): Store {
  return createSqliteStore(openDatabase(path), options)
}

export function createSqliteStore(
  database: Database,
  { sessionTtlMs, turnLogTtlMs, now = Date.now }: Omit<SqliteStoreOptions, 'path'>,
): Store {
  const clock = { now, sessionTtlMs, turnLogTtlMs }
  const log = createLogTable(database)
  const tables = { log, messages: createMessageTable(database), sessions: createSessionTable(database, clock, log) }
  const stopSweep = startSweep(database, clock, tables)
  return {
    sessions: createSessionStore(database, clock, tables),
    turns: createTurnStore(database, clock, tables),
    settings: createSettingsStore(database),
    check: async () => database.check(),
    close: async () => {
      stopSweep()
      database.close()
    },
  }
}
