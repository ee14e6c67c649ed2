/**
 * A turn's log in memory: append-only, and the only buffer between whoever writes a turn and whoever reads it.
 *
 * A reader is nothing but a cursor. It takes every event since its cursor when it has room for them, so a slow one
 * costs an integer and a live, a late, a second and a resumed one are the same code.
 */
import type { ChatError } from './errors.ts'
import { FIRST_EPOCH, isAfter, type Position, type TerminalEvent, type TurnEvent } from './event.ts'

/** Characters that a reader takes at once. With 64 KiB awaited, 60 silent readers of 10 MB cost 89 MB; without a bound 1.3 GB. */
const TAKE_CHARS = 65_536

/** What an event is counted for beside its text: tokens of one character would else come by the ten thousand. */
const EVENT_CHARS = 64

/** Hears why the reader was sent away; null when it left of itself. */
type OnClose = (dismissal: ChatError | null) => void

export class TurnLog {
  /** Texts and not events: a log lives for long, and the garbage collector carries what is in it along. */
  readonly #texts: string[] = []
  readonly #readers = new Set<LogReader>()
  /** The number before the first token that is still there. */
  readonly #base: number
  readonly #epoch: number
  #end: TerminalEvent | null = null
  #dismissal: ChatError | null = null
  #onLeft = () => {}

  /** @param epoch of whoever writes the tokens: a later owner only ends a turn */
  constructor(base = 0, epoch = FIRST_EPOCH) {
    this.#base = base
    this.#epoch = epoch
  }

  get base(): number {
    return this.#base
  }

  /** The number of the last token. */
  get seq(): number {
    return this.#base + this.#texts.length
  }

  get end(): TerminalEvent | null {
    return this.#end
  }

  get dismissal(): ChatError | null {
    return this.#dismissal
  }

  get readers(): number {
    return this.#readers.size
  }

  /** Adds tokens and wakes the readers once for all of them. */
  append(texts: readonly string[]): void {
    for (const text of texts) this.#texts.push(text)
    this.#wake()
  }

  /** Adds the terminal event. There is only one: a second is ignored. */
  finish(end: TerminalEvent): void {
    if (this.#end) return
    this.#end = end
    this.#wake()
  }

  /** Sends every reader away, now and later, while the turn may go on or is gone. */
  dismiss(error: ChatError): void {
    this.#dismissal = error
    this.#wake()
  }

  /** Sends away those who read now, each for a reason of its own. */
  sendAway(toError: () => ChatError): void {
    for (const reader of this.#readers) reader.dismiss(toError())
  }

  /** A cursor before the first event after `after`. Whoever opens it closes it; `onClose` is called once. */
  read(after: Position, onClose: OnClose = () => {}): LogReader {
    const reader = new LogReader(this, after, onClose)
    this.#readers.add(reader)
    return reader
  }

  /** The events from token number `seq + 1` on, about `maxChars` of text and at least one event, the end included. */
  slice(seq: number, maxChars: number): TurnEvent[] {
    const events: TurnEvent[] = []
    let chars = 0
    let index = seq - this.#base
    for (; index < this.#texts.length && chars < maxChars; index++) {
      const text = this.#texts[index]!
      events.push({ type: 'token', epoch: this.#epoch, seq: this.#base + index + 1, text })
      chars += text.length + EVENT_CHARS
    }
    if (this.#end && index >= this.#texts.length && chars < maxChars) events.push(this.#end)
    return events
  }

  /** What was said up to and with token number `seq`. */
  text(seq = this.seq): string {
    return this.#texts.slice(0, Math.max(0, seq - this.#base)).join('')
  }

  /** The tokens from number `seq + 1` on. */
  texts(seq: number): string[] {
    return this.#texts.slice(seq - this.#base)
  }

  /** Calls `left` each time that the last reader has gone. */
  whenLeft(left: () => void): void {
    this.#onLeft = left
  }

  /** Forgets a reader; false when it had left before. */
  leave(reader: LogReader): boolean {
    const isNews = this.#readers.delete(reader)
    if (isNews && this.#readers.size === 0) this.#onLeft()
    return isNews
  }

  #wake(): void {
    for (const reader of this.#readers) reader.wake()
  }
}

/** A cursor in a log: pulled with `take` and `whenMore` by transports, or iterated in batches by anyone else. */
export class LogReader implements AsyncIterable<TurnEvent[]> {
  readonly #log: TurnLog
  readonly #onClose: OnClose
  #seq: number
  #over: boolean
  #dismissal: ChatError | null = null
  #waiting: (() => void) | null = null

  constructor(log: TurnLog, after: Position, onClose: OnClose) {
    this.#log = log
    this.#onClose = onClose
    this.#seq = after.seq
    this.#over = log.end !== null && !isAfter(log.end, after)
  }

  /** Nothing more will come: the terminal event was taken, or the reader was dismissed or closed. */
  get over(): boolean {
    return this.#over || this.dismissal !== null
  }

  /** Why the reader was sent away, though the turn may go on. */
  get dismissal(): ChatError | null {
    return this.#over ? null : (this.#dismissal ?? this.#log.dismissal)
  }

  /** What was said before the cursor, where the log still has it. */
  get textBefore(): string {
    return this.#log.text(this.#seq)
  }

  /** Every event since the last call, as far as about `maxChars` of text. Empty when there is none yet, or none any more. */
  take(maxChars = TAKE_CHARS): TurnEvent[] {
    if (this.over) return []
    const events = this.#log.slice(this.#seq, maxChars)
    const last = events.at(-1)
    if (!last) return events
    if (last.type === 'token') this.#seq = last.seq
    else this.#over = true
    return events
  }

  /** The texts of every token since the last call. */
  takeTexts(): string[] {
    if (this.over) return []
    const texts = this.#log.texts(this.#seq)
    this.#seq += texts.length
    return texts
  }

  /** Calls `wake` once, when something has happened since the last `take`: at once or later, never from within. */
  whenMore(wake: () => void): void {
    this.#waiting = wake
    const ready = this.over || this.#log.seq > this.#seq || this.#log.end !== null
    if (ready) queueMicrotask(() => this.wake())
  }

  wake(): void {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.()
  }

  /** Sends this reader away. */
  dismiss(error: ChatError): void {
    this.#dismissal = error
    this.wake()
  }

  close(): void {
    if (!this.#log.leave(this)) return
    const { dismissal } = this
    this.#over = true
    this.wake()
    this.#onClose(dismissal)
  }

  /** @throws ChatError when the reader is dismissed */
  async *[Symbol.asyncIterator](): AsyncGenerator<TurnEvent[], void, undefined> {
    try {
      for (;;) {
        const events = this.take()
        if (events.length > 0) yield events
        else if (this.dismissal) throw this.dismissal
        else if (this.over) return
        else await new Promise<void>((resolve) => this.whenMore(resolve))
      }
    } finally {
      this.close()
    }
  }
}
