/** Turns whose owner is not here: taken over, and ended with what is kept of them. */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { draining } from './errors.ts'
import type { SessionRef } from './session.ts'
import type { Claim, Claimed, Turn, TurnRef, TurnStore } from './store.ts'
import { endTakenTurn, waitForEnd } from './turn-end.ts'
import { toTurnId } from './turn-id.ts'

export class TakeOvers {
  readonly #turns: TurnStore
  /** Ours by now, and without an end: the store did not let them be settled. */
  readonly #taken = new Set<Turn>()
  /** Stops under way, by turn: two that take over the same one would fence each other. */
  readonly #stops = new Map<string, Promise<boolean>>()
  /** Claims under way here, by session. */
  readonly #claims = new Map<string, Set<Promise<Claimed>>>()
  #isDraining = false

  constructor(turns: TurnStore) {
    this.#turns = turns
  }

  /** Claims a turn, and knows of it until whoever asked can run it. @throws ChatError `draining` */
  async claim(claim: Claim): Promise<Claimed> {
    if (this.#isDraining) throw draining()
    const key = toKey(claim)
    const claims = this.#claims.get(key) ?? new Set()
    const claiming = this.#turns.claim(claim)
    this.#claims.set(key, claims.add(claiming))
    try {
      return await claiming
    } finally {
      setImmediate(() => {
        claims.delete(claiming)
        if (claims.size === 0) this.#claims.delete(key)
      })
    }
  }

  /** Claims nothing from now on, and resolves when whatever was won before runs. */
  async drain(): Promise<void> {
    this.#isDraining = true
    await Promise.allSettled([...this.#claims.values()].flatMap((claims) => [...claims]))
    await turnOfTheLoop()
  }

  /**
   * Ends a turn that runs on another node, or lets that node end it. False when it was not running, or was just claimed
   * here.
   */
  stop(ref: TurnRef): Promise<boolean> {
    const key = `${ref.owner}\n${toTurnId(ref)}`
    const stopping = this.#stops.get(key) ?? this.#stop(ref).finally(() => this.#stops.delete(key))
    this.#stops.set(key, stopping)
    return stopping
  }

  async #stop(ref: TurnRef): Promise<boolean> {
    if (await this.isClaimedHere(ref)) return false
    // Its owner knows best what was said.
    if (!(await this.#turns.askToStop(ref))) return false
    if ((await waitForEnd(this.#turns, ref))?.end) return true
    const turn = await this.#turns.takeOver(ref)
    // The owner has ended it after all.
    if (!turn) return true
    try {
      return (await endTakenTurn(this.#turns, turn, 'stopped')) === 'settled'
    } catch (error) {
      this.#taken.add(turn)
      throw error
    }
  }

  /** Whether a claim that is under way here wins the turn. Resolves when it runs then. */
  async isClaimedHere(ref: TurnRef): Promise<boolean> {
    const claiming = this.#claims.get(toKey(ref))
    if (!claiming) return false
    const claims = await Promise.allSettled(claiming)
    if (!claims.some((it) => it.status === 'fulfilled' && isWon(it.value, ref))) return false
    await turnOfTheLoop()
    return true
  }

  /**
   * Settles the turns whose owner died. What the store does not let be settled now is settled by the next call.
   *
   * @throws what went wrong with the first that could not be settled, after all were tried
   */
  async recover(): Promise<void> {
    for (const ref of await this.#turns.abandoned()) {
      const turn = await this.#turns.takeOver(ref)
      if (turn) this.#taken.add(turn)
    }
    const failures: unknown[] = []
    for (const turn of this.#taken) {
      try {
        await endTakenTurn(this.#turns, turn, 'interrupted')
        this.#taken.delete(turn)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

function isWon(claimed: Claimed, { n }: TurnRef): boolean {
  return claimed.outcome === 'claimed' && claimed.turn.n === n
}

function toKey({ owner, sessionId }: SessionRef): string {
  return `${owner}\n${sessionId}`
}
