/** Sessions as a user handles them: make, list, look into, change, clear and delete. */
import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { type Brains, checkModel } from './brain.ts'
import type { Chat } from './chat.ts'
import type { Limits } from './limits.ts'
import type { Message } from './message.ts'
import { choosePersona, type Personas } from './persona.ts'
import { type ModelChoice, type OnDisconnect, type Session, sessionNotFound } from './session.ts'
import type { NewSession, SessionPatch, SessionQuery, Store, Turn } from './store.ts'
import { toTurnId, turnInProgress } from './turn-id.ts'

export interface SessionsOptions {
  store: Store
  brains: Brains
  personas: Personas
  limits: Limits
  chat: Chat
}

export interface StartInput {
  /** Whom an open service is told that the session is for. A signed-in owner is the user, whatever is said here. */
  userId?: string | undefined
  persona: string
  /** Makes the session with this id, or returns the one that has it. */
  sessionId?: string | undefined
  brain?: string | undefined
  /** Of that brain, or else of the one that would speak now. */
  model?: string | undefined
  title?: string | undefined
  onDisconnect?: OnDisconnect | undefined
}

export interface SessionChange extends Omit<SessionPatch, 'model'> {
  /** Of the session's brain, or else of the one that would speak now; null leaves it to the brain. */
  model?: string | null
}

export interface HistoryQuery {
  limit: number
  /** A message's id. */
  before?: string | undefined
}

export interface History {
  messages: Message[]
  /** Whether there are earlier messages. */
  hasMore: boolean
}

/** Characters of a history that are read for one answer. */
const PAGE_CHARS = 1_000_000

/** The steps in which a whole conversation is read. They are small: a reader that stops keeps one in memory. */
const STEP = { limit: 200, maxChars: 65_536 }

const ANONYMOUS = 'anonymous'

export class Sessions {
  readonly #options: SessionsOptions

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /**
   * Makes a session, or returns the one that has its id.
   *
   * @param payer whose limit the session counts towards, where it is new
   * @throws ChatError `persona_unknown`, `brain_unknown`, `invalid_request`, `rate_limited`
   */
  async start(owner: string, payer: string, input: StartInput): Promise<Session> {
    const { limits, store } = this.#options
    const draft = this.draft(owner, input)
    const known = input.sessionId === undefined ? undefined : await store.sessions.get(draft)
    if (known) return known
    await limits.takeSession(payer)
    return store.sessions.create(draft)
  }

  /** A session as `start` would make it. @throws ChatError `persona_unknown`, `brain_unknown`, `invalid_request` */
  draft(owner: string, input: StartInput): NewSession {
    this.#check(input)
    return {
      owner,
      sessionId: input.sessionId ?? createSessionId(),
      userId: owner || (input.userId ?? ANONYMOUS),
      title: input.title ?? null,
      persona: input.persona,
      brain: input.brain ?? null,
      model: input.model === undefined ? null : this.#toChoice(input.brain, input.model),
      onDisconnect: input.onDisconnect ?? 'continue',
      ephemeral: false,
    }
  }

  /** @throws ChatError `session_not_found` */
  async get(owner: string, sessionId: string): Promise<Session> {
    const session = await this.#options.store.sessions.get({ owner, sessionId })
    if (!session) throw sessionNotFound()
    return session
  }

  list(query: SessionQuery): Promise<Session[]> {
    return this.#options.store.sessions.list(query)
  }

  /** Reads the latest `limit` messages before one, oldest first; fewer where their texts exceed `PAGE_CHARS`. */
  async history({ owner, sessionId, messageCount }: Session, { limit, before }: HistoryQuery): Promise<History> {
    const { sessions } = this.#options.store
    const ref = { owner, sessionId }
    // One more message shows whether there are earlier ones.
    const found = await sessions.messages(ref, { limit: limit + 1, before, maxChars: PAGE_CHARS })
    const messages = found.slice(Math.max(0, found.length - limit))
    const [first] = messages
    if (found.length > limit || !first) return { messages, hasMore: found.length > limit }
    const isAll = before === undefined && found.length >= messageCount
    const earlier = isAll ? [] : await sessions.messages(ref, { limit: 1, before: first.messageId, maxChars: 1 })
    return { messages, hasMore: earlier.length > 0 }
  }

  /**
   * Yields all messages that stand, from the first on, a few at a time, as the caller asks for them.
   *
   * @throws ChatError `session_not_found` when the session was deleted or cleared meanwhile: there would be a hole
   */
  async *all(session: Session): AsyncGenerator<Message[], void, undefined> {
    const { owner, sessionId } = session
    let after: string | null = null
    let read = 0
    for (;;) {
      const messages = await this.#options.store.sessions.messages({ owner, sessionId }, { ...STEP, after })
      if (messages.length === 0) break
      yield messages
      after = messages.at(-1)!.messageId
      read += messages.length
      // Where both store and socket are fast, the next step would else come before anybody else's.
      await setImmediate()
    }
    const { createdAt } = await this.get(owner, sessionId)
    if (read < session.messageCount || createdAt !== session.createdAt) throw sessionNotFound()
  }

  /** The turn that a client's own id of a message made. */
  findTurn(owner: string, sessionId: string, clientId: string): Promise<Turn | undefined> {
    return this.#options.store.turns.find({ owner, sessionId }, clientId)
  }

  /** @throws ChatError `session_not_found`, `persona_unknown`, `brain_unknown`, `invalid_request` */
  async update(owner: string, sessionId: string, { model, ...change }: SessionChange): Promise<Session> {
    this.#check(change)
    const patch: SessionPatch = { ...change }
    if (model === null) patch.model = null
    else if (model !== undefined) {
      const { brain } = change.brain === undefined ? await this.get(owner, sessionId) : change
      patch.model = this.#toChoice(brain, model)
    }
    const session = await this.#options.store.sessions.update({ owner, sessionId }, patch)
    if (!session) throw sessionNotFound()
    return session
  }

  /** @throws ChatError `session_not_found`, `turn_in_progress` */
  async clear(owner: string, sessionId: string): Promise<Session> {
    const ref = { owner, sessionId }
    const outcome = await this.#options.store.sessions.clear(ref)
    if (outcome === 'cleared') this.#options.chat.forget(ref)
    const session = await this.get(owner, sessionId)
    if (outcome !== 'busy') return session
    const turnId = session.active === null ? undefined : toTurnId({ sessionId, n: session.active })
    throw turnInProgress(turnId)
  }

  /** Deletes the session with all that was said in it; a running turn ends. @throws ChatError `session_not_found` */
  async delete(owner: string, sessionId: string): Promise<void> {
    const ref = { owner, sessionId }
    if (!(await this.#options.store.sessions.delete(ref))) throw sessionNotFound()
    await this.#options.chat.abandon(ref)
  }

  /** The active brain may be another one soon, which must not be asked for this one's model. */
  #toChoice(id: string | null | undefined, model: string): ModelChoice {
    const { brains } = this.#options
    const brain = brains.choose(id ?? null)
    checkModel(brains, brain, model)
    return { brain: brain.id, model }
  }

  #check({ persona, brain }: { persona?: string | undefined; brain?: string | null | undefined }): void {
    if (persona !== undefined) choosePersona(this.#options.personas, persona)
    if (brain) this.#options.brains.choose(brain)
  }
}

/** A session for one turn, whose conversation is the client's own to keep. */
export function toEphemeralSession(owner: string, persona: string): NewSession {
  return {
    owner,
    sessionId: createSessionId(),
    userId: owner || ANONYMOUS,
    title: null,
    persona,
    brain: null,
    model: null,
    onDisconnect: 'stop',
    ephemeral: true,
  }
}

/** 128 random bits: not to be guessed. */
export function createSessionId(): string {
  return randomBytes(16).toString('base64url')
}
