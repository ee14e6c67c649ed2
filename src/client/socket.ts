/** Turns over one WebSocket that they share. It is opened when it is needed, and stays for a while after its last turn. */
import { Connection, type WebSocketConstructor } from './connection.ts'
import type { Credentials } from './credentials.ts'
import { aborted } from './errors.ts'
import type { Http } from './http.ts'
import type { Attach, Ending, FollowAttach, Line, Listener } from './line.ts'
import type { Turn } from './resources.ts'

/** The sub-protocol that the service selects. */
const PROTOCOL = 'repartee'

/** Milliseconds that a socket without turns stays. */
const IDLE_MS = 30_000

export interface SocketLineOptions {
  url: string
  WebSocket: WebSocketConstructor
  credentials: Credentials
  http: Http
  silenceMs: number
  /** For what no socket does. */
  eventStream: Line
}

export class SocketLine implements Line {
  readonly #options: SocketLineOptions
  #connection: Connection | null = null
  #opening: Promise<Connection> | null = null
  #idle: ReturnType<typeof setTimeout> | undefined
  #isClosed = false

  constructor(options: SocketLineOptions) {
    this.#options = options
  }

  async attach(attach: Attach, listener: Listener, signal: AbortSignal): Promise<Ending> {
    if (attach.type === 'regenerate') return this.#options.eventStream.attach(attach, listener, signal)
    if (attach.type === 'follow' && attach.mayBeOver && (await this.#isOver(attach, signal))) return 'over'
    try {
      const connection = await this.#connect()
      return await connection.attach(attach, listener, signal)
    } finally {
      this.#rest()
    }
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#idle)
    this.#connection?.close()
  }

  /** A socket says nothing to whoever has read all of it. */
  async #isOver({ turnId, after }: FollowAttach, signal: AbortSignal): Promise<boolean> {
    const path = `/chat/turns/${encodeURIComponent(turnId)}`
    const { state, offset } = await this.#options.http.call<Turn>('GET', path, undefined, { signal })
    return state !== 'running' && offset === after
  }

  async #connect(): Promise<Connection> {
    this.#connection?.look()
    if (this.#connection) return this.#connection
    this.#opening ??= this.#open().finally(() => (this.#opening = null))
    return this.#opening
  }

  async #open(): Promise<Connection> {
    const { url, WebSocket, credentials, silenceMs } = this.#options
    const token = await credentials.token()
    if (this.#isClosed) throw aborted()
    const connection: Connection = new Connection({
      socket: new WebSocket(url, [PROTOCOL]),
      token,
      silenceMs,
      onClose: () => {
        if (this.#connection === connection) this.#connection = null
      },
    })
    this.#connection = connection
    return connection
  }

  #rest(): void {
    clearTimeout(this.#idle)
    if (this.#connection?.size === 0) this.#idle = setTimeout(() => this.#closeIdle(), IDLE_MS)
  }

  #closeIdle(): void {
    if (this.#connection?.size === 0) this.#connection.close()
  }
}

/** @param baseUrl `http://…` or `https://…`; empty for a page's own origin */
export function toSocketUrl(baseUrl: string): string {
  const { location } = globalThis as { location?: { origin?: string } }
  const address = baseUrl || location?.origin
  if (!address) throw new TypeError('A WebSocket needs a baseUrl.')
  return `${address.replace(/^http/, 'ws')}/ws`
}
