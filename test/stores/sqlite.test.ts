import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Store } from '#src/chat/store.ts'
import { createSqliteStore, openSqliteStore } from '#src/stores/sqlite.ts'
import { openDatabase } from '#src/stores/sqlite/database.ts'
import { SCHEMA_VERSION } from '#src/stores/sqlite/schema.ts'
import { describeSessionStore } from '#test/suites/session-store.ts'
import { describeSettingsStore } from '#test/suites/settings-store.ts'
import { type OpenStore, SESSION_TTL_MS, TURN_LOG_TTL_MS } from '#test/suites/store/fixture.ts'
import { newAppend, newClaim, newSession, newSettlement, REF } from '#test/suites/store/values.ts'
import { describeTurnStore } from '#test/suites/turn-store.ts'

const openInMemory: OpenStore = async (options) => {
  const store = openSqliteStore({ path: ':memory:', ...options })
  return { store, close: () => store.close() }
}

const openFile: OpenStore = async (options) => {
  const folder = mkdtempSync(join(tmpdir(), 'repartee-sqlite-'))
  const store = openSqliteStore({ path: join(folder, 'data', 'repartee.db'), ...options })
  const close = async (): Promise<void> => {
    await store.close()
    rmSync(folder, { recursive: true })
  }
  return { store, close }
}

/** A folder for the running test. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'repartee-sqlite-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

function openAt(path: string, now = Date.now): Store {
  return openSqliteStore({ path, sessionTtlMs: SESSION_TTL_MS, turnLogTtlMs: TURN_LOG_TTL_MS, now })
}

/** A store whose connection the test can put limits on. */
async function openLimited(): Promise<{ store: Store; limit: (pragma: string) => void }> {
  const database = openDatabase(':memory:')
  const store = createSqliteStore(database, { sessionTtlMs: SESSION_TTL_MS, turnLogTtlMs: TURN_LOG_TTL_MS })
  await store.sessions.create(newSession())
  return { store, limit: (pragma) => void database.prepare(`PRAGMA ${pragma}`).all() }
}

/** Runs SQL on a file behind the store's back. */
function change(path: string, sql: string): unknown {
  const connection = new DatabaseSync(path)
  const row = connection.prepare(sql).get()
  connection.close()
  return row && { ...row }
}

for (const [name, open] of [
  ['SQLite in memory', openInMemory],
  ['SQLite in a file', openFile],
] as const) {
  describeSessionStore(name, open)
  describeTurnStore(name, open)
  describeSettingsStore(name, open)
}

describe('an SQLite file that cannot be used', () => {
  it('is refused with a sentence', () => {
    const folder = temporaryFolder()
    const file = join(folder, 'text.db')
    writeFileSync(file, 'This is no database. '.repeat(100))
    expect(() => openAt(file)).toThrow(`${file} is not an SQLite database.`)
    expect(() => openAt(join(file, 'below.db'))).toThrow('cannot be opened: its folder must exist or be creatable')
    expect(() => openAt(folder)).toThrow(`${folder} cannot be opened`)
    expect(readFileSync(file, 'utf8')).toMatch(/^This is no database/)
  })

  it('is refused when a newer version wrote it, and left as it is', async () => {
    const file = join(temporaryFolder(), 'newer.db')
    await openAt(file).close()
    change(file, `PRAGMA user_version = ${SCHEMA_VERSION + 1}`)
    expect(() => openAt(file)).toThrow(
      `${file} was written by a newer version of the service (schema ${SCHEMA_VERSION + 1}; this one knows ${SCHEMA_VERSION}).`,
    )
    expect(change(file, 'PRAGMA user_version')).toEqual({ user_version: SCHEMA_VERSION + 1 })
  })

  it('is refused when it is another program’s', () => {
    const file = join(temporaryFolder(), 'other.db')
    change(file, 'CREATE TABLE bookmark (url TEXT)')
    expect(() => openAt(file)).toThrow(`${file} is another program's database: give the service a file of its own.`)
    expect(change(file, 'SELECT count(*) AS tables FROM sqlite_schema')).toEqual({ tables: 1 })
  })

  it('is refused when it is damaged', async () => {
    const file = join(temporaryFolder(), 'damaged.db')
    await openAt(file).close()
    const bytes = readFileSync(file)
    writeFileSync(file, bytes.fill(0xff, 100, 4096))
    expect(() => openAt(file)).toThrow(`${file} is damaged`)
  })
})

describe('an SQLite store that fails', () => {
  const unavailable = { name: 'ChatError', code: 'store_unavailable', retryable: true }

  it('says so when the disk is full, has changed nothing, and recovers', async () => {
    const { store, limit } = await openLimited()
    limit('max_page_count = 60')
    const claim = newClaim({ clientId: 'c1', message: 'x'.repeat(1_000_000) })
    await expect(store.turns.claim(claim)).rejects.toMatchObject({ ...unavailable, cause: { errcode: 13 } })
    expect(await store.sessions.get(REF)).toMatchObject({ active: null, last: null, messageCount: 0, title: null })
    const claimed = await store.turns.claim(newClaim())
    if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome)
    const settlement = newSettlement(claimed.turn, 'y'.repeat(1_000_000))
    await expect(store.turns.settle(settlement)).rejects.toMatchObject(unavailable)
    expect(await store.turns.get(claimed.turn)).toEqual(claimed.turn)
    expect(await store.turns.read(claimed.turn)).toEqual([])
    limit('max_page_count = 1000000')
    expect(await store.turns.settle(settlement)).toBe('settled')
    expect(await store.turns.claim(claim)).toMatchObject({ outcome: 'claimed', turn: { n: 2 } })
    await store.close()
  })

  it('says so when it cannot write, and still reads', async () => {
    const { store, limit } = await openLimited()
    limit('query_only = ON')
    await expect(store.check()).rejects.toMatchObject({ ...unavailable, cause: { errcode: 8 } })
    await expect(store.sessions.update(REF, { title: 'x' })).rejects.toMatchObject(unavailable)
    expect(await store.sessions.get(REF)).toBeDefined()
    limit('query_only = OFF')
    await expect(store.check()).resolves.toBeUndefined()
    await store.close()
  })

  it('keeps nothing of a call that throws', async () => {
    const { store } = await openLimited()
    const claimed = await store.turns.claim(newClaim())
    if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome)
    const [fine, hole] = [newAppend(claimed.turn, 1, ['a']), newAppend(claimed.turn, 3, ['c'])]
    await expect(store.turns.append([fine, hole])).rejects.toThrow('cannot go on with token 3')
    expect(await store.turns.read(claimed.turn)).toEqual([])
    await store.close()
  })

  it('says so when it is closed, which may be done twice', async () => {
    const { store } = await openLimited()
    await store.close()
    await store.close()
    await expect(store.check()).rejects.toMatchObject(unavailable)
    await expect(store.sessions.get(REF)).rejects.toMatchObject(unavailable)
    await expect(store.turns.claim(newClaim())).rejects.toMatchObject(unavailable)
    await expect(store.turns.append([newAppend({ ...REF, n: 1, createdAt: 0 }, 1, ['x'])])).rejects.toMatchObject(
      unavailable,
    )
  })
})

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

/** Writes something, and returns the mode of each file in the folder. */
async function modesIn(folder: string) {
  const store = openAt(join(folder, 'repartee.db'))
  await store.sessions.create(newSession())
  const modes = Object.fromEntries(readdirSync(folder).map((name) => [name, modeOf(join(folder, name))]))
  await store.close()
  return modes
}

describe('the files of SQLite', () => {
  const ALONE = { 'repartee.db': '600', 'repartee.db-wal': '600' }

  it('are their owner’s alone, and so is each folder that is made for them', async () => {
    const [outer, folder] = [join(temporaryFolder(), 'var'), 'data']
    expect(await modesIn(join(outer, folder))).toEqual(ALONE)
    expect([modeOf(outer), modeOf(join(outer, folder))]).toEqual(['700', '700'])
  })

  it('are so in a folder that others may read, too, which is left as it is', async () => {
    const folder = join(temporaryFolder(), 'mounted')
    mkdirSync(folder)
    chmodSync(folder, 0o755)
    expect(await modesIn(folder)).toEqual(ALONE)
    expect(modeOf(folder)).toBe('755')
  })

  it('become so when an earlier version left them open to others', async () => {
    const folder = temporaryFolder()
    await modesIn(folder)
    const file = join(folder, 'repartee.db')
    chmodSync(file, 0o644)
    // What a killed process leaves: it is read, and goes on.
    writeFileSync(`${file}-wal`, '')
    chmodSync(`${file}-wal`, 0o644)
    expect(await modesIn(folder)).toEqual(ALONE)
  })

  it('are left as they are when they are another program’s', () => {
    const file = join(temporaryFolder(), 'theirs.db')
    const theirs = new DatabaseSync(file)
    theirs.exec('CREATE TABLE theirs (id INTEGER)')
    theirs.close()
    chmodSync(file, 0o644)
    expect(() => openAt(file)).toThrow("is another program's database")
    expect(modeOf(file)).toBe('644')
  })
})

describe('an SQLite file that is opened again', () => {
  it('is brought up to date when an older version wrote it', async () => {
    const file = join(temporaryFolder(), 'older.db')
    const before = openAt(file)
    await before.sessions.create(newSession())
    await before.close()
    // As version 1 had it.
    change(file, 'DROP INDEX session_idle')
    change(file, 'ALTER TABLE session DROP COLUMN ephemeral')
    change(file, 'CREATE INDEX session_idle ON session (updated_at)')
    change(file, 'DROP TABLE setting')
    change(file, 'ALTER TABLE message DROP COLUMN shown')
    change(file, 'ALTER TABLE message DROP COLUMN images')
    change(file, 'ALTER TABLE session DROP COLUMN model')
    change(file, 'PRAGMA user_version = 1')
    const after = openAt(file)
    expect(await after.sessions.get(REF)).toMatchObject({ ephemeral: false, userId: 'ada', model: null })
    expect(await after.sessions.create(newSession({ sessionId: 'x', ephemeral: true }))).toMatchObject({
      ephemeral: true,
    })
    expect(await after.settings.get('active_brain')).toBeNull()
    const claimed = await after.turns.claim(newClaim({ images: [{ url: 'https://images.example.com/a.png' }] }))
    expect(claimed.outcome).toBe('claimed')
    expect(await after.sessions.images({ ...REF, n: 1 })).toEqual([{ url: 'https://images.example.com/a.png' }])
    await after.close()
    expect(change(file, 'PRAGMA user_version')).toEqual({ user_version: SCHEMA_VERSION })
  })

  it('has its running turns as abandoned, until they are taken over', async () => {
    const file = join(temporaryFolder(), 'repartee.db')
    const before = openAt(file)
    for (const sessionId of ['ended', 'left', 'left-too']) {
      await before.sessions.create(newSession({ sessionId }))
      const claimed = await before.turns.claim(newClaim({ sessionId }))
      if (claimed.outcome === 'claimed' && sessionId === 'ended')
        await before.turns.settle(newSettlement(claimed.turn, 'Hi'))
    }
    await before.close()

    const after = openAt(file, () => Date.now() + 2 * SESSION_TTL_MS)
    await after.sessions.create(newSession({ sessionId: 'mine' }))
    await after.turns.claim(newClaim({ sessionId: 'mine' }))
    const left = { owner: 'ada', sessionId: 'left', n: 1 }
    const leftToo = { owner: 'ada', sessionId: 'left-too', n: 1 }
    expect(await after.turns.abandoned()).toEqual([left, leftToo])
    const taken = await after.turns.takeOver(left)
    expect(taken).toMatchObject({ ...left, epoch: 2 })
    expect(await after.turns.abandoned()).toEqual([leftToo])
    await after.turns.settle(newSettlement(taken!, '', { state: 'interrupted' }))
    expect(await after.turns.claim(newClaim(left))).toMatchObject({ outcome: 'claimed', turn: { n: 2 } })
    expect(await after.turns.abandoned()).toEqual([leftToo])
    await after.close()
  })

  it('is safe from a power cut with claims, ends and sessions, not with every append', async () => {
    const database = openDatabase(join(temporaryFolder(), 'repartee.db'))
    const store = createSqliteStore(database, { sessionTtlMs: SESSION_TTL_MS, turnLogTtlMs: TURN_LOG_TTL_MS })
    const level = (): unknown => database.prepare('PRAGMA synchronous').get()?.synchronous
    const [normal, full] = [1, 2]
    await store.sessions.create(newSession())
    expect(level()).toBe(full)
    const claimed = await store.turns.claim(newClaim())
    expect(level()).toBe(full)
    if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome)
    await store.turns.append([newAppend(claimed.turn, 1, ['x'])])
    expect(level()).toBe(normal)
    await store.turns.settle(newSettlement(claimed.turn, 'x'))
    expect(level()).toBe(full)
    await store.close()
  })
})

describe('the sweep', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  it('drops what has outlived its time, within a minute, some at a go', async () => {
    let now = Date.now()
    const database = openDatabase(':memory:')
    const store = createSqliteStore(database, {
      sessionTtlMs: SESSION_TTL_MS,
      turnLogTtlMs: TURN_LOG_TTL_MS,
      now: () => now,
    })
    const count = (table: string): unknown => database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n
    for (let i = 0; i < 50; i++) {
      await store.sessions.create(newSession({ sessionId: `s${i}` }))
      const claimed = await store.turns.claim(newClaim({ sessionId: `s${i}` }))
      if (claimed.outcome === 'claimed' && i > 0) await store.turns.settle(newSettlement(claimed.turn, 'Hi'))
    }
    await store.turns.append([newAppend({ ...REF, sessionId: 's0', n: 1, createdAt: now }, 1, ['running'])])
    await store.sessions.create(newSession({ sessionId: 'brief', ephemeral: true }))

    now += TURN_LOG_TTL_MS + 1
    expect([count('event'), count('log'), count('session')]).toEqual([50, 50, 51])
    await vi.advanceTimersByTimeAsync(61_000)
    expect([count('event'), count('log'), count('message'), count('session')]).toEqual([1, 1, 99, 50])

    now += SESSION_TTL_MS
    await vi.advanceTimersByTimeAsync(61_000)
    expect([count('session'), count('turn'), count('message'), count('event')]).toEqual([1, 1, 1, 1])
    await store.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('leaves no event of a session that was deleted or cleared', async () => {
    const database = openDatabase(':memory:')
    const store = createSqliteStore(database, { sessionTtlMs: SESSION_TTL_MS, turnLogTtlMs: TURN_LOG_TTL_MS })
    for (const sessionId of ['deleted', 'cleared']) {
      await store.sessions.create(newSession({ sessionId }))
      for (let i = 0; i < 3; i++) {
        const claimed = await store.turns.claim(newClaim({ sessionId }))
        if (claimed.outcome !== 'claimed') throw new Error(claimed.outcome)
        for (const seq of [1, 2, 3]) await store.turns.append([newAppend(claimed.turn, seq, ['x'])])
        await store.turns.settle(newSettlement(claimed.turn, 'xxx', { tail: { seq: 3, tokens: [] } }))
      }
    }
    await store.sessions.delete({ ...REF, sessionId: 'deleted' })
    await store.sessions.clear({ ...REF, sessionId: 'cleared' })
    for (const table of ['event', 'log', 'message']) {
      expect(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n, table).toBe(0)
    }
    await store.close()
  })
})
