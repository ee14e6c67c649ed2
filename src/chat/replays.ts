/** The logs of ended turns, shared by those who read them at the same time: kept from the run, or read back from the store. */
import { ChatError } from './errors.ts'
import { BEGINNING, isAfter, type Position } from './event.ts'
import type { SessionRef } from './session.ts'
import type { Turn, TurnStore } from './store.ts'
import { toLog } from './turn-end.ts'
import { toTurnId } from './turn-id.ts'
import { type LogReader, TurnLog } from './turn-log.ts'

/** Where a reader goes on: after a position, or after so many tokens. */
export type Cursor = Position | { count: number }

interface Replay {
  turn: Turn
  log: Promise<TurnLog>
}

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
    log.then((loaded) => loaded.whenLeft(forget), forget)
    return replay
  }

  /** The same key may be another's by now: a deleted session's id can be made anew. */
  #forget(replay: Replay): void {
    const key = toKey(replay.turn)
    if (this.#open.get(key) === replay) this.#open.delete(key)
  }

  async #load(turn: Turn): Promise<TurnLog> {
    const entries = await this.#turns.read(turn)
    if (!entries) throw turnExpired()
    return toLog(turn, entries)
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
