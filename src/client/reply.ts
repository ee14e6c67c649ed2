/** A turn as its reader sees it: frames while they come, the text so far, and the end, over however many connections. */
import { aborted, connectionLost, type ErrorFacts, fromErrorFrame, ReparteeError } from './errors.ts'
import { FrameQueue } from './frame-queue.ts'
import type { DoneFrame, ErrorFrame, ReplyFrame, StartFrame, TokenFrame } from './frames.ts'
import type { Http } from './http.ts'
import type { Attach, Expected, Line, Listener } from './line.ts'
import { Patience, type PatienceOptions } from './patience.ts'
import type { Turn } from './resources.ts'
import { fromTurn } from './turn-end.ts'

/**
 * Reads by itself from the moment it is made. It can be iterated once; breaking out leaves the turn, which goes on.
 * A turn that fails throws a `ReparteeError`, and rejects `done` with it.
 */
export interface Reply extends AsyncIterable<ReplyFrame> {
  /** What has been said so far, and from the end on what is kept of it: show this. */
  readonly text: string
  /** Undefined until the service has accepted the message. */
  readonly turnId: string | undefined
  /** The position of the last frame: what `follow` goes on from. */
  readonly offset: string | undefined
  /** Resolves when the service has accepted the message. */
  readonly started: Promise<StartFrame>
  /** Resolves at the end, whether anyone iterates or not. */
  readonly done: Promise<DoneFrame>
}

export interface ReplyOptions extends PatienceOptions {
  line: Line
  http: Http
  /** Each of them leaves. */
  signals: (AbortSignal | undefined)[]
}

export class TurnReply implements Reply, Listener {
  readonly started: Promise<StartFrame>
  readonly done: Promise<DoneFrame>
  readonly #opening: Attach
  readonly #options: ReplyOptions
  readonly #leaving = new AbortController()
  readonly #patience: Patience
  readonly #queue = new FrameQueue()
  #settle!: { start(frame: StartFrame): void; end(frame: DoneFrame): void; fail(error: ReparteeError): void }
  #text = ''
  #turnId: string | undefined
  #offset: string | undefined
  /** The last token's number; null while it is not known. */
  #count: number | null = 0
  /** Where tokens were missing: what was asked for once more, and is not there, is not asked for again. */
  #gapAt: number | null = null
  #dismissal: ReparteeError | null = null
  /** Whether the turn's events can be had no more. */
  #isLogGone = false

  constructor(opening: Attach, options: ReplyOptions) {
    this.#opening = opening
    this.#options = options
    this.#patience = new Patience(options, this.#leaving.signal)
    const start = defer<StartFrame>()
    const end = defer<DoneFrame>()
    this.started = start.promise
    this.done = end.promise
    this.#settle = {
      start: start.resolve,
      end: end.resolve,
      fail(error) {
        start.reject(error)
        end.reject(error)
      },
    }
    if (opening.type === 'follow') {
      this.#turnId = opening.turnId
      this.#offset = opening.after
      if (opening.after !== undefined) this.#count = null
    }
    void this.#run()
  }

  get text(): string {
    return this.#text
  }

  get turnId(): string | undefined {
    return this.#turnId
  }

  get offset(): string | undefined {
    return this.#offset
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ReplyFrame, void> {
    try {
      yield* this.#queue.take()
      await this.done
    } finally {
      if (!this.#queue.isOver) this.#leaving.abort()
    }
  }

  start(frame: StartFrame): void {
    this.#patience.extend()
    this.#turnId = frame.turn_id
    if (this.#queue.hasStarted || this.#queue.isOver) return
    this.#queue.push(frame)
    this.#settle.start(frame)
  }

  hear(frame: TokenFrame | DoneFrame | ErrorFrame, offset: string | null): Expected {
    if (this.#queue.isOver) return 'nothing'
    if (offset === null && 'error' in frame) {
      this.#dismissal = fromErrorFrame(frame as ErrorFrame)
      return 'nothing'
    }
    if ('token' in frame) return this.#say(frame as TokenFrame, offset)
    this.#advance(offset)
    if ('error' in frame) this.#fail(fromErrorFrame(frame as ErrorFrame))
    else this.#finish(frame)
    return 'nothing'
  }

  #say({ token, count }: TokenFrame, offset: string | null): Expected {
    const place = this.#place(count)
    if (place === 'known') return 'more'
    if (place === 'early') return 'another'
    this.#advance(offset)
    this.#text += token
    this.#count = count
    this.#queue.push({ token, count })
    return 'more'
  }

  #advance(offset: string | null): void {
    this.#patience.renew()
    this.#offset = offset ?? this.#offset
  }

  /** Where a token stands: what is known is no news, and what comes too early is read again after what is missing. */
  #place(count: number): 'known' | 'next' | 'early' {
    if (this.#count === null || count === this.#count + 1) return 'next'
    if (count <= this.#count) return 'known'
    if (this.#gapAt === this.#count) return 'next'
    this.#gapAt = this.#count
    return 'early'
  }

  async #run(): Promise<void> {
    const leave = () => this.#leaving.abort()
    const signals = this.#options.signals.filter((signal) => signal !== undefined)
    for (const signal of signals) signal.addEventListener('abort', leave)
    this.#leaving.signal.addEventListener('abort', () => this.#fail(aborted()))
    if (signals.some((signal) => signal.aborted)) leave()
    try {
      if (!this.#queue.isOver) await this.#patience.persist(() => this.#attempt())
    } catch (error) {
      this.#fail(error as ReparteeError)
    } finally {
      for (const signal of signals) signal.removeEventListener('abort', leave)
    }
  }

  /** Returns at the turn's end, and throws whatever comes before. */
  async #attempt(): Promise<void> {
    if (this.#isLogGone) return this.#readWhole()
    const { line } = this.#options
    this.#dismissal = null
    try {
      const ending = await line.attach(this.#toAttach(), this, this.#leaving.signal)
      if (this.#queue.isOver) return
      if (ending === 'ended') throw this.#dismissal ?? connectionLost()
    } catch (error) {
      if (this.#queue.isOver) return
      if (!(error instanceof ReparteeError) || error.code !== 'turn_expired') throw error
    }
    this.#isLogGone = true
    return this.#readWhole()
  }

  #toAttach(): Attach {
    if (this.#turnId === undefined) return this.#opening
    const after = this.#offset
    const mayBeOver = after !== undefined && this.#opening.type === 'follow' && after === this.#opening.after
    return { type: 'follow', turnId: this.#turnId, after, mayBeOver }
  }

  /** What was said, from where it is kept when its events are not. */
  async #readWhole(): Promise<void> {
    const path = `/chat/turns/${encodeURIComponent(this.#turnId!)}`
    const turn = await this.#options.http.call<Turn>('GET', path, undefined, { signal: this.#leaving.signal })
    this.start({ start: true, session_id: turn.session_id, turn_id: turn.turn_id })
    const end = fromTurn(turn)
    // It is still running: ask again.
    if (end === null) throw connectionLost(undefined, { retryAfter: 1 })
    this.#offset = turn.offset
    if (end instanceof ReparteeError) this.#fail(end)
    else this.#finish(end)
  }

  #finish(frame: DoneFrame): void {
    this.#text = frame.full_text
    this.#queue.push(frame)
    this.#queue.end()
    this.#settle.end(frame)
  }

  #fail(error: ReparteeError): void {
    if (this.#queue.isOver) return
    this.#text = error.partialText ?? this.#text
    this.#queue.end()
    this.#settle.fail(this.#locate(error))
  }

  /** Says which turn it was and what it had said, where the error does not know. */
  #locate(error: ReparteeError): ReparteeError {
    const { code, status, retryable, retryAfter, cause } = error
    const facts: ErrorFacts = { code, status, retryable, retryAfter, cause }
    facts.turnId = error.turnId ?? this.#turnId
    facts.partialText = error.partialText ?? (this.#turnId === undefined ? undefined : this.#text)
    return new ReparteeError(error.message, facts)
  }
}

interface Deferred<T> {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (error: ReparteeError) => void
}

/** A promise that may be left alone: whoever does not look at it is not told of its rejection. */
function defer<T>(): Deferred<T> {
  let settle!: Omit<Deferred<T>, 'promise'>
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject }
  })
  promise.catch(() => {})
  return { promise, ...settle }
}
