/**
 * A reader's server-sent event stream: a Readable that pulls from the log's cursor whenever the socket has room, so
 * that a slow client is a cursor that stands still.
 */
import { Readable } from 'node:stream'
import type { LogReader } from '#src/chat/turn-log.ts'
import type { EventStreamEncoder } from '#src/wire/event-stream.ts'
import type { Beating, Heartbeat } from './heartbeat.ts'

/** Ticks (seconds) of silence before a heartbeat: it must be there within 15 s. */
const SILENT_TICKS = 14

/** Bytes that wait for the socket: more would be a second buffer beside the log. */
const HIGH_WATER_MARK = 16_384

export class EventStream extends Readable implements Beating {
  readonly #reader: LogReader
  readonly #encoder: EventStreamEncoder
  readonly #heartbeat: Heartbeat
  /** True while the client has room and the log has nothing new. */
  #isIdle = false
  #ticks = 0

  constructor(reader: LogReader, encoder: EventStreamEncoder, heartbeat: Heartbeat) {
    super({ highWaterMark: HIGH_WATER_MARK })
    this.#reader = reader
    this.#encoder = encoder
    this.#heartbeat = heartbeat
    if (encoder.opening) this.push(encoder.opening)
    heartbeat.add(this)
  }

  override _read(): void {
    this.#pull()
  }

  #pull(): void {
    this.#ticks = 0
    const events = this.#reader.take()
    if (events.length > 0) {
      this.push(this.#encoder.encode(events))
      return
    }
    if (this.#reader.over) return this.#end()
    this.#isIdle = true
    this.#reader.whenMore(() => {
      this.#isIdle = false
      if (!this.destroyed) this.#pull()
    })
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#heartbeat.remove(this)
    this.#reader.close()
    callback(error)
  }

  tick(): void {
    this.#ticks++
    if (!this.#isIdle || this.#ticks < SILENT_TICKS) return
    this.#ticks = 0
    this.push(this.#encoder.heartbeat)
  }

  #end(): void {
    const { dismissal } = this.#reader
    if (dismissal) this.push(this.#encoder.encodeDismissal(dismissal, this.#reader.textBefore))
    this.push(null)
  }
}
