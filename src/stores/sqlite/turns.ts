/** Turns: one row for each, and the one place that ends them. */
import { isDeepStrictEqual } from 'node:util'
import type { TerminalEvent } from '#src/chat/event.ts'
import type { SessionRef } from '#src/chat/session.ts'
import type { Append, Claim, Claimed, Settlement, Turn, TurnRef, TurnStore } from '#src/chat/store.ts'
import type { Database } from './database.ts'
import type { LogTable } from './log.ts'
import type { MessageTable } from './messages.ts'
import { IS_ALIVE, type SessionClock, type SessionRow, type SessionTable } from './sessions.ts'

interface TurnRow extends Omit<Turn, 'end'> {
  id: number
  session: number
  /** The terminal event as JSON, without its text. */
  terminal: string | null
  /** The reply; null when it said nothing or was cleared. */
  text: string | null
}

export interface TurnTables {
  sessions: SessionTable
  messages: MessageTable
  log: LogTable
}

const SELECT = `
  SELECT turn.id, turn.session, session.owner, session.session_id AS sessionId, turn.n, turn.epoch, turn.state,
    turn.client_id AS clientId, turn.digest, turn.brain, turn.model, turn.persona, turn.on_disconnect AS onDisconnect,
    turn.created_at AS createdAt, turn.ended_at AS endedAt, turn.terminal, reply.content AS text
  FROM session
  JOIN turn ON turn.session = session.id
  LEFT JOIN message AS reply ON reply.session = turn.session AND reply.n = turn.n AND reply.role = 'assistant'
  WHERE ${IS_ALIVE}`

export function createTurnStore(database: Database, clock: SessionClock, tables: TurnTables): TurnStore {
  const rows = prepareRows(database, clock)
  const { log } = tables
  const claim = prepareClaim(database, clock, tables, rows)
  const settle = prepareSettle(database, clock, tables, rows)
  const append = prepareAppend(database, log)
  const takeOver = database.prepare("UPDATE turn SET epoch = epoch + 1 WHERE id = ? AND state = 'running'")
  // The lock makes this process the only one, so whatever was running when it opened the file has lost its owner.
  const orphans = database.read(() => rows.running())

  return {
    claim: async (wanted) => database.write('full', () => claim(wanted)),
    get: async (ref) => database.read(() => toTurnOrNone(rows.get(ref))),
    find: async (ref, clientId) => database.read(() => toTurnOrNone(rows.find(ref, clientId))),
    append: async (entries) => database.write('normal', () => entries.map(append)),
    read: async (ref, after = 0) =>
      database.read(() => {
        const turn = rows.get(ref)
        return turn && log.read(turn.id, clock.now() - clock.turnLogTtlMs, after)
      }),
    settle: async (settlement) => database.write('full', () => settle(settlement)),
    takeOver: async (ref) =>
      database.write('full', () => {
        const turn = rows.get(ref)
        return turn && takeOver.run(turn.id).changes === 1 ? toTurnOrNone(rows.get(ref)) : undefined
      }),
    abandoned: async () =>
      database.read(() => {
        const running = new Map(rows.running().map((turn) => [turn.id, turn.epoch]))
        return orphans.filter(({ id, epoch }) => running.get(id) === epoch).map(toRef)
      }),
    // There is no other process.
    watch: () => () => {},
    askToStop: async (ref) => database.read(() => rows.get(ref)?.state === 'running'),
    onAsked: () => {},
  }
}

interface Rows {
  get(ref: TurnRef): TurnRow | undefined
  find(ref: SessionRef, clientId: string): TurnRow | undefined
  running(): TurnRow[]
}

function prepareRows(database: Database, clock: SessionClock): Rows {
  const horizon = (): number => clock.now() - clock.sessionTtlMs
  const ofSession = `${SELECT} AND session.owner = ?2 AND session.session_id = ?3`
  const get = database.prepare(`${ofSession} AND turn.n = ?4`)
  const find = database.prepare(`${ofSession} AND turn.client_id = ?4`)
  const running = database.prepare(`${SELECT} AND turn.state = 'running'`)
  return {
    get: ({ owner, sessionId, n }) => get.get(horizon(), owner, sessionId, n) as TurnRow | undefined,
    find: ({ owner, sessionId }, clientId) => find.get(horizon(), owner, sessionId, clientId) as TurnRow | undefined,
    running: () => running.all(horizon()) as unknown as TurnRow[],
  }
}

function prepareClaim(database: Database, clock: SessionClock, tables: TurnTables, rows: Rows) {
  const { sessions, messages, log } = tables
  const next = database.prepare('SELECT ifnull(max(n), 0) + 1 AS n FROM turn WHERE session = ?')
  const insert = database.prepare(`
    INSERT INTO turn (session, n, epoch, state, client_id, digest, brain, model, persona, on_disconnect, created_at)
    VALUES (?, ?, 1, 'running', ?, ?, ?, ?, ?, ?, ?)`)

  function start(session: SessionRow, claim: Claim): Turn {
    const { clientId, digest, message, images = [], brain, model, persona, onDisconnect, replaces } = claim
    const { id } = session
    const now = clock.now()
    const n = next.get(id)!.n as number
    const turn = insert.run(id, n, clientId, digest, brain, model, persona, onDisconnect, now)
    log.create(Number(turn.lastInsertRowid))
    if (replaces !== null) messages.replace(id, replaces, n)
    const said = { role: 'user', content: message, status: 'complete', brain: null, model: null } as const
    messages.add({ session: id, n, createdAt: now, ...said, images })
    if (session.title === null) sessions.setTitle(id, claim.title)
    sessions.touch(id, now)
    return toTurn(rows.get({ ...claim, n })!)
  }

  return (claim: Claim): Claimed => {
    const session = sessions.find(claim)
    if (!session) return { outcome: 'missing' }
    const known = claim.clientId === null ? undefined : rows.find(claim, claim.clientId)
    if (known) return { outcome: 'known', turn: toTurn(known) }
    if (session.active !== null) return { outcome: 'busy', n: session.active }
    if (claim.replaces !== null && claim.replaces !== session.last) return { outcome: 'not_last' }
    return { outcome: 'claimed', turn: start(session, claim) }
  }
}

function prepareSettle(database: Database, clock: SessionClock, tables: TurnTables, rows: Rows) {
  const { sessions, messages, log } = tables
  const update = database.prepare('UPDATE turn SET state = ?, ended_at = ?, terminal = ? WHERE id = ?')

  function write({ id, session, n }: TurnRow, { tail, state, end }: Settlement): void {
    const now = clock.now()
    log.extend(id, log.tail(id)!, tail)
    log.end(id, now)
    update.run(state, now, encodeTerminal(end), id)
    const { text: content, brain, model } = end
    const status = state === 'done' ? 'complete' : state
    if (content) messages.add({ session, n, role: 'assistant', content, status, createdAt: now, brain, model })
    sessions.touch(session, now)
  }

  return (settlement: Settlement): 'settled' | 'fenced' | 'gone' => {
    const turn = rows.get(settlement.turn)
    if (turn?.createdAt !== settlement.turn.createdAt) return 'gone'
    if (turn.terminal !== null) return isSameEnd(turn, settlement) ? 'settled' : 'fenced'
    if (turn.epoch !== settlement.end.epoch) return 'fenced'
    write(turn, settlement)
    return 'settled'
  }
}

function prepareAppend(database: Database, log: LogTable): (entry: Append) => 'kept' | 'fenced' {
  // Not the whole row: 400 turns that speak at once append 16,000 times a second.
  const owned = database.prepare(`
    SELECT turn.id FROM session JOIN turn ON turn.session = session.id
    WHERE owner = ? AND session_id = ? AND n = ? AND turn.created_at = ? AND epoch = ? AND state = 'running'`)
  return ({ turn: { owner, sessionId, n, createdAt }, epoch, seq, tokens }) => {
    const turn = owned.get(owner, sessionId, n, createdAt, epoch) as { id: number } | undefined
    if (!turn) return 'fenced'
    log.extend(turn.id, log.tail(turn.id)!, { seq, tokens })
    return 'kept'
  }
}

function toTurnOrNone(row: TurnRow | undefined): Turn | undefined {
  return row && toTurn(row)
}

function toTurn({ id: _id, session: _session, terminal, text, ...turn }: TurnRow): Turn {
  return { ...turn, end: terminal === null ? null : { ...JSON.parse(terminal), text: text ?? '' } }
}

function toRef({ owner, sessionId, n }: TurnRow): TurnRef {
  return { owner, sessionId, n }
}

function encodeTerminal({ text: _text, ...end }: TerminalEvent): string {
  return JSON.stringify(end)
}

/** The text is left out: it may have been cleared since, and an owner ends a turn after the same tokens only once. */
function isSameEnd(turn: TurnRow, { state, end }: Settlement): boolean {
  return turn.state === state && isDeepStrictEqual(JSON.parse(turn.terminal!), JSON.parse(encodeTerminal(end)))
}
