/**
 * Nudges between nodes, by pub/sub: that there is more to read of a turn, and that something is asked of whoever runs
 * it. They carry no data and may be lost: what they speak of is read from the store, and found there without them, later.
 */
import type { Redis } from 'ioredis'
import type { TurnNews } from '#src/chat/store.ts'
import { type Client, createListener } from './connection.ts'

export interface Nudges {
  /** Calls `onNudge` with what is said on a channel, and with `changed` when something may have been missed. */
  listen(channel: string, onNudge: OnNudge): () => void
  close(): void
}

type OnNudge = (nudge: string) => void

/** Said to all listeners of a new connection: what was said before is not known. */
const MISSED: TurnNews = 'changed'

/** Milliseconds until a connection that has ended is followed by the next. */
const RETRY_MS = 100

/** Milliseconds between two signs of life that are asked for: a connection that is dead without a word would stay. */
const PING_MS = 5_000

export function createNudges(client: Client): Nudges {
  return new Subscriber(client)
}

class Subscriber implements Nudges {
  readonly #client: Client
  readonly #listeners = new Map<string, Set<OnNudge>>()
  readonly #pings: NodeJS.Timeout
  #connection: Redis | null = null
  #isClosed = false

  constructor(client: Client) {
    this.#client = client
    this.#pings = setInterval(() => void this.#connection?.ping().catch(() => {}), PING_MS).unref()
    this.#open()
  }

  listen(channel: string, onNudge: OnNudge): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners.add(onNudge))
    if (listeners.size === 1) void this.#subscribe([channel])
    return () => {
      if (!listeners.delete(onNudge) || listeners.size > 0) return
      this.#listeners.delete(channel)
      this.#connection?.unsubscribe(channel).catch(() => {})
    }
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#pings)
    this.#connection?.disconnect()
  }

  #open(): void {
    if (this.#isClosed) return
    const connection = createListener(this.#client) ?? null
    this.#connection = connection
    if (!connection) return this.#openSoon()
    connection.on('message', (channel: string, nudge: string) => this.#tell(channel, nudge))
    connection.once('ready', () => void this.#subscribe([...this.#listeners.keys()]))
    connection.once('end', () => this.#openSoon())
    connection.connect().catch(() => {})
  }

  #openSoon(): void {
    setTimeout(() => this.#open(), RETRY_MS).unref()
  }

  /** While there is no connection, the next one does it. */
  async #subscribe(channels: string[]): Promise<void> {
    const connection = this.#connection
    if (connection?.status !== 'ready' || channels.length === 0) return
    try {
      await connection.subscribe(...channels)
      for (const channel of channels) this.#tell(channel, MISSED)
    } catch {
      connection.disconnect()
    }
  }

  #tell(channel: string, nudge: string): void {
    this.#listeners.get(channel)?.forEach((listener) => listener(nudge))
  }
}
