/**
 * One brain's answer to a turn: its parts become texts, under a watch of its own and at the pace that was asked for. An
 * answer that goes far beyond the tokens that were asked for is cut: the operator decides how long it may be, not the
 * provider.
 */
import type { BrainPart, Usage } from './brain.ts'
import type { Candidate } from './candidates.ts'
import { ChatError } from './errors.ts'
import type { FinishReason } from './event.ts'
import { createPacer, type Pacer } from './pacer.ts'
import { createWatchdog } from './watchdog.ts'

export interface SilenceLimits {
  firstTokenTimeoutMs: number
  tokenTimeoutMs: number
}

export interface AnswerSetting {
  limits: SilenceLimits
  /** The turn's: ends the answer with its reason. */
  signal: AbortSignal
  say: (texts: readonly string[]) => void
}

export class Answer {
  readonly candidate: Candidate
  readonly #limits: SilenceLimits
  readonly #say: AnswerSetting['say']
  /** Ends the answer: with the turn, or alone. */
  readonly #abort = new AbortController()
  /** Ends the provider's call: with the answer, or once enough was said. */
  readonly #call = new AbortController()
  readonly #enough = Promise.withResolvers<void>()
  /** UTF-16 units that may still be said. */
  #room: number
  /** Where the reply is to be slower than its brain. */
  readonly #pacer: Pacer | null
  #beganAt: number | null = null
  #usage: Usage = { inputTokens: null, outputTokens: null }
  /** Half a surrogate pair, held back until its other half comes. */
  #half = ''
  #finish: FinishReason | null = null

  constructor(candidate: Candidate, { limits, signal, say }: AnswerSetting) {
    this.candidate = candidate
    this.#limits = limits
    this.#say = say
    this.#room = candidate.maxChars
    // Not AbortSignal.any: Node keeps such a signal, with all who listen to it, until it aborts.
    signal.addEventListener('abort', () => this.#abort.abort(signal.reason), { once: true })
    const { signal: own } = this.#abort
    own.addEventListener('abort', () => this.#call.abort(own.reason), { once: true })
    this.#pacer = candidate.paceMs > 0 ? createPacer(candidate.paceMs, this.#abort.signal, say) : null
  }

  /** When the first token came, by `performance.now()`; null until then. */
  get beganAt(): number | null {
    return this.#beganAt
  }

  get usage(): Usage {
    return this.#usage
  }

  /**
   * Asks the brain; resolves when all is said. A brain that does not heed its signal is left behind.
   *
   * @throws the turn's signal's reason, or ChatError
   */
  async whole(): Promise<FinishReason> {
    const { signal } = this.#abort
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    signal.addEventListener('abort', () => reject(signal.reason as unknown), { once: true })
    try {
      return await Promise.race([this.#consume(), aborted])
    } catch (error) {
      // Whatever still streams is not heard any more.
      this.#abort.abort(error)
      throw error
    }
  }

  async #consume(): Promise<FinishReason> {
    const { brain, loadRequest } = this.candidate
    const { signal } = this.#abort
    const request = await loadRequest(signal)
    signal.throwIfAborted()
    const firstTokenTimeoutMs = brain.firstTokenTimeoutMs ?? this.#limits.firstTokenTimeoutMs
    const watchdog = createWatchdog({ ...this.#limits, firstTokenTimeoutMs }, (error) => this.#abort.abort(error))
    try {
      const reply = brain.stream(request, this.#call.signal, (parts) => {
        if (this.#call.signal.aborted) return
        this.#hear(parts)
        watchdog.heard(this.#beganAt !== null)
      })
      await Promise.race([reply, this.#enough.promise])
      watchdog.stop()
      await this.#pacer?.whenSaid()
    } catch (error) {
      // What came before the brain failed was said.
      this.#pacer?.flush()
      throw error
    } finally {
      watchdog.stop()
    }
    signal.throwIfAborted()
    if (!this.#finish)
      throw new ChatError('brain_bad_response', `The brain "${brain.id}" ended its reply without saying so.`)
    if (this.#half) this.#say(['\uFFFD'])
    return this.#finish
  }

  #hear(parts: BrainPart[]): void {
    const texts: string[] = []
    for (const part of parts) {
      if (part.type === 'token') this.#take(part.text, texts)
      else if (part.type === 'finish') this.#finish ??= part.reason
      else this.#note(part)
    }
    if (texts.length > 0) {
      this.#beganAt ??= performance.now()
      if (this.#pacer) this.#pacer.add(texts)
      else this.#say(texts)
    }
    if (this.#room < 0) this.#hangUp()
  }

  #take(text: string, texts: string[]): void {
    const room = this.#room
    this.#room -= text.length
    if (this.#room >= 0) return this.#mend(text, texts)
    // Whatever comes after the cut in the same chunk is dropped.
    if (room > 0) this.#mend(text.slice(0, room), texts)
    this.#finish ??= 'length'
    this.#half = ''
  }

  /** Ends the provider's call; the answer counts as whole up to the cut. */
  #hangUp(): void {
    this.#enough.resolve()
    this.#call.abort('length')
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

  #note({ inputTokens, outputTokens }: Usage): void {
    this.#usage = {
      inputTokens: inputTokens ?? this.#usage.inputTokens,
      outputTokens: outputTokens ?? this.#usage.outputTokens,
    }
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}
