/**
 * The turns that one socket follows, each by a cursor in its log: served in turn, a portion each, while the socket has
 * room. A slow socket is cursors that stand still.
 */
import { type ChatError, draining } from '#src/chat/errors.ts'
import type { LogReader } from '#src/chat/turn-log.ts'
import type { SocketEvent } from '#src/wire/socket-events.ts'
import { type SocketEncoder, toSocketEvent } from '#src/wire/socket-frames.ts'

/** The way out of a socket. */
export interface Outlet {
  /** False while what was written waits for the client; whoever made the connection then calls `drained`. */
  readonly hasRoom: boolean
  /** @param data JSON text */
  send(event: SocketEvent, data: string): void
  /** Runs `write`, and lets what it sends leave together. */
  cork(write: () => void): void
}

export interface Followed {
  turnId: string
  reader: LogReader
  encoder: SocketEncoder
}

/** Characters taken from a log at once: with the text so far in every frame, 64 KiB of tokens would make megabytes. */
export const PORTION_CHARS = 2_048

export class FollowedTurns {
  readonly #outlet: Outlet
  readonly #onLeft: () => void
  readonly #followed = new Map<string, Followed>()
  /** Those that may have something to send, in turn. */
  #ready: Followed[] = []
  #isPumping = false
  #isLeaving = false

  /** @param onLeft is called each time that a turn is followed no more */
  constructor(outlet: Outlet, onLeft: () => void) {
    this.#outlet = outlet
    this.#onLeft = onLeft
  }

  get size(): number {
    return this.#followed.size
  }

  /** Follows a turn. One that is followed already is followed anew from here. */
  add(followed: Followed): void {
    const former = this.#followed.get(followed.turnId)
    this.#followed.set(followed.turnId, followed)
    former?.reader.close()
    this.#ready.push(followed)
    this.pump()
  }

  /** Serves those who have something, as long as there is room. */
  pump(): void {
    if (this.#isPumping || this.#ready.length === 0) return
    this.#isPumping = true
    this.#outlet.cork(() => {
      while (this.#outlet.hasRoom) {
        const followed = this.#ready.shift()
        if (!followed) break
        if (this.#followed.get(followed.turnId) === followed) this.#serve(followed)
      }
    })
    this.#isPumping = false
  }

  /** Sends what there is, and then the readers away: the turns that have not ended go on elsewhere. */
  leave(): void {
    this.#isLeaving = true
    this.#ready = [...this.#followed.values()]
    this.pump()
  }

  /** Sends all readers away, as soon as there is room to say it. What they have not been sent they do not get. */
  dismiss(error: ChatError): void {
    for (const { reader } of this.#followed.values()) reader.dismiss(error)
  }

  /** The socket is gone: the readers go, the turns go on. */
  close(): void {
    for (const { reader } of this.#followed.values()) reader.close()
    this.#followed.clear()
    this.#ready = []
  }

  #serve(followed: Followed): void {
    const { reader, encoder } = followed
    const events = reader.take(PORTION_CHARS)
    for (const event of events) this.#outlet.send(toSocketEvent(event), encoder.encode(event))
    if (events.length > 0 && !reader.over) return void this.#ready.push(followed)
    if (!reader.over && this.#isLeaving) {
      reader.dismiss(draining())
    }
    if (reader.over) return this.#finish(followed)
    reader.whenMore(() => {
      this.#ready.push(followed)
      this.pump()
    })
  }

  #finish({ turnId, reader, encoder }: Followed): void {
    const { dismissal } = reader
    if (dismissal) this.#outlet.send('chat_stream_error', encoder.encodeDismissal(dismissal, reader.textBefore))
    this.#followed.delete(turnId)
    reader.close()
    this.#onLeft()
  }
}
