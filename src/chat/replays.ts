/**
 * The logs of turns that do not run here, shared by those who read them at the same time: kept from the run that has
 * just ended, or read back from the store, and read on while the turn runs elsewhere.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { ChatError } from './errors.ts'
import { BEGINNING, isAfter, type Position } from './event.ts'
import { sessionDeleted, type SessionRef } from './session.ts'
import type { Turn, TurnStore } from './store.ts'
import { FIRST_EPOCH, toLog } from './turn-end.ts'
import { toTurnId } from './turn-id.ts'
import { type LogReader, TurnLog } from './turn-log.ts'

/** Where a reader goes on: after a position, or after so many tokens. */
export type Cursor = Position | { count: number }

interface Replay {
  turn: Turn
  log: Promise<TurnLog>
}

/** How often the log of a turn that runs elsewhere is read on. */
const POLL_MS = 250

export class Replays {
  readonly #turns: TurnStore
  readonly #open = new Map<string, Replay>()

  constructor(turns: TurnStore) {
    this.#turns = turns
  }

  /** @throws ChatError `turn_expired`, `invalid_request` */
  async read(turn: Turn, cursor: Cursor): Promise<LogReader> {
    const replay = this.#open.get(toKey(turn)) ?? this.#add(turn, this.#load(turn))
    const log = await replay.log
    // The last reader has left meanwhile, and with it whoever would read on.
    if (!log.end && !this.#isOpen(replay)) return this.read(turn, cursor)
    try {
      return log.read(toPosition(log, turn.epoch, cursor))
    } catch (error) {
      if (log.readers === 0) this.#forget(replay)
      throw error
    }
  }

  /** Takes the log of a turn that has just ended, while there are some who have not read it to its end. */
  adopt(turn: Turn, log: TurnLog): void {
    if (log.readers > 0 && !log.dismissal) this.#add(turn, Promise.resolve(log))
  }

  /** Sends away whoever reads a session's turns; whoever comes later gets what the store has then. */
  dismiss(ref: SessionRef, error: ChatError): void {
    for (const replay of this.#open.values()) {
      if (replay.turn.owner !== ref.owner || replay.turn.sessionId !== ref.sessionId) continue
      this.#forget(replay)
      replay.log.then(
        (log) => log.dismiss(error),
        () => {},
      )
    }
  }

  #add(turn: Turn, log: Promise<TurnLog>): Replay {
    const replay = { turn, log }
    this.#open.set(toKey(turn), replay)
    const forget = () => this.#forget(replay)
    log.then((loaded) => {
      loaded.whenLeft(forget)
      if (!loaded.end) void this.#readOn(replay, loaded)
    }, forget)
    return replay
  }

  /** The same key may be another's by now: a deleted session's id can be made anew. */
  #forget(replay: Replay): void {
    if (this.#isOpen(replay)) this.#open.delete(toKey(replay.turn))
  }

  #isOpen(replay: Replay): boolean {
    return this.#open.get(toKey(replay.turn)) === replay
  }

  async #load(turn: Turn): Promise<TurnLog> {
    const entries = await this.#turns.read(turn)
    if (!entries) throw turnExpired()
    return toLog(turn, entries)
  }

  /** Follows a turn that runs elsewhere, until it ends or nobody reads it any more. */
  async #readOn(replay: Replay, log: TurnLog): Promise<void> {
    while (!log.end && !log.dismissal) {
      await delay(POLL_MS, undefined, { ref: false })
      if (log.readers === 0) this.#forget(replay)
      if (!this.#isOpen(replay)) return
      // A store that is away is asked again.
      await this.#catchUp(replay.turn, log).catch(() => {})
    }
  }

  async #catchUp(turn: Turn, log: TurnLog): Promise<void> {
    // The turn first: when it has ended, all that it said is in what is read then.
    const current = await this.#turns.get(turn)
    if (current?.createdAt !== turn.createdAt) return log.dismiss(sessionDeleted())
    const entries = await this.#turns.read(turn, log.seq)
    if (!entries) return log.dismiss(turnExpired())
    for (const { seq, tokens } of entries) {
      if (seq - tokens.length !== log.seq) return log.dismiss(turnExpired())
      log.append(tokens, FIRST_EPOCH)
    }
    if (current.end) log.finish(current.end)
  }
}

/** The log of a turn whose own is over: the text as one token, and the end. */
export function toTextLog({ end, epoch }: Turn): TurnLog {
  const log = new TurnLog()
  if (end?.text) log.append([end.text], epoch)
  if (end) log.finish(end)
  return log
}

/**
 * The position that a cursor means in a log. One ahead of the log waits: a node that died may have shown more than it
 * kept. One that the turn never gave out is a mistake.
 *
 * @throws ChatError `invalid_request`, or `turn_expired` when the next event is not there any more
 */
export function toPosition(log: TurnLog, epoch: number, cursor: Cursor): Position {
  const position = 'count' in cursor ? toCounted(log, cursor.count) : cursor
  const forged = log.end ? isAfter(position, log.end) : position.epoch > epoch
  if (forged) throw new ChatError('invalid_request', 'This turn never had that offset.')
  if (position.seq < log.base) throw turnExpired()
  return position
}

function toCounted(log: TurnLog, count: number): Position {
  if (count === 0) return BEGINNING
  return { epoch: 1, seq: log.end ? Math.min(count, log.end.seq - 1) : count }
}

function toKey(turn: Turn): string {
  return `${turn.owner}\n${toTurnId(turn)}`
}

export function turnExpired(): ChatError {
  return new ChatError('turn_expired', 'The events of this turn are not kept any more: its text is in the history.')
}
