/** The file: opened by one process at a time, its tables made or checked, its transactions and its failures. */
import { chmodSync, closeSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { ChatError } from '#src/chat/errors.ts'
import { makeFolder } from './folder.ts'
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION, UPGRADES } from './schema.ts'

/** `full` survives a power cut (an fsync per transaction); `normal` survives the process only, until the next `full`. */
export type Durability = 'full' | 'normal'

export interface Database {
  prepare(sql: string): StatementSync
  /** Writes a page, as it is. */
  check(): void
  /** Runs `work` in one transaction: all of it or, when it throws, none. */
  write<T>(durability: Durability, work: () => T): T
  /** Runs `work`; nothing else can come between its statements, as they are synchronous. */
  read<T>(work: () => T): T
  close(): void
}

// https://www.sqlite.org/rescode.html
const BUSY = 5
const READONLY = 8
const CORRUPT = 11
const CANTOPEN = 14
const NOTADB = 26
/** Failures of the world: busy, locked, out of memory, read-only, I/O, corrupt, full, cannot open, not a database. */
const WORLD = new Set([BUSY, 6, 7, READONLY, 10, CORRUPT, 13, CANTOPEN, NOTADB])

const REASONS = new Map([
  [BUSY, 'is in use by another process: stop that one, or give this one a file of its own'],
  [READONLY, 'cannot be written to'],
  [CORRUPT, 'is damaged: restore it from a backup, or move it away to start anew'],
  [CANTOPEN, 'cannot be opened: its folder must exist or be creatable, and both must be writable'],
  [NOTADB, 'is not an SQLite database'],
])

/** Rights of the files: only the service's own user may read what was said. */
const OWNER_ONLY = 0o600

/** How often a busy file is tried: of processes that start at the very same moment each may see another's half a lock. */
const OPEN_ATTEMPTS = 5

/**
 * Opens the database at `path`, or makes it, folder included.
 *
 * @throws Error with a sentence for the operator
 */
export function openDatabase(path: string): Database {
  if (path !== ':memory:') makePlace(path)
  for (let attempt = 1; ; attempt++) {
    try {
      const connection = openLocked(path)
      // SQLite gives the other files the rights that the first one has at the time.
      if (path !== ':memory:') for (const suffix of ['', '-wal', '-journal']) narrow(path + suffix)
      return toDatabase(connection)
    } catch (error) {
      const code = toResultCode(error)
      if (code === undefined) throw error
      if (code === BUSY && attempt < OPEN_ATTEMPTS) pause(Math.random() * 50)
      else throw new Error(`${path} ${REASONS.get(code) ?? `cannot be used (${toMessage(error)})`}.`, { cause: error })
    }
  }
}

function makePlace(path: string): void {
  try {
    makeFolder(dirname(path))
  } catch (error) {
    throw new Error(`${path} ${REASONS.get(CANTOPEN)} (${toMessage(error)}).`, { cause: error })
  }
  try {
    closeSync(openSync(path, 'ax', OWNER_ONLY))
  } catch {
    // It is there already, or cannot be made: SQLite says which.
  }
}

/** Takes away other users' rights to a file that an earlier version, or somebody else, has made. */
function narrow(path: string): void {
  try {
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, OWNER_ONLY)
  } catch {
    // It is not there, or it belongs to another user, who has given us rights to it.
  }
}

function openLocked(path: string): DatabaseSync {
  const connection = new DatabaseSync(path, { enableForeignKeyConstraints: true })
  try {
    // Exclusive before WAL: the lock is then held for good and there is no shared memory file. The kernel drops it with
    // the process, however that dies. https://www.sqlite.org/wal.html#noshm
    connection.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    connection.exec(
      'PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 2000; PRAGMA journal_size_limit = 67108864',
    )
    // Zeroes what was deleted where that costs no write of its own.
    connection.exec('PRAGMA secure_delete = FAST')
    connection.exec('BEGIN IMMEDIATE')
    migrate(connection, path)
    connection.exec('COMMIT')
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

function migrate(connection: DatabaseSync, path: string): void {
  const version = readNumber(connection, 'PRAGMA user_version')
  const tables = readNumber(connection, 'SELECT count(*) FROM sqlite_schema')
  if (tables > 0 && readNumber(connection, 'PRAGMA application_id') !== APPLICATION_ID)
    throw new Error(`${path} is another program's database: give the service a file of its own.`)
  if (version > SCHEMA_VERSION)
    throw new Error(
      `${path} was written by a newer version of the service (schema ${version}; this one knows ${SCHEMA_VERSION}).`,
    )
  if (tables === 0) connection.exec(SCHEMA)
  else for (const upgrade of UPGRADES.slice(version - 1)) connection.exec(upgrade)
  // Written at every start: an SQLite lock is only sure to be whole once something has been written.
  connection.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`)
}

function readNumber(connection: DatabaseSync, sql: string): number {
  return Object.values(connection.prepare(sql).get() ?? {})[0] as number
}

function toDatabase(connection: DatabaseSync): Database {
  const begin = connection.prepare('BEGIN IMMEDIATE')
  const commit = connection.prepare('COMMIT')
  let current: Durability = 'full'

  function transact<T>(durability: Durability, work: () => T): T {
    // Half a microsecond, and only allowed between transactions.
    if (durability !== current) connection.exec(`PRAGMA synchronous = ${durability}`)
    current = durability
    begin.run()
    try {
      const result = work()
      commit.run()
      return result
    } catch (error) {
      // A full disk or an I/O error may have rolled it back already.
      if (connection.isTransaction) connection.exec('ROLLBACK')
      throw error
    }
  }

  return {
    prepare: (sql) => connection.prepare(sql),
    check: () => guard(() => transact('normal', () => connection.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`))),
    write: (durability, work) => guard(() => transact(durability, work)),
    read: guard,
    close: () => {
      if (connection.isOpen) connection.close()
    },
  }
}

/** Turns a failure of the world into `store_unavailable`; anything else is a bug and passes as it is. */
function guard<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (toResultCode(error) === undefined && !isClosed(error)) throw error
    throw new ChatError('store_unavailable', 'Conversations cannot be stored or read right now.', { cause: error })
  }
}

/** SQLite's primary result code, where `error` is a failure of the world. */
function toResultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  const primary = error.errcode & 0xff
  return WORLD.has(primary) ? primary : undefined
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE'
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Waits without the event loop, which is not running yet when the file is opened. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
