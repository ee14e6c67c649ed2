/** The sweep: drops what has outlived its time, a little at a go, so that nobody waits for it. */
import type { Database } from './database.ts'
import type { LogTable } from './log.ts'
import type { SessionClock, SessionTable } from './sessions.ts'

const INTERVAL_MS = 60_000

/** Sessions and logs dropped in one transaction: at some hundred events a log, about 10 ms. */
const BATCH = 20

/** The pause between two batches while there is more to drop. */
const BREATH_MS = 50

/** Sweeps now and each minute until the returned function is called. */
export function startSweep(
  database: Database,
  clock: SessionClock,
  { sessions, log }: { sessions: SessionTable; log: LogTable },
): () => void {
  function sweepSome(): boolean {
    const now = clock.now()
    return database.write('normal', () => {
      const idle = sessions.idle(now - clock.sessionTtlMs, BATCH)
      for (const session of idle) sessions.drop(session)
      const ended = log.ended(now - clock.turnLogTtlMs, BATCH)
      for (const turn of ended) log.drop(turn)
      return idle.length === BATCH || ended.length === BATCH
    })
  }

  function sweep(): void {
    let more = false
    try {
      more = sweepSome()
    } catch {
      // Whoever needs the store now hears of it; the sweep comes again.
    }
    timer = setTimeout(sweep, more ? BREATH_MS : INTERVAL_MS).unref()
  }

  let timer: NodeJS.Timeout
  sweep()
  return () => clearTimeout(timer)
}
