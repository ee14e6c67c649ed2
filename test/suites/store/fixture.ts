/** What the stores' contract suites share: a store of its own for each test, and short ways to say what is done to it. */
import { afterEach, beforeEach, expect } from 'vitest'
import type { Message } from '#src/chat/message.ts'
import type { Session, SessionRef } from '#src/chat/session.ts'
import type { Claim, LogEntry, NewSession, Store, Turn, TurnIdentity } from '#src/chat/store.ts'
import { newAppend, newClaim, newSession, newSettlement, REF } from './values.ts'

export interface StoreOptions {
  sessionTtlMs: number
  turnLogTtlMs: number
  /** The store's clock: epoch milliseconds. */
  now: () => number
}

/** Opens a store that holds nothing yet. `close` leaves nothing behind. */
export type OpenStore = (options: StoreOptions) => Promise<{ store: Store; close: () => Promise<void> }>

export const DAY_MS = 86_400_000
export const SESSION_TTL_MS = 30 * DAY_MS
export const TURN_LOG_TTL_MS = 3_600_000

/** The store of the running test, and its clock, which stands still unless it is moved. */
export class Fixture {
  #opened: Awaited<ReturnType<OpenStore>> | undefined
  now = 0

  async open(openStore: OpenStore): Promise<void> {
    this.now = Date.now()
    const now = (): number => this.now
    this.#opened = await openStore({ sessionTtlMs: SESSION_TTL_MS, turnLogTtlMs: TURN_LOG_TTL_MS, now })
  }

  async close(): Promise<void> {
    await this.#opened?.close()
    this.#opened = undefined
  }

  get sessions(): Store['sessions'] {
    return this.#opened!.store.sessions
  }

  get turns(): Store['turns'] {
    return this.#opened!.store.turns
  }

  get store(): Store {
    return this.#opened!.store
  }

  create(session: Partial<NewSession> = {}): Promise<Session> {
    return this.sessions.create(newSession(session))
  }

  /** Claims a turn that must be free. */
  async start(claim: Partial<Claim> = {}): Promise<Turn> {
    const claimed = await this.turns.claim(newClaim(claim))
    if (claimed.outcome !== 'claimed') throw new Error(`expected to claim a turn, but: ${claimed.outcome}`)
    return claimed.turn
  }

  /** A whole turn: `message` is said, and `reply` answered. */
  async say(message: string, reply: string, claim: Partial<Claim> = {}): Promise<Turn> {
    const turn = await this.start({ ...claim, message })
    expect(await this.end(turn, reply)).toBe('settled')
    return turn
  }

  end(turn: Turn, text: string, ...how: Parameters<typeof newSettlement>[2][]): Promise<'settled' | 'fenced' | 'gone'> {
    return this.turns.settle(newSettlement(turn, text, how[0]))
  }

  async append(turn: TurnIdentity, seq: number, tokens: string[], epoch = 1): Promise<'kept' | 'fenced'> {
    const [outcome] = await this.turns.append([newAppend(turn, seq, tokens, epoch)])
    return outcome!
  }

  messages(ref: SessionRef = REF, limit = 100): Promise<Message[]> {
    return this.sessions.messages(ref, { limit })
  }
}

/** A fixture that is opened for each test of the `describe` that calls this. */
export function useStore(openStore: OpenStore): Fixture {
  const fixture = new Fixture()
  beforeEach(() => fixture.open(openStore))
  afterEach(() => fixture.close())
  return fixture
}

/** The tokens of a log, which must be without a hole and without a token twice. */
export function tokensOf(entries: LogEntry[] | undefined): string[] | undefined {
  let seq = 0
  return entries?.flatMap((entry) => {
    expect(entry.seq - entry.tokens.length).toBe(seq)
    seq = entry.seq
    return entry.tokens
  })
}

/** What a history says, in short: `user: Hello`. */
export function linesOf(messages: Message[]): string[] {
  return messages.map(({ role, content }) => `${role}: ${content}`)
}
