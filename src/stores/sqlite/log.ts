/** Turns' logs: chains of events, each of which knows the one before it. */
import type { LogEntry } from '#src/chat/store.ts'
import type { Database } from './database.ts'

export interface LogTable {
  create(turn: number): void
  /** The newest event of a log, `{ id: null, seq: 0 }` while there is none; undefined when the log is not kept. */
  tail(turn: number): Tail | undefined
  /** Adds the tokens of `entry` that the log does not have and returns its new tail. */
  extend(turn: number, tail: Tail, entry: LogEntry): void
  /** Marks the end, from which the log's time runs. */
  end(turn: number, endedAt: number): void
  /** In order, what comes after token number `after`; undefined when the log is not kept, or ended before `horizon`. */
  read(turn: number, horizon: number, after: number): LogEntry[] | undefined
  drop(turn: number): void
  dropSession(session: number): void
  /** Some of the logs that ended before `horizon`. */
  ended(horizon: number, limit: number): number[]
}

export interface Tail {
  id: number | null
  seq: number
}

/** The ids of all events of the logs that `logs` selects. */
const chainOf = (logs: string): string => `
  WITH RECURSIVE chain (id, previous) AS (
    SELECT event.id, event.previous FROM log JOIN event ON event.id = log.tail WHERE ${logs}
    UNION ALL
    SELECT event.id, event.previous FROM chain JOIN event ON event.id = chain.previous
  ) SELECT id FROM chain`

const OF_TURN = 'log.turn = ?'
const OF_SESSION = 'log.turn IN (SELECT id FROM turn WHERE session = ?)'

export function createLogTable(database: Database): LogTable {
  const create = database.prepare('INSERT INTO log (turn) VALUES (?)')
  const tail = database.prepare(`
    SELECT event.id, ifnull(event.seq, 0) AS seq FROM log LEFT JOIN event ON event.id = log.tail WHERE turn = ?`)
  const addEvent = database.prepare('INSERT INTO event (previous, seq, tokens) VALUES (?, ?, ?)')
  const setTail = database.prepare('UPDATE log SET tail = ? WHERE turn = ?')
  const end = database.prepare('UPDATE log SET ended_at = ? WHERE turn = ?')
  const isKept = database.prepare('SELECT 1 FROM log WHERE turn = ? AND ifnull(ended_at >= ?, TRUE)')
  const read = database.prepare(
    `SELECT seq, tokens FROM event WHERE id IN (${chainOf(OF_TURN)}) AND seq > ? ORDER BY seq`,
  )
  const dropEvents = database.prepare(`DELETE FROM event WHERE id IN (${chainOf(OF_TURN)})`)
  const dropLog = database.prepare(`DELETE FROM log WHERE ${OF_TURN}`)
  const dropEventsOfSession = database.prepare(`DELETE FROM event WHERE id IN (${chainOf(OF_SESSION)})`)
  const dropLogsOfSession = database.prepare(`DELETE FROM log WHERE ${OF_SESSION}`)
  const ended = database.prepare('SELECT turn FROM log WHERE ended_at < ? LIMIT ?')

  return {
    create: (turn) => void create.run(turn),
    tail: (turn) => tail.get(turn) as Tail | undefined,
    extend(turn, { id, seq }, entry) {
      const missing = toMissing(entry, seq)
      if (missing.length === 0) return
      const { lastInsertRowid } = addEvent.run(id, entry.seq, JSON.stringify(missing))
      setTail.run(lastInsertRowid, turn)
    },
    end: (turn, endedAt) => void end.run(endedAt, turn),
    read(turn, horizon, after) {
      if (isKept.get(turn, horizon) === undefined) return undefined
      return read.all(turn, after).map((row) => {
        const seq = row.seq as number
        return { seq, tokens: (JSON.parse(row.tokens as string) as string[]).slice(after - seq) }
      })
    },
    drop(turn) {
      dropEvents.run(turn)
      dropLog.run(turn)
    },
    dropSession(session) {
      dropEventsOfSession.run(session)
      dropLogsOfSession.run(session)
    },
    ended: (horizon, limit) => ended.all(horizon, limit).map((row) => row.turn as number),
  }
}

/** The tokens of `entry` beyond `seq`, the last one that is there. */
function toMissing(entry: LogEntry, seq: number): string[] {
  const before = entry.seq - entry.tokens.length
  if (before > seq) throw new Error(`a log that ends at token ${seq} cannot go on with token ${before + 1}`)
  return before === seq ? entry.tokens : entry.tokens.slice(seq - before)
}
