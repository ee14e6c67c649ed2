/** Sessions as a user handles them: make, list, look into, change, clear and delete. */
import { randomBytes } from 'node:crypto'
import type { Brains } from './brain.ts'
import type { Chat } from './chat.ts'
import type { Message } from './message.ts'
import { choosePersona, type Personas } from './persona.ts'
import { type ModelChoice, type OnDisconnect, type Session, sessionNotFound } from './session.ts'
import type { NewSession, SessionPatch, SessionQuery, Store, Turn } from './store.ts'
import { toTurnId, turnInProgress } from './turn-id.ts'

export interface SessionsOptions {
  store: Store
  brains: Brains
  personas: Personas
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

const ANONYMOUS = 'anonymous'

export class Sessions {
  readonly #options: SessionsOptions

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /** @throws ChatError `persona_unknown`, `brain_unknown` */
  async start(owner: string, input: StartInput): Promise<Session> {
    return this.#options.store.sessions.create(this.draft(owner, input))
  }

  /** A session as `start` would make it. @throws ChatError as `start` */
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

  /** What stands, oldest first. */
  messages(owner: string, sessionId: string, page: { limit: number; before?: string }): Promise<Message[]> {
    return this.#options.store.sessions.messages({ owner, sessionId }, page)
  }

  /** The turn that a client's own id of a message made. */
  findTurn(owner: string, sessionId: string, clientId: string): Promise<Turn | undefined> {
    return this.#options.store.turns.find({ owner, sessionId }, clientId)
  }

  /** @throws ChatError `session_not_found`, `persona_unknown`, `brain_unknown` */
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
  #toChoice(brain: string | null | undefined, model: string): ModelChoice {
    return { brain: brain ?? this.#options.brains.active, model }
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
