/** One clock for all connections: a timer each would be re-armed with every token. */

export interface Beating {
  /** Called every second. */
  tick(): void
}

const TICK_MS = 1_000

export class Heartbeat {
  readonly #beating = new Set<Beating>()
  #timer: NodeJS.Timeout | null = null

  add(connection: Beating): void {
    this.#beating.add(connection)
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref()
  }

  remove(connection: Beating): void {
    this.#beating.delete(connection)
    if (this.#beating.size > 0 || !this.#timer) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #tick(): void {
    for (const connection of this.#beating) connection.tick()
  }
}
