/** The client: what can be asked of the service, and turns that are read to their end whatever happens on the way. */
import type { WebSocketConstructor } from './connection.ts'
import { Credentials, type TokenSource } from './credentials.ts'
import { EventStreamLine } from './event-stream.ts'
import { type CallOptions, Http } from './http.ts'
import { createId } from './id.ts'
import type { Attach, Line } from './line.ts'
import { type Reply, TurnReply } from './reply.ts'
import type {
  BrainList,
  PersonaList,
  RegenerateOptions,
  StartedSession,
  StartOptions,
  StopResult,
  SwitchResult,
  Turn,
  TurnOptions,
} from './resources.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { SocketLine, toSocketUrl } from './socket.ts'

export interface ClientOptions {
  /** `https://chat.example.com`, with a path if the service has one. Default: a page's own origin. */
  baseUrl?: string
  token?: TokenSource
  /** What turns are read by. Default `sse`. */
  transport?: 'sse' | 'websocket'
  /** Milliseconds to go on trying while the service is not there. Default 120,000; 0 tries everything once. */
  patienceMs?: number
  /** Milliseconds without a byte after which a connection is taken for dead. Default 35,000; heartbeats come every 15. */
  silenceMs?: number
  fetch?: typeof globalThis.fetch
  WebSocket?: WebSocketConstructor
}

export interface Client {
  /** Begins a session. */
  start(options?: StartOptions & CallOptions): Promise<StartedSession>
  /** Sends a message, and again with the same id until it is known to be accepted. */
  send(sessionId: string, message: string, options?: TurnOptions & CallOptions): Reply
  /** Reads a turn from an offset, or from its beginning. `text` is what came after the offset, until the end. */
  follow(turnId: string, options?: { after?: string | undefined } & CallOptions): Reply
  /** A new reply in place of the session's last one. */
  regenerate(turnId: string, options?: RegenerateOptions & CallOptions): Reply
  /** Ends a turn, or whatever runs in a session; resolves when that is kept. */
  stop(turnOrSessionId: string, options?: CallOptions): Promise<StopResult>
  /** A turn as it stands. */
  turn(turnId: string, options?: CallOptions): Promise<Turn>
  readonly sessions: Sessions
  personas(options?: CallOptions): Promise<PersonaList>
  brains(options?: CallOptions): Promise<BrainList>
  /** For everyone; null goes back to the service's own choice. Needs an admin's token where there is sign-in. */
  switchBrain(brain: string | null, options?: CallOptions): Promise<SwitchResult>
  /** Leaves all turns and closes the socket; nothing is stopped. */
  close(): void
}

const PATIENCE_MS = 120_000
const SILENCE_MS = 35_000

export function createClient(options: ClientOptions = {}): Client {
  const { patienceMs = PATIENCE_MS, silenceMs = SILENCE_MS } = options
  const baseUrl = (options.baseUrl ?? '').replace(/\/+$/, '')
  const credentials = new Credentials(options.token)
  const fetchOption = options.fetch ?? globalThis.fetch
  // A browser's own must not be called as a method.
  const fetch: typeof globalThis.fetch = (input, init) => fetchOption(input, init)
  const http = new Http({ baseUrl, credentials, fetch, patienceMs, silenceMs })
  const eventStream = new EventStreamLine(http, silenceMs)
  const line = options.transport === 'websocket' ? createSocketLine() : eventStream
  const closing = new AbortController()

  function createSocketLine(): Line {
    const WebSocket = options.WebSocket ?? globalThis.WebSocket
    return new SocketLine({ url: toSocketUrl(baseUrl), WebSocket, credentials, http, silenceMs, eventStream })
  }

  function read(opening: Attach, signal: AbortSignal | undefined): Reply {
    return new TurnReply(opening, { line, http, credentials, patienceMs, signals: [signal, closing.signal] })
  }

  return {
    start: ({ signal, ...fields } = {}) =>
      // With an id of its own, asking again makes no second session.
      http.call('POST', '/chat/start', { session_id: createId(), ...fields }, { signal }),
    send: (session_id, message, { signal, ...fields } = {}) =>
      read({ type: 'send', body: { client_message_id: createId(), ...fields, session_id, message } }, signal),
    follow: (turnId, { signal, after } = {}) => read({ type: 'follow', turnId, after, mayBeOver: true }, signal),
    regenerate: (turnId, { signal, ...fields } = {}) =>
      read({ type: 'regenerate', turnId, body: { client_message_id: createId(), ...fields } }, signal),
    // Only a turn's id has a dot in it.
    stop: (id, call) =>
      http.call(
        'POST',
        `/chat/${id.includes('.') ? 'turns' : 'sessions'}/${encodeURIComponent(id)}/stop`,
        undefined,
        call,
      ),
    turn: (id, call) => http.call('GET', `/chat/turns/${encodeURIComponent(id)}`, undefined, call),
    sessions: createSessions(http),
    personas: (call) => http.call('GET', '/chat/personas', undefined, call),
    brains: (call) => http.call('GET', '/brains', undefined, call),
    switchBrain: (brain, call) => http.call('POST', '/brain/switch', { brain }, call),
    close() {
      closing.abort()
      line.close()
    },
  }
}
