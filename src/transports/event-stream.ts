/**
 * A reader's server-sent event stream: a Readable that pulls from the log's cursor whenever the socket has room, so
 * that a slow client is a cursor that stands still.
 */
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { LogReader } from '#src/chat/turn-log.ts'
import type { EventStreamEncoder } from '#src/wire/event-stream.ts'
import type { Beating, Heartbeat } from './heartbeat.ts'

/** Ticks (seconds) of silence before a heartbeat: it must be there within 15 s. */
const SILENT_TICKS = 14

/** Characters that wait for the socket: more would be a second buffer beside the log. */
const HIGH_WATER_MARK = 16_384

const LAST_CHUNK = '0\r\n\r\n'

export class EventStream extends Readable implements Beating {
  readonly #reader: LogReader
  readonly #encoder: EventStreamEncoder
  readonly #heartbeat: Heartbeat
  readonly #portionChars: number | undefined
  /** True while the client has room and the log has nothing new. */
  #isIdle = false
  /** Whether the chunked coding is ours to write. */
  #isChunked = false
  #ticks = 0

  /** @param portionChars characters that are taken from the log before others have their turn. Default: all there are */
  constructor(reader: LogReader, encoder: EventStreamEncoder, heartbeat: Heartbeat, portionChars?: number) {
    // Strings stay strings down to the socket.
    super({ highWaterMark: HIGH_WATER_MARK, encoding: 'utf8' })
    this.#reader = reader
    this.#encoder = encoder
    this.#heartbeat = heartbeat
    this.#portionChars = portionChars
    heartbeat.add(this)
  }

  /**
   * Sends the head of the response to which this is being piped, and takes its chunked coding over: Node writes a chunk
   * in four pieces that it gathers again with `writev`, a quarter of all that a token cost; here it is one string.
   */
  begin(response: ServerResponse): void {
    response.flushHeaders()
    // Not chunked to a client that speaks HTTP/1.0.
    this.#isChunked = response.chunkedEncoding
    response.chunkedEncoding = false
    if (this.#encoder.opening) this.#write(this.#encoder.opening)
  }

  override _read(): void {
    // While the system takes what is written, the next portion would else come before anybody else's turn.
    if (this.#portionChars === undefined) this.#pull()
    else setImmediate(() => this.destroyed || this.#pull())
  }

  #pull(): void {
    for (;;) {
      const events = this.#reader.take(this.#portionChars)
      if (events.length === 0) break
      const frames = this.#encoder.encode(events)
      if (frames === '') continue // A dialect may hold events back, and nobody reads on after an empty push.
      this.#ticks = 0
      this.#write(frames)
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
    this.#write(this.#encoder.heartbeat)
  }

  #end(): void {
    const { dismissal } = this.#reader
    if (dismissal) this.#write(this.#encoder.encodeDismissal(dismissal, this.#reader.textBefore))
    if (this.#isChunked) this.push(LAST_CHUNK)
    this.push(null)
  }

  #write(text: string): void {
    this.push(this.#isChunked ? `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n` : text)
  }
}
