/** Counts what each client holds open at the moment, by its network. */
export class Counts {
  readonly #held = new Map<string, number>()

  of(network: string): number {
    return this.#held.get(network) ?? 0
  }

  /** Counts so many more until the returned function is called. */
  add(network: string, amount = 1): () => void {
    this.#held.set(network, this.of(network) + amount)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      const left = this.of(network) - amount
      if (left > 0) this.#held.set(network, left)
      else this.#held.delete(network)
    }
  }
}
