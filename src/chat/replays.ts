/**
 * The logs of turns that do not run here, shared by those who read them at the same time: kept from the run that has
 * just ended, or read back from the store, and read on while the turn runs elsewhere.
 */
import { ChatError, draining } from './errors.ts'
import { BEGINNING, isAfter, type Position, type TerminalEvent } from './event.ts'
import { sessionDeleted, type SessionRef } from './session.ts'
import type { Turn, TurnNews, TurnStore } from './store.ts'
import { toLog } from './turn-end.ts'
import { toTurnId, turnNotFound } from './turn-id.ts'
import { type LogReader, TurnLog } from './turn-log.ts'

/** Where a reader goes on: after a position, or after so many tokens. */
export type Cursor = Position | { count: number }

interface Replay {
  turn: Turn
  log: Promise<TurnLog>
}

/** How long news of a turn that runs elsewhere are waited for until it is looked at without any. */
const SILENCE_MS = 1_000

export class Replays {
  readonly #turns: TurnStore
  readonly #open = new Map<string, Replay>()
  #isDraining = false

  constructor(turns: TurnStore) {
    this.#turns = turns
  }

  /** @throws ChatError `turn_expired`, `turn_not_found`, `invalid_request`, `draining` */
  async read(turn: Turn, cursor: Cursor): Promise<LogReader> {
    if (this.#isDraining && !turn.end) throw draining()
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

  /**
   * Takes the log of a turn that has just ended, while there are some who have not read it to its end. Whoever came
   * before it was known to run here reads on from the store.
   */
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

  /** Sends away whoever reads a turn that runs elsewhere, from now on: it is read elsewhere, too. */
  drain(): void {
    this.#isDraining = true
    for (const { log } of this.#open.values()) {
      log.then(
        (loaded) => loaded.end ?? loaded.sendAway(draining),
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

  #forget(replay: Replay): void {
    if (this.#isOpen(replay)) this.#open.delete(toKey(replay.turn))
  }

  #isOpen(replay: Replay): boolean {
    return this.#open.get(toKey(replay.turn)) === replay
  }

  async #load(turn: Turn): Promise<TurnLog> {
    const entries = await this.#turns.read(turn)
    // Deleted between the two, or its time is over.
    if (!entries) throw (await this.#find(turn)) ? turnExpired() : turnNotFound()
    const log = toLog(turn, entries)
    if (turn.end && lacksSome(log, turn.end)) throw turnExpired()
    return log
  }

  /** Follows a turn that runs elsewhere, until it ends or nobody reads it any more. */
  async #readOn(replay: Replay, log: TurnLog): Promise<void> {
    const news = new NewsBox()
    const unwatch = this.#turns.watch(replay.turn, (latest) => news.put(latest))
    while (!log.end && !log.dismissal) {
      const latest = await news.take(SILENCE_MS)
      if (log.readers === 0) break
      // A store that is away is asked again.
      await this.#catchUp(replay.turn, log, latest).catch(() => {})
    }
    unwatch()
    if (log.readers === 0) this.#forget(replay)
  }

  async #catchUp(turn: Turn, log: TurnLog, news: TurnNews): Promise<void> {
    // The turn first: when it has ended, all that it said is in what is read then.
    const current = news === 'more' ? turn : await this.#find(turn)
    if (!current) return log.dismiss(sessionDeleted())
    const entries = await this.#turns.read(turn, log.seq)
    // Deleted between the two, or cleared.
    if (!entries) return log.dismiss((await this.#find(turn)) ? turnExpired() : sessionDeleted())
    for (const { seq, tokens } of entries) {
      if (seq - tokens.length !== log.seq) return log.dismiss(turnExpired())
      log.append(tokens)
    }
    if (!current.end) return
    if (lacksSome(log, current.end)) return log.dismiss(turnExpired())
    log.finish(current.end)
  }

  /** The turn as it stands, and not one that was made anew under its id. */
  async #find(turn: Turn): Promise<Turn | undefined> {
    const current = await this.#turns.get(turn)
    return current?.createdAt === turn.createdAt ? current : undefined
  }
}

/** The news that were not looked at yet: many are as good as one. */
class NewsBox {
  #latest: TurnNews | null = null
  #wake = () => {}

  put(news: TurnNews): void {
    if (this.#latest !== 'changed') this.#latest = news
    this.#wake()
  }

  /** Waits for news, and is content with none after `ms`: something may have changed. */
  async take(ms: number): Promise<TurnNews> {
    if (!this.#latest) {
      const timer = setTimeout(() => this.#wake(), ms).unref()
      await new Promise<void>((resolve) => (this.#wake = resolve))
      clearTimeout(timer)
    }
    const latest = this.#latest ?? 'changed'
    this.#latest = null
    return latest
  }
}

/** Whether a store has lost what comes before the end: an end after a hole would say that all is there. */
function lacksSome(log: TurnLog, end: TerminalEvent): boolean {
  return log.seq < end.seq - 1
}

/** The log of a turn whose own is over: the text as one token, and the end. */
export function toTextLog({ end, epoch }: Turn): TurnLog {
  const log = new TurnLog(0, epoch)
  if (end?.text) log.append([end.text])
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

/** A deleted session's id can be made anew. */
function toKey(turn: Turn): string {
  return `${turn.owner}\n${toTurnId(turn)}\n${turn.createdAt}`
}

export function turnExpired(): ChatError {
  return new ChatError('turn_expired', 'The events of this turn are not kept any more: its text is in the history.')
}
