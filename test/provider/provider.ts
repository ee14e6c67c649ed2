/**
 * A model provider on a loopback port that does what a script says, over real sockets: it answers, stalls, cuts and
 * lies, counts what it is asked, and sees connections close. No test framework in here: benches and processes of
 * their own run it too.
 */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'

/** Nothing listens there. */
export const REFUSING_URL = 'http://127.0.0.1:1'

export interface ProviderRequest {
  /** Counts this provider's requests from 1. */
  number: number
  /** Counts this provider's connections from 1: two requests with the same number shared one. */
  connection: number
  method: string
  path: string
  headers: IncomingHttpHeaders
  /** The body as JSON; undefined when there was none. */
  body: unknown
  /** Resolves when the connection is closed, by whomever. */
  closed: Promise<void>
}

/** One request, to be answered by a script. A script that returns without an end leaves the client waiting. */
export interface Exchange {
  readonly request: ProviderRequest
  /** Aborted when the connection is closed: pass it to every wait. */
  readonly signal: AbortSignal
  /** Sends the status line and the headers. Without them `write` sends 200. */
  head(status: number, headers?: Record<string, string>): void
  /** Sends bytes. They may arrive together with those of other writes. */
  write(bytes: string | Uint8Array): void
  /** Resolves when what was written has left, and a reader in this process has had its turn to see it alone. */
  flushed(): Promise<void>
  /** Ends the response as HTTP wants it. */
  end(): void
  /** Closes the connection with FIN, whatever the response still lacks. */
  fin(): Promise<void>
  /** Closes the connection with RST. */
  reset(): Promise<void>
}

export type Script = (exchange: Exchange) => Promise<void> | void

export interface Provider {
  /** `http://127.0.0.1:<port>`, without a path. */
  readonly url: string
  /** Every request so far, oldest first. */
  readonly requests: readonly ProviderRequest[]
  /** Connections that are open. */
  readonly connections: number
  /** What POSTs get from now on. */
  script(script: Script): void
  /** What GETs get from now on: they ask whether the provider is well. */
  scriptCheck(script: Script): void
  /** The oldest request that no other call has returned yet, or else the next one to come. */
  nextRequest(): Promise<ProviderRequest>
  /** Closes all connections, and refuses further ones; once is enough. Throws what a script threw. */
  close(): Promise<void>
}

export interface ProviderOptions {
  script: Script
  scriptCheck: Script
  /** Default 0: a free one. */
  port?: number
}

export async function startProvider(options: ProviderOptions): Promise<Provider> {
  const scripts = { POST: options.script, GET: options.scriptCheck }
  const requests: ProviderRequest[] = []
  const failures: unknown[] = []
  const queue = createQueue<ProviderRequest>()
  const sockets = trackSockets()

  const answer = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await text(incoming)
    const { number: connection, closed, signal } = sockets.get(incoming.socket)
    const { method = '', url: path = '', headers } = incoming
    const parsed: unknown = body === '' ? undefined : JSON.parse(body)
    const request = { number: requests.length + 1, connection, method, path, headers, body: parsed, closed }
    requests.push(request)
    queue.push(request)
    const script = method === 'GET' ? scripts.GET : scripts.POST
    try {
      await script(createExchange(request, response, signal))
    } catch (error) {
      // A script that waits is cancelled by its connection's end.
      if (!signal.aborted) failures.push(error)
      incoming.socket.destroy()
    }
  }

  // The client's own ends are what is tested, so nothing here times out.
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, noDelay: true }, (incoming, response) => {
    answer(incoming, response).catch(() => incoming.socket.destroy())
  })
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get connections() {
      return sockets.open
    },
    script: (script) => void (scripts.POST = script),
    scriptCheck: (script) => void (scripts.GET = script),
    nextRequest: () => queue.next(),
    async close() {
      if (!server.listening) return
      server.close()
      sockets.destroy()
      await once(server, 'close')
      if (failures.length > 0) throw new AggregateError(failures, 'A script of the provider failed')
    },
  }
}

function createExchange(request: ProviderRequest, response: ServerResponse, signal: AbortSignal): Exchange {
  const socket = response.socket as Socket
  let written: Promise<void> = Promise.resolve()
  const flushed = async () => {
    await Promise.race([written, request.closed])
    // The kernel hands loopback bytes over at once. A reader in this process polls them in the next turn of the event
    // loop and passes them on in that turn; one more turn is for luck.
    for (let turns = 0; turns < 3; turns++) await turn()
  }
  return {
    request,
    signal,
    flushed,
    head(status, headers = {}) {
      response.writeHead(status, headers)
      response.flushHeaders()
    },
    write(bytes) {
      if (signal.aborted) return
      written = new Promise((resolve) => void response.write(bytes, () => resolve()))
    },
    end: () => void response.end(),
    async fin() {
      await flushed()
      socket.end()
    },
    async reset() {
      // RST drops what the client has not read yet.
      await flushed()
      socket.resetAndDestroy()
    },
  }
}

interface Tracked {
  number: number
  closed: Promise<void>
  signal: AbortSignal
}

function trackSockets() {
  const all = new Map<Socket, Tracked>()
  let count = 0
  return {
    get open() {
      return all.size
    },
    add(socket: Socket) {
      const closing = new AbortController()
      const { promise: closed, resolve } = Promise.withResolvers<void>()
      all.set(socket, { number: ++count, closed, signal: closing.signal })
      // A client that resets the connection is nothing to be told of.
      socket.on('error', () => {})
      socket.once('close', () => {
        all.delete(socket)
        closing.abort()
        resolve()
      })
    },
    get(socket: Socket): Tracked {
      const tracked = all.get(socket)
      if (!tracked) throw new Error('The connection is closed')
      return tracked
    },
    destroy() {
      for (const socket of all.keys()) socket.destroy()
    },
  }
}

/** What was pushed and not yet taken, or a promise of what comes. */
function createQueue<T>() {
  const waiting: ((item: T) => void)[] = []
  const items: T[] = []
  return {
    push(item: T) {
      const taker = waiting.shift()
      if (taker) taker(item)
      else items.push(item)
    },
    next: () =>
      new Promise<T>((resolve) => {
        if (items.length > 0) resolve(items.shift() as T)
        else waiting.push(resolve)
      }),
  }
}
