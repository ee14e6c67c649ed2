/**
 * The ports to whatever keeps sessions and turns. `test/suites/session-store.ts`, `turn-store.ts` and
 * `settings-store.ts` beside it are their contracts. A store is technology only: it decides nothing but what has to be decided atomically.
 *
 * Every method throws ChatError `store_unavailable` when the technology fails, and then has changed nothing or can be
 * repeated with the same arguments and the same effect.
 */
import type { TerminalEvent } from './event.ts'
import type { Image, Message } from './message.ts'
import type { ModelChoice, OnDisconnect, Session, SessionRef } from './session.ts'

export interface Store {
  readonly sessions: SessionStore
  readonly turns: TurnStore
  readonly settings: SettingsStore
  /** Resolves when the store can be read and written. */
  check(): Promise<void>
  close(): Promise<void>
}

export interface NewSession extends SessionRef {
  userId: string
  title: string | null
  persona: string
  brain: string | null
  model: ModelChoice | null
  onDisconnect: OnDisconnect
  ephemeral: boolean
}

export interface SessionPatch {
  persona?: string
  brain?: string | null
  model?: ModelChoice | null
  title?: string
  onDisconnect?: OnDisconnect
}

export interface SessionQuery {
  owner: string
  /** Only this user's. */
  userId?: string
  limit: number
  /** The last session of the page before: a page goes on after it. */
  after?: SessionPosition
}

/**
 * Characters of alternatives on one page, after which no more are read; those of one message are whole up to half of it.
 * A message can be edited a thousand times within half an hour.
 */
export const MAX_ALTERNATIVE_CHARS = 2_000_000

/** Selects the latest messages, or those before or after a message, which is named by its id. */
export interface MessagePage {
  limit: number
  /** The latest messages before this one. */
  before?: string | undefined
  /** The earliest messages after this one; null begins with the first. */
  after?: string | null
  /** Characters, alternatives included, after which no more messages are read. At least one always is. */
  maxChars?: number
}

/** A place in a listing, latest `updatedAt` first, then by id. */
export interface SessionPosition {
  updatedAt: number
  sessionId: string
}

export interface SessionStore {
  /** Creates the session, or returns the one that is there, unchanged. */
  create(session: NewSession): Promise<Session>
  get(ref: SessionRef): Promise<Session | undefined>
  /** Without the ephemeral ones. */
  list(query: SessionQuery): Promise<Session[]>
  update(ref: SessionRef, patch: SessionPatch): Promise<Session | undefined>
  /** Reads a page of the history, oldest first; empty for an unknown session, or beside an unknown message. */
  messages(ref: SessionRef, page: MessagePage): Promise<Message[]>
  /** What the user showed with a turn's message, whole; none of an unknown turn. */
  images(ref: TurnRef): Promise<Image[]>
  /**
   * Drops the messages, and the texts and logs of the turns; turns and client ids stay, so that a late retry of an old
   * send still finds its turn.
   */
  clear(ref: SessionRef): Promise<'cleared' | 'busy' | 'missing'>
  /** Drops all of it, a running turn included. False when there was nothing. */
  delete(ref: SessionRef): Promise<boolean>
}

/** Where a turn lives: `n` counts the session's turns from 1. */
export interface TurnRef extends SessionRef {
  n: number
}

export type TurnState = 'running' | 'done' | 'stopped' | 'failed' | 'interrupted'

export interface Turn extends TurnRef {
  /** The owner's number: 1 for the node that claimed the turn, one more for each that took it over. */
  epoch: number
  state: TurnState
  /** The client's own id of the message. */
  clientId: string | null
  /** Digest of what was sent: the same client id with another digest is a mistake. */
  digest: string
  /** The one asked; `end` says who answered. */
  brain: string
  model: string
  persona: string
  onDisconnect: OnDisconnect
  /** Epoch milliseconds. */
  createdAt: number
  endedAt: number | null
  /** The terminal event; its text is empty when the session was cleared. */
  end: TerminalEvent | null
}

export interface Claim extends SessionRef {
  clientId: string | null
  digest: string
  message: string
  images?: readonly Image[]
  /** Given to a session that has none. */
  title: string
  brain: string
  model: string
  persona: string
  onDisconnect: OnDisconnect
  /** The turn in whose place this one comes: it must be the session's last. */
  replaces: number | null
}

export type Claimed =
  /** The turn is this node's to run; the user's message is stored. */
  | { outcome: 'claimed'; turn: Turn }
  /** The client id is known: its turn. */
  | { outcome: 'known'; turn: Turn }
  /** Another turn of the session is running. */
  | { outcome: 'busy'; n: number }
  /** `replaces` is not the session's last turn. */
  | { outcome: 'not_last' }
  | { outcome: 'missing' }

/** A stretch of a turn's tokens: `seq` is the last one's number. */
export interface LogEntry {
  seq: number
  tokens: string[]
}

export interface Append extends LogEntry {
  turn: TurnIdentity
  epoch: number
}

/** A deleted session's id can be made anew: the turn of that number is the same only if it was created then. */
export type TurnIdentity = TurnRef & Pick<Turn, 'createdAt'>

export interface Settlement {
  turn: TurnIdentity
  /** The tokens that were not journaled yet; `tokens` may be empty. */
  tail: LogEntry
  state: Exclude<TurnState, 'running'>
  end: TerminalEvent
}

export interface TurnStore {
  /** Checks, in this order: session, client id, running turn, `replaces`. Then stores turn and user message, all in one. */
  claim(claim: Claim): Promise<Claimed>
  get(ref: TurnRef): Promise<Turn | undefined>
  /** The turn that a client id made. */
  find(ref: SessionRef, clientId: string): Promise<Turn | undefined>
  /**
   * Adds to logs, each entry on its own: `kept` (also when it was there already), or `fenced` when the turn has another
   * owner, has ended, or is gone.
   */
  append(entries: Append[]): Promise<('kept' | 'fenced')[]>
  /**
   * The log as far as it is kept, in order, from token number `after + 1` on (0 by default); undefined when its time is
   * over or the turn is unknown.
   */
  read(ref: TurnRef, after?: number): Promise<LogEntry[] | undefined>
  /**
   * Ends a turn in one step: tail, terminal event, reply, state, the session's `active`. Repeating it changes nothing.
   * `fenced`: the turn has another owner or another end; `gone`: it does not exist.
   */
  settle(settlement: Settlement): Promise<'settled' | 'fenced' | 'gone'>
  /** Makes a running turn the caller's, in the next epoch; undefined when it is not running. */
  takeOver(ref: TurnRef): Promise<Turn | undefined>
  /** Running turns whose owner is dead. */
  abandoned(): Promise<TurnRef[]>
  /**
   * Calls `onNews` when another process has written to a turn, until the returned function is called. News can be lost:
   * whoever waits for some looks by itself now and then.
   */
  watch(turn: TurnIdentity, onNews: (news: TurnNews) => void): () => void
  /** Asks the process that runs a turn, if it lives and is another, to stop it. False when the turn is not running. */
  askToStop(ref: TurnRef): Promise<boolean>
  /** Sets who hears what is asked of the turns that run here. */
  onAsked(listener: (ref: TurnRef, what: Asked) => void): void
}

/** `more`: tokens, which can be read on; `changed`: whatever else. */
export type TurnNews = 'more' | 'changed'

/** To end it as stopped; to leave it, as it is another process's now; to forget it, as its session was deleted. */
export type Asked = 'stop' | 'leave' | 'forget'

/** What is chosen while the service runs, for all its nodes, by name. It stays until it is taken back. */
export interface SettingsStore {
  /** Null when it is not set. */
  get(name: string): Promise<string | null>
  /** Null takes it back. */
  set(name: string, value: string | null): Promise<void>
}
