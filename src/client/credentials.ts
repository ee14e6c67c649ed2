/** The token that the app brings, asked for anew whenever a connection is made. */
/**
 * A token, or what gives one. The function is called for every connection, so let it keep its token; `refused` is the
 * latest one that the service did not take: when it is the kept one, get a new one. A rejection counts as a lost
 * connection and is tried again; a thrown `ReparteeError` is final.
 */
export type TokenSource = string | ((refused?: string) => string | Promise<string>)

export class Credentials {
  readonly #source: TokenSource | undefined
  #last: string | undefined
  #refused: string | undefined

  constructor(source: TokenSource | undefined) {
    this.#source = source
  }

  /** Whether there can be another token than the one that was refused. */
  get canRenew(): boolean {
    return typeof this.#source === 'function'
  }

  async token(): Promise<string | undefined> {
    this.#last = typeof this.#source === 'function' ? await this.#source(this.#refused) : this.#source
    return this.#last
  }

  /** The service did not take the last one. */
  refuse(): void {
    this.#refused = this.#last
  }
}
