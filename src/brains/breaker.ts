/**
 * Stops asking a model that fails again and again: after five failures in a row it is not asked for 10 s. Then one turn
 * tries it out, and the result decides for the others. Each model has a count of its own: else a user who names a broken
 * one would take the brain away from everybody.
 */
import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen, isBrokenCircuitError } from 'cockatiel'
import { type Brain, type BrainRequest, type Hear, isBrainFailure } from '#src/chat/brain.ts'
import { ChatError } from '#src/chat/errors.ts'

const MAX_FAILURES = 5

const REST_MS = 10_000

/** Users can name any model: beside the brain's own, so many are remembered, those that were asked for last. */
const MAX_MODELS = 100

/** A provider that says when to come back is believed as far as this. */
const MAX_WAIT_MS = 60_000

export type BreakerState = 'closed' | 'open' | 'half_open'

export interface GuardedBrain extends Brain {
  /** The state of the brain's own model. */
  readonly breaker: BreakerState
  /** Whether another brain should rather be asked: this one rests, is being tried out, or has said when to come back. */
  isResting(model: string): boolean
}

/** Hears when a brain's own model is no longer asked, and when it is asked again as before. */
export type OnBreaker = (brain: string, state: 'open' | 'closed') => void

export function withBreaker(brain: Brain, onChange: OnBreaker): GuardedBrain {
  const own = new Breaker(brain, (state) => onChange(brain.id, state))
  /** In the order in which they were last asked for. */
  const others = new Map<string, Breaker>()

  function find(model: string): Breaker {
    if (model === brain.model) return own
    // Nobody hears of these: what users name stays out of the log.
    const breaker = others.get(model) ?? new Breaker(brain, () => {})
    others.delete(model)
    others.set(model, breaker)
    if (others.size > MAX_MODELS) others.delete(others.keys().next().value!)
    return breaker
  }

  return {
    ...brain,
    stream: (request, ...asked) => find(request.model).stream(request, ...asked),
    get breaker() {
      return own.state
    },
    isResting: (model) => find(model).isResting,
  }
}

class Breaker {
  readonly #brain: Brain
  readonly #policy = circuitBreaker(handleWhen(isBrainFailure), {
    breaker: new ConsecutiveBreaker(MAX_FAILURES),
    halfOpenAfter: REST_MS,
  })
  /** Epoch milliseconds, as the policy counts. */
  #openUntil = 0
  /** Until when the provider wants to be left alone. */
  #awayUntil = 0
  #failure: ChatError | undefined

  constructor(brain: Brain, onChange: (state: 'open' | 'closed') => void) {
    this.#brain = brain
    this.#policy.onBreak(() => {
      this.#openUntil = Date.now() + REST_MS
      onChange('open')
    })
    this.#policy.onReset(() => onChange('closed'))
  }

  get state(): BreakerState {
    if (this.#policy.state === CircuitState.Closed) return 'closed'
    return this.#policy.state === CircuitState.Open && Date.now() < this.#openUntil ? 'open' : 'half_open'
  }

  get isResting(): boolean {
    const isTriedOut = this.#policy.state === CircuitState.HalfOpen
    return isTriedOut || Date.now() < Math.max(this.#openUntil, this.#awayUntil)
  }

  async stream(request: BrainRequest, signal: AbortSignal, hear: Hear): Promise<void> {
    // The policy would let it wait for what comes of the turn that tries the brain out.
    if (this.#policy.state === CircuitState.HalfOpen) throw this.#toResting()
    if (this.#policy.state === CircuitState.Open) return this.#tryOut(request, signal, hear)
    return this.#policy.execute(() => this.#ask(request, signal, hear))
  }

  /** A brain that begins to speak is well: the others do not wait for its last word. */
  async #tryOut(request: BrainRequest, signal: AbortSignal, hear: Hear): Promise<void> {
    let reply = Promise.resolve()
    const begin = () =>
      new Promise<void>((resolve, reject) => {
        reply = this.#ask(request, signal, (parts) => {
          if (parts.some(({ type }) => type === 'token')) resolve()
          hear(parts)
        })
        // One that was stopped before it spoke has shown nothing: it goes on resting.
        signal.addEventListener('abort', () => reject(this.#toResting()), { once: true })
        reply.then(resolve, reject)
      })
    await this.#policy.execute(begin).catch((error: unknown) => {
      if (isBrokenCircuitError(error)) throw this.#toResting()
    })
    await reply
  }

  async #ask(request: BrainRequest, signal: AbortSignal, hear: Hear): Promise<void> {
    try {
      await this.#brain.stream(request, signal, hear)
    } catch (error) {
      if (isBrainFailure(error)) this.#note(error)
      throw error
    }
  }

  #note(error: ChatError): void {
    this.#failure = error
    if (error.retryAfter !== undefined) this.#awayUntil = Date.now() + Math.min(error.retryAfter * 1000, MAX_WAIT_MS)
  }

  #toResting(): ChatError {
    const sentence = `The brain "${this.#brain.id}" has failed again and again. ${this.#failure?.message ?? ''}`
    const retryAfter = Math.max(1, Math.ceil((this.#openUntil - Date.now()) / 1000))
    return new ChatError('brain_unavailable', sentence.trim(), { retryAfter })
  }
}
