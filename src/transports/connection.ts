/**
 * A client's connection on which many turns can run: it does what the client's events ask for, and answers. WebSocket
 * and Socket.IO are two ports of it.
 */
import type { Chat } from '#src/chat/chat.ts'
import { ChatError, toChatError } from '#src/chat/errors.ts'
import { PLAIN_PERSONA } from '#src/chat/persona.ts'
import type { Following } from '#src/chat/sending.ts'
import { createSessionId, type Sessions } from '#src/chat/sessions.ts'
import type { NewSession } from '#src/chat/store.ts'
import { toTurnId } from '#src/chat/turn-id.ts'
import { type Identity, tokenExpired, unauthorized, whenExpired } from '#src/identity/identity.ts'
import { createCheck } from '#src/wire/check.ts'
import { createNativeDialect, type NativeOptions } from '#src/wire/dialects/native.ts'
import { toImages } from '#src/wire/images.ts'
import {
  SocketAuthRequest,
  SocketResumeRequest,
  SocketSendRequest,
  SocketStopRequest,
  toCursor,
  toTurnInput,
} from '#src/wire/requests.ts'
import { NOTHING_STOPPED, toStopResource } from '#src/wire/resources.ts'
import type { ClientEvent, SocketEvent } from '#src/wire/socket-events.ts'
import {
  createSocketEncoder,
  type Echo,
  toConnectedFrame,
  toEcho,
  toRefusalFrame,
  toSocketStart,
} from '#src/wire/socket-frames.ts'
import { FollowedTurns, type Outlet } from './followed-turns.ts'

/** What a connection needs of its socket. */
export interface Port extends Outlet {
  /** True when so much waits that the client does not read what it asks for. */
  readonly isFlooded: boolean
  /** Ends the socket after what was sent. */
  close(code: number, reason: string): void
  /** Ends it at once. */
  terminate(): void
}

/** Why the server ends a socket. */
export const CLOSE = { restart: 1012, unauthorized: 4401 } as const

/** Milliseconds in which a client that brought no token must sign in. */
const SIGN_IN_MS = 5_000

export interface ConnectionOptions {
  chat: Chat
  sessions: Sessions
  /** Who is there; null hears of nothing until the client has signed in. */
  identity: Identity | null
  /** Where the client is: what limits count by while the service is open. */
  network: string
  /** Whose token it is. It throws ChatError `unauthorized`. */
  identify: (token: string) => Promise<Identity>
  /** Hears of every event that was not done. */
  onRefused: (error: ChatError) => void
  /** Fields of this transport's frames beside those of every transport. */
  frames?: NativeOptions
}

/** Hears what an event came to: what it gave, or the refusal. */
export type Acknowledge = (answer: object) => void

/** Events that may wait to be handled, and turns that may be followed at the same time. */
const MAX_WAITING = 100
const MAX_FOLLOWED = 100

/** How the connection goes: on, until its turns have ended, or now; `dismissed` is for want of a token. */
type Stage = 'open' | 'draining' | 'leaving' | 'dismissed' | 'closed'

const checkSend = createCheck(SocketSendRequest)
const checkResume = createCheck(SocketResumeRequest)
const checkStop = createCheck(SocketStopRequest)
const checkAuth = createCheck(SocketAuthRequest)

export class Connection {
  readonly #port: Port
  readonly #options: ConnectionOptions
  readonly #commands: ReadonlyMap<unknown, (data: unknown) => Promise<object>>
  readonly #turns: FollowedTurns
  /** Events are handled one after the other, so that a stop follows its send. */
  #handled: Promise<void> = Promise.resolve()
  #waiting = 0
  #ownSessionId: string | null = null
  #stage: Stage = 'open'
  #identity: Identity | null = null
  /** Stops the clock of the sign-in, or of the token. */
  #stopClock: () => void

  constructor(port: Port, options: ConnectionOptions) {
    this.#port = port
    this.#turns = new FollowedTurns(port, () => this.#leaveWhenDone())
    this.#options = options
    const commands: Record<ClientEvent, (data: unknown) => Promise<object>> = {
      chat_stream: (data) => this.#send(data),
      chat_resume: (data) => this.#resume(data),
      chat_stop: (data) => this.#stop(data),
      auth: (data) => this.#authenticate(data),
      ping: async () => this.#pong(),
    }
    this.#commands = new Map(Object.entries(commands))
    this.#stopClock = whenExpired({ expiresAt: Date.now() + SIGN_IN_MS }, () => this.#refuse(unauthorized()))
    if (options.identity) this.#admit(options.identity)
  }

  /** How many turns it follows. */
  get following(): number {
    return this.#turns.size
  }

  /** Does what the client asks for. Whatever is wrong with it is said in a frame, and the connection stays. */
  receive(event: unknown, data: unknown = {}, acknowledge: Acknowledge = () => {}): void {
    // What comes while something waits may come after a sign-in.
    if (!this.#hears(event) && !(this.#isOn && this.#waiting > 0)) return
    // At once, however much waits.
    if (event === 'ping' && this.#identity) return acknowledge(this.#pong())
    const command = this.#commands.get(event)
    const refuse = (error: unknown) => acknowledge(this.#refuse(toChatError(error), toEcho(data)))
    if (!command) return refuse(new ChatError('frame_invalid', 'There is no such event.'))
    if (this.#waiting >= MAX_WAITING) return refuse(tooMany('Too many events at once: wait for answers.'))
    this.#waiting++
    this.#handled = this.#handled
      // It may have waited until there was nobody to do it for.
      .then(() => (this.#hears(event) ? command(data) : {}))
      .then(acknowledge, refuse)
      .then(() => {
        this.#waiting--
        this.#leaveWhenDone()
      })
  }

  /** Says what is wrong with something that is no event. */
  receiveNothing(error: ChatError): void {
    if (this.#hears()) this.#refuse(error)
  }

  /** The socket has room again. */
  drained(): void {
    this.#turns.pump()
  }

  /** The process is to end: goes on until the turns that are followed have ended, and then asks the client to come back. */
  drain(): void {
    if (this.#stage === 'open') this.#stage = 'draining'
    this.#leaveWhenDone()
  }

  /** The process ends: sends what there is of the followed turns, and asks the client to come back. */
  leave(): void {
    if (!this.#isOn) return
    this.#stage = 'leaving'
    this.#turns.leave()
    this.#leaveWhenDone()
  }

  /** Ends the socket at once. */
  terminate(): void {
    this.#port.terminate()
  }

  /** The socket is gone: the readers go, the turns go on. */
  closed(): void {
    this.#stage = 'closed'
    this.#stopClock()
    this.#turns.close()
  }

  get #owner(): string {
    if (!this.#identity) throw unauthorized()
    return this.#identity.owner
  }

  /** Before the sign-in nothing is heard but that; after a dismissal nothing at all. */
  #hears(event?: unknown): boolean {
    return this.#isOn && (this.#identity !== null || event === 'auth')
  }

  get #isOn(): boolean {
    return this.#stage !== 'closed' && this.#stage !== 'dismissed'
  }

  /** Lets a user in, or in again with a newer token. */
  #admit(identity: Identity): void {
    this.#stopClock()
    this.#identity = identity
    this.#stopClock = whenExpired(identity, () => this.#refuse(tokenExpired()))
    this.#say('connected', toConnectedFrame())
  }

  /** Says that something is not done, and returns what was said. Who has no token any more is sent away. */
  #refuse(error: ChatError, echo: Echo = {}): object {
    this.#options.onRefused(error)
    const frame = toRefusalFrame(error, echo)
    const isOver = error.code === 'unauthorized'
    if (isOver) this.#stage = 'dismissed'
    // Each turn's dismissal says the same.
    if (isOver && this.#turns.size > 0) this.#turns.dismiss(error)
    else this.#say('chat_stream_error', frame)
    this.#leaveWhenDone()
    return frame
  }

  async #send(data: unknown): Promise<object> {
    const { session_id, message, after, images: shown, ...options } = checkSend(data)
    this.#checkRoom()
    const { chat, network } = this.#options
    const owner = this.#owner
    const headers = after === undefined ? {} : { 'last-event-id': after }
    const input = toTurnInput(options, { payer: owner || network, headers })
    const images = await toImages(shown)
    const draft = session_id === undefined ? this.#draftOwnSession() : undefined
    const sessionId = session_id ?? draft!.sessionId
    const sent = await chat.send(owner, { sessionId, draft, message, images, ...input })
    if (draft) this.#ownSessionId = sessionId
    return this.#follow(await chat.followSent(sent), options, toEcho(data))
  }

  async #resume(data: unknown): Promise<object> {
    const { turn_id, ...query } = checkResume(data)
    this.#checkRoom()
    const following = await this.#options.chat.follow(this.#owner, turn_id, toCursor(turn_id, query))
    return this.#follow(following, query)
  }

  async #stop(data: unknown): Promise<object> {
    const { turn_id, session_id } = checkStop(data)
    const turnId = turn_id ?? (await this.#findRunning(session_id ?? this.#ownSessionId))
    if (turnId === null) return NOTHING_STOPPED
    const { stopped, snapshot } = await this.#options.chat.stop(this.#owner, turnId)
    return toStopResource(stopped, snapshot)
  }

  async #authenticate(data: unknown): Promise<object> {
    const { token } = checkAuth(data)
    const identity = await this.#options.identify(token)
    if (this.#identity && identity.owner !== this.#owner) throw unauthorized()
    if (this.#hears('auth')) this.#admit(identity)
    return {}
  }

  /** The session of a client that names none: the same for the connection's life, and made anew when it is deleted. */
  #draftOwnSession(): NewSession {
    const sessionId = this.#ownSessionId ?? createSessionId()
    return this.#options.sessions.draft(this.#owner, { sessionId, persona: PLAIN_PERSONA })
  }

  async #findRunning(sessionId: string | null): Promise<string | null> {
    if (sessionId === null) return null
    const { active } = await this.#options.sessions.get(this.#owner, sessionId)
    return active === null ? null : toTurnId({ sessionId, n: active })
  }

  #pong(): object {
    this.#say('pong', {})
    return {}
  }

  #checkRoom(): void {
    if (this.#turns.size >= MAX_FOLLOWED) throw tooMany('Too many turns at once on one connection.')
  }

  #follow({ turn, reader }: Following, { partial }: { partial?: boolean | undefined }, echo: Echo = {}): object {
    const dialect = createNativeDialect(
      { turn, reader },
      { ...this.#options.frames, ...(partial === undefined ? {} : { partial }) },
    )
    const start = toSocketStart(turn, echo)
    if (!this.#isOn) {
      reader.close()
      return start
    }
    this.#say('chat_start', start)
    this.#turns.add({ turnId: toTurnId(turn), reader, encoder: createSocketEncoder(dialect, turn) })
    return start
  }

  #leaveWhenDone(): void {
    if (this.#stage === 'open' || this.#stage === 'closed' || this.#turns.size > 0 || this.#waiting > 0) return
    if (this.#stage === 'dismissed') this.#port.close(CLOSE.unauthorized, 'unauthorized')
    else this.#port.close(CLOSE.restart, 'restarting')
  }

  #say(event: SocketEvent, frame: object): void {
    if (this.#stage === 'closed') return
    // Answers are not followed by cursor: a client that only asks, and never reads, is let go.
    if (this.#port.isFlooded) return this.#port.terminate()
    this.#port.send(event, JSON.stringify(frame))
  }
}

function tooMany(sentence: string): ChatError {
  return new ChatError('rate_limited', sentence, { retryAfter: 1 })
}
