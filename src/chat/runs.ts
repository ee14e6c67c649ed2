/** The turns that run in this process. */
import { ChatError } from './errors.ts'
import type { SessionRef } from './session.ts'
import type { TurnRef } from './store.ts'
import type { TurnRun } from './turn.ts'
import { toTurnId } from './turn-id.ts'

/** Milliseconds for the last settlements after a drain's time is over. */
const SETTLE_GRACE_MS = 2_000

export class Runs {
  readonly #runs = new Map<string, TurnRun>()

  get size(): number {
    return this.#runs.size
  }

  get(ref: TurnRef): TurnRun | undefined {
    return this.#runs.get(toKey(ref))
  }

  of({ owner, sessionId }: SessionRef): TurnRun[] {
    return [...this.#runs.values()].filter(({ turn }) => turn.owner === owner && turn.sessionId === sessionId)
  }

  /** Knows of a run until it has ended. */
  add(run: TurnRun): void {
    const key = toKey(run.turn)
    this.#runs.set(key, run)
    // The same key may be another's by now: a deleted session's id can be made anew.
    void run.ended.then(() => this.#runs.get(key) === run && this.#runs.delete(key))
  }

  /** Lets the runs finish for so long, and then ends them as interrupted. */
  async drain(timeoutMs: number): Promise<void> {
    const runs = [...this.#runs.values()]
    const error = new ChatError('interrupted', 'The service is restarting: what was said is kept.')
    const patience = setTimeout(() => runs.forEach((run) => run.end(error)), timeoutMs)
    const grace = setTimeout(() => runs.forEach((run) => run.close()), timeoutMs + SETTLE_GRACE_MS)
    await Promise.all(runs.map((run) => run.ended))
    clearTimeout(patience)
    clearTimeout(grace)
  }
}

function toKey(ref: TurnRef): string {
  return `${ref.owner}\n${toTurnId(ref)}`
}
