/**
 * A process with an SQLite store, for tests that need one to kill: `node sqlite-process.ts <mode> <path> <name>`.
 * Each line that it writes is a promise: what it tells of was done when the line was written.
 */
import { writeSync } from 'node:fs'
import { openSqliteStore } from '#src/stores/sqlite.ts'
import { doneOf, newClaim, newSession } from '#test/suites/store/values.ts'

const [mode, path, name] = process.argv.slice(2) as ['open' | 'hold' | 'write', string, string]

function say(line: string): void {
  writeSync(1, `${line}\n`)
}

/** Talks for ever: in each session one whole turn, and one that is left running. */
async function write(): Promise<never> {
  for (let i = 0; ; i++) {
    const ref = { owner: '', sessionId: `${name}-${i}` }
    await store.sessions.create(newSession(ref))
    for (const n of [1, 2]) {
      const claimed = await store.turns.claim(newClaim({ ...ref, clientId: `c${n}`, message: `question ${n}` }))
      if (claimed.outcome !== 'claimed') throw new Error(`expected to claim a turn, but: ${claimed.outcome}`)
      say(`claimed ${ref.sessionId} ${n}`)
      for (let seq = 1; seq <= 5; seq++) {
        await store.turns.append([{ turn: claimed.turn, epoch: 1, seq, tokens: [`${seq} `] }])
        say(`appended ${ref.sessionId} ${n} ${seq}`)
      }
      if (n === 2) break
      const end = { ...doneOf(claimed.turn, '1 2 3 4 5 6 '), seq: 7 }
      await store.turns.settle({ turn: claimed.turn, tail: { seq: 6, tokens: ['6 '] }, state: 'done', end })
      say(`settled ${ref.sessionId} ${n}`)
    }
  }
}

const store = openSqliteStore({ path, sessionTtlMs: 86_400_000, turnLogTtlMs: 3_600_000 })
say('open')
if (mode === 'hold') setInterval(() => {}, 60_000)
if (mode === 'write') await write()
