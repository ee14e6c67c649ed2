/**
 * Runs one turn, detached from any connection: brain parts become events in the log, and the end is settled in the
 * store before anyone sees it.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Answer, type SilenceLimits } from './answer.ts'
import { type Candidate, isForAnother } from './candidates.ts'
import { ChatError, draining, toChatError } from './errors.ts'
import type { FinishReason, Position, TurnStats } from './event.ts'
import { type Journal, type JournaledTurn, STORE_PATIENCE_MS } from './journal.ts'
import type { Settlement, Turn, TurnStore } from './store.ts'
import { sessionDeleted } from './session.ts'
import { type LogReader, TurnLog } from './turn-log.ts'
import { type Failure, toFailure, waitForEnd } from './turn-end.ts'

export interface TurnLimits extends SilenceLimits {
  turnTimeoutMs: number
}

export interface TurnSetting {
  turns: TurnStore
  journal: Journal
  limits: TurnLimits
  /** At least one, in the order in which they are asked. */
  candidates: readonly Candidate[]
  /** Hears of each brain in whose place another may answer. */
  onBrainFailed: (brain: string, error: ChatError) => void
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
  /** Of the brain that speaks, or is asked to. */
  #answer: Answer
  #attached = 0
  #closed = false

  constructor(turn: Turn, setting: TurnSetting) {
    this.turn = turn
    this.#setting = setting
    this.#journaled = setting.journal.open(turn, this.log, {
      onFenced: () => this.end('fenced'),
      onStoreAway: (error) => this.end(error),
    })
    this.#answer = this.#toAnswer(setting.candidates[0]!)
    this.ended = this.#run()
  }

  /** Ends the turn; the first cause counts. */
  end(cause: EndCause): void {
    this.#abort.abort(cause)
  }

  /**
   * A reader of the turn. Where the turn is to stop with its readers, the last one's leaving ends it, but not when that
   * one was sent away: it may come back.
   */
  read(after: Position): LogReader {
    this.#attached++
    return this.log.read(after, (dismissal) => {
      this.#attached--
      if (this.#attached === 0 && !dismissal && this.turn.onDisconnect === 'stop') this.end('stopped')
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

  async #stream(): Promise<FinishReason> {
    const onLate = () => this.end(new ChatError('brain_timeout', 'The reply took too long.'))
    const timer = setTimeout(onLate, this.#setting.limits.turnTimeoutMs)
    try {
      return await this.#ask()
    } finally {
      clearTimeout(timer)
    }
  }

  /** Asks one brain after the other until one has begun to speak. Where nobody has, the first one's failure is told. */
  async #ask(): Promise<FinishReason> {
    let first: { answer: Answer; error: unknown } | undefined
    for (const candidate of this.#setting.candidates) {
      const answer = first ? this.#toAnswer(candidate) : this.#answer
      this.#answer = answer
      try {
        return await answer.whole()
      } catch (error) {
        if (answer.beganAt !== null || this.#abort.signal.aborted) throw error
        first ??= { answer, error }
        if (!isForAnother(error)) break
        this.#setting.onBrainFailed(candidate.brain.id, error)
      }
    }
    this.#answer = first!.answer
    throw first!.error
  }

  #toAnswer(candidate: Candidate): Answer {
    const say = (texts: readonly string[]) => this.log.append(texts)
    return new Answer(candidate, { limits: this.#setting.limits, signal: this.#abort.signal, say })
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
    const { epoch, persona } = this.turn
    const { brain, model } = this.#answer.candidate
    const speaker = { brain: brain.id, model, persona }
    const text = this.log.text()
    const terminal = { epoch, seq: this.log.seq + 1, text, stats: this.#stats(), ...speaker, at: Date.now() }
    if (outcome.state !== 'done') return toFailure(outcome, terminal)
    const { finishReason } = outcome
    return {
      state: finishReason === 'stopped' ? 'stopped' : 'done',
      end: { type: 'done', ...terminal, finishReason },
    }
  }

  #stats(): TurnStats {
    const { beganAt, usage, candidate } = this.#answer
    const now = performance.now()
    const tokens = this.log.seq
    const streaming = (now - (beganAt ?? now)) / 1000
    return {
      tokens,
      duration: (now - this.#startedAt) / 1000,
      timeToFirstToken: beganAt === null ? null : (beganAt - this.#startedAt) / 1000,
      tokensPerSecond: streaming > 0 ? tokens / streaming : 0,
      ...usage,
      costUsd: candidate.brain.price(candidate.model, usage),
    }
  }

  /**
   * Stores the end and then shows it. A store that stays away makes the end a failure, which readers see then; the
   * owner goes on trying to store that very end until it stands or another owner's does.
   */
  async #settle(settlement: Settlement): Promise<void> {
    // A turn that failed because the store is away has waited for it already.
    const hasWaited = settlement.end.type === 'error' && settlement.end.code === 'store_unavailable'
    const failsAt = performance.now() + (hasWaited ? 0 : STORE_PATIENCE_MS)
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

  /**
   * The turn is not ours any more: its session was deleted, or another owner has ended it, or is about to. Its readers
   * here get that end, or come back for it.
   */
  async #leave(why: 'deleted' | 'fenced'): Promise<void> {
    const { turns } = this.#setting
    const current = why === 'deleted' ? undefined : await waitForEnd(turns, this.turn).catch(() => this.turn)
    if (current?.createdAt !== this.turn.createdAt) this.log.dismiss(sessionDeleted())
    else if (current.end) this.log.finish(current.end)
    else this.log.dismiss(draining())
  }
}
