/** How long and how often something is tried again: back-off with full jitter, as long as there is patience. */
import type { Credentials } from './credentials.ts'
import { aborted, connectionLost, ReparteeError } from './errors.ts'
import { isOffline, listen } from './watch.ts'

/** Milliseconds: the first pause is shorter than this, each further one may be twice as long, none is longer than that. */
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 10_000

/** What passes by itself. */
const PASSING = new Set<string>(['connection_lost', 'draining', 'store_unavailable', 'rate_limited'])

export interface PatienceOptions {
  /** Milliseconds without the service; 0 tries everything once. */
  patienceMs: number
  credentials: Credentials
}

export class Patience {
  readonly #options: PatienceOptions
  readonly #signal: AbortSignal | undefined
  /** When there is no more patience (epoch milliseconds); null while the service is there. */
  #until: number | null = null
  #attempts = 0
  #hasAskedAgain = false

  constructor(options: PatienceOptions, signal?: AbortSignal) {
    this.#options = options
    this.#signal = signal
  }

  /** The service is there, though nothing has come of it yet. */
  extend(): void {
    this.#until = null
  }

  /** Something came of it. */
  renew(): void {
    this.extend()
    this.#attempts = 0
    this.#hasAskedAgain = false
  }

  /** Does it until it works. */
  async persist<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        await this.#endure(error instanceof ReparteeError ? error : connectionLost(error))
      }
    }
  }

  /** Waits until it may work. @throws the error when that will not help, or takes too long */
  async #endure(error: ReparteeError): Promise<void> {
    if (this.#signal?.aborted) throw aborted()
    if (error.code === 'unauthorized') return this.#askAgain(error)
    this.#until ??= Date.now() + this.#options.patienceMs
    const left = this.#until - Date.now()
    if (!PASSING.has(error.code) || left <= 0 || (error.retryAfter ?? 0) * 1000 > left) throw error
    const pause = isOffline() ? left : Math.min(this.#toPause(error), left)
    this.#attempts++
    const end = Date.now() + pause
    await wait(pause, this.#signal)
    // A machine that slept meanwhile did not miss the service.
    this.#until += Math.max(0, Date.now() - end)
  }

  /** A token may have expired since the app looked; a second refusal is one. */
  #askAgain(error: ReparteeError): void {
    if (!this.#options.credentials.canRenew || this.#hasAskedAgain) throw error
    this.#hasAskedAgain = true
    this.#options.credentials.refuse()
  }

  #toPause({ retryAfter }: ReparteeError): number {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#attempts)
    // Those who were sent away together must not come back together.
    return (retryAfter ?? 0) * 1000 + Math.random() * longest
  }
}

/** Milliseconds, or until the network is back. @throws ReparteeError `aborted` */
function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer)
      forget()
      signal?.removeEventListener('abort', leave)
      settle()
    }
    const leave = () => end(() => reject(aborted()))
    const timer = setTimeout(() => end(resolve), milliseconds)
    const forget = listen('online', () => end(resolve))
    signal?.addEventListener('abort', leave)
  })
}
