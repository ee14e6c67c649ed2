import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '#src/chat/store.ts'
import { openSqliteStore } from '#src/stores/sqlite.ts'
import { tokensOf } from '#test/suites/store/fixture.ts'
import { newSettlement } from '#test/suites/store/values.ts'

const PROCESS = fileURLToPath(new URL('sqlite-process.ts', import.meta.url))

let folder: string
let path: string
let processes: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'repartee-sqlite-'))
  path = join(folder, 'repartee.db')
  processes = []
})

afterEach(async () => {
  await Promise.all(processes.map(kill))
  rmSync(folder, { recursive: true })
})

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}

/** Starts a process and kills it after `count` lines of its, if not before; returns all that it wrote. */
async function runUntil(count: number, mode: string, name: string): Promise<string[]> {
  const child = spawn(process.execPath, [PROCESS, mode, path, name], { stdio: ['ignore', 'pipe', 'ignore'] })
  processes.push(child)
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) if (lines.push(line) === count) child.kill('SIGKILL')
  return lines
}

/** Starts a process that holds the file. */
async function hold(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PROCESS, 'hold', path, 'holder'], { stdio: ['ignore', 'pipe', 'inherit'] })
  processes.push(child)
  await once(child.stdout, 'data')
  return child
}

function open(): Store {
  return openSqliteStore({ path, sessionTtlMs: 86_400_000, turnLogTtlMs: 3_600_000 })
}

describe('a second process', () => {
  it('is refused with a sentence, and let in at once when the first is killed', async () => {
    const first = await hold()
    const second = promisify(execFile)(process.execPath, [PROCESS, 'open', path, 'second'])
    await expect(second).rejects.toMatchObject({
      stderr: expect.stringContaining(`${path} is in use by another process`),
    })
    expect(open).toThrow(`${path} is in use by another process: stop that one, or give this one a file of its own.`)
    await kill(first)
    const store = open()
    await store.check()
    await store.close()
  })

  it('is refused by this one, also just to read, until it closes', async () => {
    const store = open()
    expect(open).toThrow('is in use by another process')
    expect(() => new DatabaseSync(path).prepare('SELECT * FROM session').all()).toThrow('locked')
    await store.close()
    await open().close()
  })

  it('is one of several that start at the same moment: one of them gets the file', async () => {
    await open().close()
    const started = Array.from({ length: 4 }, (_, i) => runUntil(1, 'hold', `${i}`))
    const lines = await Promise.all(started)
    expect(lines.flat().length).toBeGreaterThanOrEqual(1)
  })

  it('ends by itself when it only has a store open', async () => {
    await expect(promisify(execFile)(process.execPath, [PROCESS, 'open', path, 'x'])).resolves.toMatchObject({
      stdout: 'open\n',
    })
  })
})

describe('kill -9 at any moment', () => {
  it('leaves a whole file that holds all that was acknowledged, and its running turns as abandoned', async () => {
    let interrupted = 0
    for (let round = 0; round < 8; round++) {
      const count = 2 + Math.floor(Math.random() * 600)
      const lines = await runUntil(count, 'write', `round-${round}`)
      expect(lines.length, 'the process was killed while it wrote').toBeGreaterThanOrEqual(count)
      expectWholeFile()
      const store = open()
      await expectKept(store, lines.slice(1))
      interrupted += await endAbandoned(store)
      await store.close()
      expectWholeFile()
    }
    expect(interrupted).toBeGreaterThan(0)
  })
})

function expectWholeFile(): void {
  const connection = new DatabaseSync(path)
  const all = (sql: string): unknown[] =>
    connection
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  expect(all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
  expect(all('PRAGMA foreign_key_check')).toEqual([])
  expect(all('SELECT turn.id FROM turn LEFT JOIN log ON log.turn = turn.id WHERE log.turn IS NULL')).toEqual([])
  expect(all('SELECT id FROM event WHERE previous NOT IN (SELECT id FROM event)')).toEqual([])
  connection.close()
}

async function expectKept(store: Store, lines: string[]): Promise<void> {
  const seqs = new Map<string, number>()
  for (const line of lines) {
    const [what, sessionId, n, seq] = line.split(' ') as [string, string, string, string?]
    const turn = await store.turns.get({ owner: '', sessionId, n: Number(n) })
    expect(turn, line).toMatchObject({ clientId: `c${n}` })
    if (seq !== undefined) seqs.set(`${sessionId} ${n}`, Number(seq))
    if (what === 'settled') expect(turn, line).toMatchObject({ state: 'done', end: { text: '1 2 3 4 5 6 ' } })
  }
  for (const [key, seq] of seqs) {
    const [sessionId, n] = key.split(' ') as [string, string]
    const tokens = tokensOf(await store.turns.read({ owner: '', sessionId, n: Number(n) }))
    expect(tokens?.slice(0, seq), key).toEqual(['1 ', '2 ', '3 ', '4 ', '5 '].slice(0, seq))
  }
}

/** Ends what the dead process ran, all of it and nothing else; returns how many turns that were. */
async function endAbandoned(store: Store): Promise<number> {
  const abandoned = await store.turns.abandoned()
  const sessions = await store.sessions.list({ owner: '', limit: 10_000 })
  const running = sessions.flatMap(({ owner, sessionId, active }) => (active ? [{ owner, sessionId, n: active }] : []))
  expect(new Set(abandoned.map((ref) => JSON.stringify(ref)))).toEqual(
    new Set(running.map((ref) => JSON.stringify(ref))),
  )
  for (const ref of abandoned) {
    const turn = (await store.turns.takeOver(ref))!
    const tokens = tokensOf(await store.turns.read(ref)) ?? []
    const tail = { seq: tokens.length, tokens: [] }
    const settlement = newSettlement(turn, tokens.join(''), { state: 'interrupted', tail })
    expect(await store.turns.settle(settlement)).toBe('settled')
  }
  expect(await store.turns.abandoned()).toEqual([])
  return abandoned.length
}
