/**
 * The journal: one more reader of every running turn's log, which brings the tokens to the store in small batches, all
 * turns in one call, so that the store never stands between the provider and the person.
 */
import type { ChatError } from './errors.ts'
import { toChatError } from './errors.ts'
import { BEGINNING } from './event.ts'
import type { Append, LogEntry, Turn, TurnStore } from './store.ts'
import type { LogReader, TurnLog } from './turn-log.ts'

/** Milliseconds: what a node that dies may have shown and not kept. */
const FLUSH_MS = 25

/** Milliseconds that a store may be away before the turns that wait for it fail. */
export const STORE_PATIENCE_MS = 5_000

const RETRY_MS = 250

export interface JournalEvents {
  /** The turn has another owner, has ended, or is gone: whoever runs it here must leave it. */
  onFenced(): void
  /** The store has been away for longer than `STORE_PATIENCE_MS`. */
  onStoreAway(error: ChatError): void
}

export class Journal {
  readonly #turns: TurnStore
  readonly #dirty = new Set<JournaledTurn>()
  #timer: NodeJS.Timeout | null = null
  #flushing: Promise<void> = Promise.resolve()

  constructor(turns: TurnStore) {
    this.#turns = turns
  }

  /** Begins to journal a turn. */
  open(turn: Turn, log: TurnLog, events: JournalEvents): JournaledTurn {
    return new JournaledTurn(turn, log, events, this)
  }

  mark(journaled: JournaledTurn): void {
    this.#dirty.add(journaled)
    this.#schedule(FLUSH_MS)
  }

  /** Takes a turn out and returns what is not known to be kept: its tail, for the settlement. */
  async release(journaled: JournaledTurn): Promise<LogEntry> {
    await this.#flushing
    this.#dirty.delete(journaled)
    return journaled.close()
  }

  #schedule(ms: number): void {
    if (this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      // One after the other: a turn whose tail is asked for waits for the flush that holds a part of it.
      this.#flushing = this.#flushing.then(() => this.#flush())
    }, ms)
  }

  async #flush(): Promise<void> {
    const batch = [...this.#dirty]
    if (batch.length === 0) return
    this.#dirty.clear()
    try {
      const outcomes = await this.#turns.append(batch.map((journaled) => journaled.collect()))
      for (const [index, journaled] of batch.entries()) journaled.onOutcome(outcomes[index]!)
    } catch (error) {
      this.#putBack(batch, toChatError(error))
    }
    if (this.#dirty.size > 0) this.#schedule(FLUSH_MS)
  }

  #putBack(batch: JournaledTurn[], error: ChatError): void {
    for (const journaled of batch) {
      this.#dirty.add(journaled)
      journaled.onFailure(error)
    }
    this.#schedule(RETRY_MS)
  }
}

export class JournaledTurn {
  readonly #turn: Turn
  readonly #reader: LogReader
  readonly #events: JournalEvents
  readonly #journal: Journal
  #pending: string[] = []
  #seq = 0
  #failingSince: number | null = null
  #closed = false

  constructor(turn: Turn, log: TurnLog, events: JournalEvents, journal: Journal) {
    this.#turn = turn
    this.#reader = log.read(BEGINNING)
    this.#events = events
    this.#journal = journal
    this.#wait()
  }

  /** Everything that is not known to be kept. What was collected before and never confirmed is collected again. */
  collect(): Append {
    this.#take()
    return { turn: this.#turn, epoch: this.#turn.epoch, seq: this.#seq, tokens: this.#pending }
  }

  onOutcome(outcome: 'kept' | 'fenced'): void {
    this.#failingSince = null
    this.#pending = []
    if (this.#closed) return
    if (outcome === 'fenced') this.#events.onFenced()
    else this.#wait()
  }

  onFailure(error: ChatError): void {
    this.#failingSince ??= Date.now()
    if (Date.now() - this.#failingSince > STORE_PATIENCE_MS) this.#events.onStoreAway(error)
  }

  close(): LogEntry {
    this.#closed = true
    this.#take()
    this.#reader.close()
    return { seq: this.#seq, tokens: this.#pending }
  }

  #take(): void {
    const texts = this.#reader.takeTexts()
    this.#seq += texts.length
    this.#pending = this.#pending.length > 0 ? [...this.#pending, ...texts] : texts
  }

  #wait(): void {
    this.#reader.whenMore(() => {
      if (!this.#closed) this.#journal.mark(this)
    })
  }
}
