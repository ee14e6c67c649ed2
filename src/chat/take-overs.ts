/** Turns whose owner is not here: taken over, and ended with what is kept of them. */
import type { Turn, TurnRef, TurnStore } from './store.ts'
import { endTakenTurn } from './turn-end.ts'

export class TakeOvers {
  readonly #turns: TurnStore
  /** Ours by now, and without an end: the store did not let them be settled. */
  readonly #taken = new Set<Turn>()

  constructor(turns: TurnStore) {
    this.#turns = turns
  }

  /** Ends a turn that runs on another node, which hears of it with its next word. False when it was not running. */
  async stop(ref: TurnRef): Promise<boolean> {
    const turn = await this.#turns.takeOver(ref)
    if (!turn) return false
    this.#taken.add(turn)
    const outcome = await endTakenTurn(this.#turns, turn, 'stopped')
    this.#taken.delete(turn)
    return outcome === 'settled'
  }

  /** Settles the turns whose owner died. What the store does not let be settled now is settled by the next call. */
  async recover(): Promise<void> {
    for (const ref of await this.#turns.abandoned()) {
      const turn = await this.#turns.takeOver(ref)
      if (turn) this.#taken.add(turn)
    }
    for (const turn of this.#taken) {
      await endTakenTurn(this.#turns, turn, 'interrupted')
      this.#taken.delete(turn)
    }
  }
}
