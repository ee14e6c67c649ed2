/** One WebSocket, from its opening to its end, and the turns that are read on it. */
import { aborted, connectionLost, fromErrorFrame, ReparteeError } from './errors.ts'
import type { DoneFrame, ErrorFrame, StartFrame, TokenFrame } from './frames.ts'
import type { Attach, Ending, Listener } from './line.ts'
import { type Watch, watchConnection } from './watch.ts'

/** A message has data, the end a code. */
export interface SocketEvent {
  readonly type: string
  readonly data?: unknown
  readonly code?: number
}

/** What is used of a WebSocket: a browser's, Node's, React Native's, or that of `ws`. */
export interface WebSocketLike {
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: SocketEvent) => void): void
  send(text: string): void
  close(): void
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike

export interface ConnectionOptions {
  socket: WebSocketLike
  token: string | undefined
  silenceMs: number
  /** Called once, when it is of no more use. */
  onClose: () => void
}

interface Attached {
  attach: Attach
  listener: Listener
  /** Until its `chat_start` came, frames of its turn are another reader's. */
  turnId: string | null
  resolve(): void
  reject(error: ReparteeError): void
}

type SocketFrame = { event: string; data: Record<string, unknown> }

const CLOSED_UNAUTHORIZED = 4401
const CLOSED_SIZE = 1009

export class Connection {
  readonly #socket: WebSocketLike
  readonly #attached = new Set<Attached>()
  readonly #watch: Watch
  readonly #onClose: () => void
  readonly #opened: Promise<void>
  #isClosed = false

  constructor({ socket, token, silenceMs, onClose }: ConnectionOptions) {
    this.#socket = socket
    this.#onClose = onClose
    let isOpen = false
    this.#opened = new Promise((resolve) => {
      socket.addEventListener('open', () => {
        isOpen = true
        // As a frame, not as a sub-protocol: a page cannot see why an upgrade was refused.
        if (token !== undefined) this.#say('auth', { token })
        resolve()
      })
    })
    this.#watch = watchConnection({
      silenceMs,
      onLost: () => this.close(),
      onQuiet: () => {
        if (isOpen) this.#say('ping', {})
      },
    })
    socket.addEventListener('message', ({ data }) => this.#receive(String(data)))
    socket.addEventListener('close', ({ code }) => this.#end(code))
    // `close` comes after it.
    socket.addEventListener('error', () => {})
  }

  /** How many turns are read on it. */
  get size(): number {
    return this.#attached.size
  }

  /** Finds out now whether it has been silent for too long. */
  look(): void {
    this.#watch.look()
  }

  attach(attach: Attach, listener: Listener, signal: AbortSignal): Promise<Ending> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        this.#attached.delete(attached)
        signal.removeEventListener('abort', leave)
        settle()
      }
      const leave = () => end(() => reject(aborted()))
      const attached: Attached = {
        attach,
        listener,
        turnId: null,
        resolve: () => end(() => resolve('ended')),
        reject: (error) => end(() => reject(error)),
      }
      if (signal.aborted) return leave()
      if (this.#isClosed) return attached.reject(connectionLost())
      this.#attached.add(attached)
      signal.addEventListener('abort', leave)
      void this.#opened.then(() => {
        if (this.#attached.has(attached)) this.#say(...toSocketFrame(attach))
      })
    })
  }

  /** Leaves all turns; they go on. */
  close(): void {
    this.#end(undefined)
    this.#socket.close()
  }

  #receive(text: string): void {
    this.#watch.heard()
    const { event, data } = decode(text)
    if (event === 'chat_start') this.#start(data)
    else if (event === 'chat_token' || event === 'chat_complete') this.#pass(data)
    else if (event === 'chat_stream_error') this.#fail(data)
  }

  #fail(data: Record<string, unknown>): void {
    if ('partial_text' in data) this.#pass(data)
    else this.#refuse(data as unknown as ErrorFrame & Echo)
    // The service is about to close it, and hears nothing more.
    if (data.code === 'unauthorized') this.close()
  }

  #pass({ offset, ...frame }: Record<string, unknown>): void {
    for (const attached of this.#attached) {
      if (attached.turnId !== frame.turn_id) continue
      const heard = frame as unknown as TokenFrame | DoneFrame | ErrorFrame
      const expected = attached.listener.hear(heard, typeof offset === 'string' ? offset : null)
      if (expected !== 'more') attached.resolve()
    }
  }

  #start({ client_message_id, ...frame }: Record<string, unknown>): void {
    const start = frame as unknown as StartFrame
    for (const attached of this.#attached) {
      if (!isMeant(attached, { client_message_id, turn_id: start.turn_id })) continue
      attached.turnId = start.turn_id
      attached.listener.start(start)
    }
  }

  #refuse(frame: ErrorFrame & Echo): void {
    const error = fromErrorFrame(frame)
    for (const attached of this.#attached) {
      if (attached.turnId === null && isMeant(attached, frame)) attached.reject(error)
    }
  }

  #end(code: number | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#watch.stop()
    this.#onClose()
    for (const attached of this.#attached) attached.reject(toError(code, attached))
  }

  #say(event: string, data: object): void {
    this.#socket.send(JSON.stringify({ event, data }))
  }
}

/** What the service repeats of what it answers. */
interface Echo {
  client_message_id?: unknown
  turn_id?: unknown
}

/** Whether an answer is to this attach. What repeats nothing is said to all. */
function isMeant({ attach }: Attached, { client_message_id, turn_id }: Echo): boolean {
  if (client_message_id !== undefined) {
    return attach.type !== 'follow' && attach.body.client_message_id === client_message_id
  }
  return turn_id === undefined || (attach.type === 'follow' && attach.turnId === turn_id)
}

/** What is no frame of ours is no event that anyone waits for. */
function decode(text: string): SocketFrame {
  try {
    return JSON.parse(text) as SocketFrame
  } catch {
    return { event: '', data: {} }
  }
}

function toSocketFrame(attach: Attach): [event: string, data: object] {
  if (attach.type === 'follow') return ['chat_resume', { turn_id: attach.turnId, after: attach.after }]
  return ['chat_stream', attach.body]
}

function toError(code: number | undefined, { attach, turnId }: Attached): ReparteeError {
  if (code === CLOSED_UNAUTHORIZED) {
    return new ReparteeError('The service has closed the socket: sign in.', { code: 'unauthorized' })
  }
  // One of those that wait has sent too much; a turn that has begun can be read again.
  if (code === CLOSED_SIZE && turnId === null && attach.type !== 'follow') {
    return new ReparteeError('The message is too long for a socket.', { code: 'body_too_large' })
  }
  return connectionLost()
}
