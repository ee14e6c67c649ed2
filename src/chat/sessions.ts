/** Sessions as a user handles them: make, list, look into, change, clear and delete. */
import { randomBytes } from 'node:crypto'
import type { Brains } from './brain.ts'
import type { Chat } from './chat.ts'
import { ChatError } from './errors.ts'
import type { Message } from './message.ts'
import { choosePersona, type Personas } from './persona.ts'
import { type OnDisconnect, type Session, sessionNotFound } from './session.ts'
import type { SessionPatch, SessionQuery, Store } from './store.ts'
import { toTurnId } from './turn-id.ts'

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
  title?: string | undefined
  onDisconnect?: OnDisconnect | undefined
}

const ANONYMOUS = 'anonymous'

export class Sessions {
  readonly #options: SessionsOptions

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /** @throws ChatError `persona_unknown`, `brain_unknown` */
  start(owner: string, input: StartInput): Promise<Session> {
    this.#check(input)
    return this.#options.store.sessions.create({
      owner,
      sessionId: input.sessionId ?? createSessionId(),
      userId: owner || (input.userId ?? ANONYMOUS),
      title: input.title ?? null,
      persona: input.persona,
      brain: input.brain ?? null,
      onDisconnect: input.onDisconnect ?? 'continue',
    })
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

  /** @throws ChatError `session_not_found`, `persona_unknown`, `brain_unknown` */
  async update(owner: string, sessionId: string, patch: SessionPatch): Promise<Session> {
    this.#check(patch)
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
    throw new ChatError('turn_in_progress', 'A turn of this session is still running.', { turnId })
  }

  /** Deletes the session with all that was said in it; a running turn ends. @throws ChatError `session_not_found` */
  async delete(owner: string, sessionId: string): Promise<void> {
    const ref = { owner, sessionId }
    if (!(await this.#options.store.sessions.delete(ref))) throw sessionNotFound()
    await this.#options.chat.abandon(ref)
  }

  #check({ persona, brain }: { persona?: string | undefined; brain?: string | null | undefined }): void {
    if (persona !== undefined) choosePersona(this.#options.personas, persona)
    if (brain) this.#options.brains.choose(brain)
  }
}

/** 128 random bits: not to be guessed. */
export function createSessionId(): string {
  return randomBytes(16).toString('base64url')
}
