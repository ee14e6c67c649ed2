/**
 * Runs one turn, detached from any connection: brain parts become events in the log, and the end is settled in the
 * store before anyone sees it.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Brain, BrainRequest, Usage } from './brain.ts'
import { ChatError, toChatError } from './errors.ts'
import type { FinishReason, Position, TurnStats } from './event.ts'
import { type Journal, type JournaledTurn, STORE_PATIENCE_MS } from './journal.ts'
import type { Settlement, Turn, TurnStore } from './store.ts'
import { sessionDeleted } from './session.ts'
import { type LogReader, TurnLog } from './turn-log.ts'
import { type Failure, toFailure } from './turn-end.ts'
import { createWatchdog } from './watchdog.ts'

export interface TurnLimits {
  firstTokenTimeoutMs: number
  tokenTimeoutMs: number
  turnTimeoutMs: number
}

export interface TurnSetting {
  turns: TurnStore
  journal: Journal
  limits: TurnLimits
  brain: Brain
  /** Milliseconds between two tokens. */
  paceMs: number
  /** Reads the history and writes the prompt. */
  loadRequest: () => Promise<BrainRequest>
}

/** Why a running turn is ended from outside: the user's will, its session's deletion, another owner, or a failure. */
export type EndCause = 'stopped' | 'deleted' | 'fenced' | ChatError

type Outcome = { state: 'done'; finishReason: FinishReason } | { state: 'lost'; why: 'deleted' | 'fenced' } | Failure

const SETTLE_RETRY_MS = { first: 100, most: 5_000 }

export class TurnRun {
  readonly turn: Turn
  readonly log = new TurnLog()
  /** Resolves when the turn has its end in the store, or has lost its right to one. */
  readonly ended: Promise<void>
  readonly #setting: TurnSetting
  readonly #journaled: JournaledTurn
  readonly #abort = new AbortController()
  readonly #startedAt = performance.now()
  #firstTokenAt: number | null = null
  #usage: Usage = { inputTokens: null, outputTokens: null }
  #attached = 0
  /** Half a surrogate pair, held back until its other half comes. */
  #half = ''
  #closed = false

  constructor(turn: Turn, setting: TurnSetting) {
    this.turn = turn
    this.#setting = setting
    this.#journaled = setting.journal.open(turn, this.log, {
      onFenced: () => this.end('fenced'),
      onStoreAway: (error) => this.end(error),
    })
    this.ended = this.#run()
  }

  /** Ends the turn; the first cause counts. */
  end(cause: EndCause): void {
    this.#abort.abort(cause)
  }

  /** A reader of the turn. Where the turn is to stop with its readers, the last one's leaving ends it. */
  read(after: Position): LogReader {
    this.#attached++
    return this.log.read(after, () => {
      this.#attached--
      if (this.#attached === 0 && this.turn.onDisconnect === 'stop') this.end('stopped')
    })
  }

  /** Gives up on settling: the process leaves, and whoever comes after settles the turn as interrupted. */
  close(): void {
    this.#closed = true
  }

  async #run(): Promise<void> {
    const outcome = await this.#stream().then(
      (finishReason): Outcome => ({ state: 'done', finishReason }),
      (error: unknown) => this.#toOutcome(error),
    )
    const tail = await this.#setting.journal.release(this.#journaled)
    if (outcome.state === 'lost') return this.#leave(outcome.why)
    await this.#settle({ turn: this.turn, tail, ...this.#toEnd(outcome) })
  }

  /** The first of: the brain is done, or someone ends the turn. A brain that does not heed its signal is left behind. */
  async #stream(): Promise<FinishReason> {
    const { signal } = this.#abort
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as EndCause), { once: true })
    })
    return Promise.race([this.#consume(signal), aborted])
  }

  async #consume(signal: AbortSignal): Promise<FinishReason> {
    const { brain, limits, loadRequest } = this.#setting
    const request = await loadRequest()
    signal.throwIfAborted()
    const watchdog = createWatchdog(brain.firstTokenTimeoutMs ?? limits.firstTokenTimeoutMs, limits, (error) =>
      this.end(error),
    )
    let finish: FinishReason | null = null
    try {
      for await (const parts of brain.stream(request, signal)) {
        signal.throwIfAborted()
        watchdog.rest()
        const texts: string[] = []
        for (const part of parts) {
          if (part.type === 'token') this.#mend(part.text, texts)
          else if (part.type === 'finish') finish = part.reason
          else this.#note(part)
        }
        if (texts.length > 0) await this.#append(texts, signal)
        watchdog.watch(this.#firstTokenAt !== null)
      }
    } finally {
      watchdog.stop()
    }
    signal.throwIfAborted()
    if (!finish) throw new ChatError('brain_bad_response', `The brain "${brain.id}" ended its reply without saying so.`)
    if (this.#half) this.log.append(['\uFFFD'], this.turn.epoch)
    return finish
  }

  /** No token ends in half a surrogate pair, wherever the provider cuts: the half waits for the next token. */
  #mend(text: string, texts: string[]): void {
    let whole = this.#half + text
    this.#half = ''
    if (isHighSurrogate(whole.charCodeAt(whole.length - 1))) {
      this.#half = whole.slice(-1)
      whole = whole.slice(0, -1)
    }
    if (whole) texts.push(whole.isWellFormed() ? whole : whole.toWellFormed())
  }

  async #append(texts: string[], signal: AbortSignal): Promise<void> {
    const { paceMs } = this.#setting
    this.#firstTokenAt ??= performance.now()
    if (paceMs === 0) return this.log.append(texts, this.turn.epoch)
    for (const text of texts) {
      if (this.log.seq > 0) await delay(paceMs, undefined, { signal })
      this.log.append([text], this.turn.epoch)
    }
  }

  #note({ inputTokens, outputTokens }: Usage): void {
    this.#usage = {
      inputTokens: inputTokens ?? this.#usage.inputTokens,
      outputTokens: outputTokens ?? this.#usage.outputTokens,
    }
  }

  #toOutcome(error: unknown): Outcome {
    const cause: unknown = this.#abort.signal.aborted ? this.#abort.signal.reason : error
    // Whatever still streams must not add to a log whose end is being written.
    if (!this.#abort.signal.aborted) this.#abort.abort(cause)
    if (cause === 'stopped') return { state: 'done', finishReason: 'stopped' }
    if (cause === 'deleted' || cause === 'fenced') return { state: 'lost', why: cause }
    const failure = toChatError(cause)
    return { state: failure.code === 'interrupted' ? 'interrupted' : 'failed', error: failure }
  }

  #toEnd(outcome: Exclude<Outcome, { state: 'lost' }>): Pick<Settlement, 'state' | 'end'> {
    const { epoch, brain, model, persona } = this.turn
    const text = this.log.text()
    const terminal = { epoch, seq: this.log.seq + 1, text, stats: this.#stats(), brain, model, persona, at: Date.now() }
    if (outcome.state !== 'done') return toFailure(outcome, terminal)
    const { finishReason } = outcome
    return {
      state: finishReason === 'stopped' ? 'stopped' : 'done',
      end: { type: 'done', ...terminal, finishReason },
    }
  }

  #stats(): TurnStats {
    const now = performance.now()
    const tokens = this.log.seq
    const streaming = (now - (this.#firstTokenAt ?? now)) / 1000
    return {
      tokens,
      duration: (now - this.#startedAt) / 1000,
      timeToFirstToken: this.#firstTokenAt === null ? null : (this.#firstTokenAt - this.#startedAt) / 1000,
      tokensPerSecond: streaming > 0 ? tokens / streaming : 0,
      ...this.#usage,
      costUsd: this.#setting.brain.price(this.turn.model, this.#usage),
    }
  }

  /**
   * Stores the end and then shows it. A store that stays away makes the end a failure, which readers see then; the
   * owner goes on trying to store that very end until it stands or another owner's does.
   */
  async #settle(settlement: Settlement): Promise<void> {
    const failsAt = performance.now() + STORE_PATIENCE_MS
    let current = settlement
    for (let wait = SETTLE_RETRY_MS.first; !this.#closed; wait = Math.min(wait * 2, SETTLE_RETRY_MS.most)) {
      try {
        const outcome = await this.#setting.turns.settle(current)
        if (outcome === 'settled') return this.log.finish(current.end)
        return this.#leave(outcome === 'gone' ? 'deleted' : 'fenced')
      } catch (error) {
        if (performance.now() > failsAt && !this.log.end) {
          current = { ...current, ...toFailure({ state: 'failed', error: toChatError(error) }, current.end) }
          this.log.finish(current.end)
        }
      }
      await delay(wait)
    }
  }

  /** The turn is not ours any more: its session was deleted, or another owner has ended it. */
  #leave(why: 'deleted' | 'fenced'): void {
    if (why === 'deleted') this.log.dismiss(sessionDeleted())
    else this.log.dismiss(new ChatError('draining', 'This turn goes on elsewhere: come back.', { retryAfter: 1 }))
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}
