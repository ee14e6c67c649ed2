/**
 * The names of all keys. A session's keys share a hash tag made of owner and session id: they are in one slot, and
 * another owner's session is a key that does not exist.
 */
import { hash } from 'node:crypto'
import type { SessionRef } from '#src/chat/session.ts'
import type { TurnIdentity } from '#src/chat/store.ts'

export interface Keys {
  session(ref: SessionRef): string
  log(turn: TurnIdentity): string
  /** Where an owner's sessions are listed, or those of one user. */
  index(owner: string, userId?: string): string
  /** When each node was heard of last. */
  nodes: string
  /** The sessions in which a node runs a turn, or is about to. */
  running(node: string): string
  /** A payer's running turns. */
  places(payer: string): string
  /** What the service keeps of itself: it has no time to live. */
  setting(name: string): string
  check(node: string): string
  /** The channel on which a node hears what is asked of it. */
  asked(node: string): string
}

export function createKeys(prefix: string): Keys {
  const baseOf = ({ owner, sessionId }: SessionRef): string => `${prefix}:{${digest(owner, sessionId)}}`
  return {
    session: (ref) => `${baseOf(ref)}:session`,
    log: (turn) => `${baseOf(turn)}:log:${turn.n}:${turn.createdAt}`,
    index: (...names) => `${prefix}:sessions:${digest(...names)}`,
    nodes: `${prefix}:nodes`,
    running: (node) => `${prefix}:running:${node}`,
    places: (payer) => `${prefix}:places:${digest(payer)}`,
    setting: (name) => `${prefix}:setting:${name}`,
    asked: (node) => `${prefix}:asked:${node}`,
    check: (node) => `${prefix}:check:${node}`,
  }
}

/** 128 bits of the names, as JSON, so that no two lists of names are joined to the same text. */
function digest(...names: (string | undefined)[]): string {
  return hash('sha256', JSON.stringify(names), 'base64url').slice(0, 22)
}
