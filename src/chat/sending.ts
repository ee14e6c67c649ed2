/** What the core is given to begin a turn, and what it gives back to follow one. */
import type { BrainMessage } from './brain.ts'
import type { Position } from './event.ts'
import type { Image } from './message.ts'
import type { OnDisconnect } from './session.ts'
import type { NewSession, Turn } from './store.ts'
import type { LogReader } from './turn-log.ts'

/** A position and the turn that it is in. */
export interface Offset {
  turnId: string
  position: Position
}

export interface TurnInput {
  /** Whose limits it counts towards: the signed-in user, or the client's network while the service is open. */
  payer: string
  /** The client's own id of the message: the same id with the same message is the same turn. */
  clientId?: string | undefined
  /** What the user shows with the message. */
  images?: readonly Image[] | undefined
  /** For this turn only. */
  persona?: string | undefined
  brain?: string | undefined
  model?: string | undefined
  /** Text that follows the persona's prompt. */
  instructions?: string | undefined
  /** No more than the service's own limit of a reply. */
  maxTokens?: number | undefined
  /** What the brain is told in place of what the session holds, ending with the message. */
  conversation?: readonly BrainMessage[] | undefined
  /** Only the limit of stored messages holds: for endpoints whose clients send documents. */
  mayBeLong?: boolean | undefined
  /** Milliseconds between two tokens. */
  paceMs?: number | undefined
  onDisconnect?: OnDisconnect | undefined
  ifBusy?: 'reject' | 'stop' | undefined
  /** The last offset of whoever sends this again: it names the turn that was made then. */
  after?: Offset | undefined
}

export interface SendInput extends TurnInput {
  sessionId: string
  /** Made with the turn, where there is no session of that id: a send that is refused leaves none. */
  draft?: NewSession | undefined
  message: string
}

export interface RegenerateInput extends TurnInput {
  turnId: string
  /** Edits the user's message. */
  message?: string | undefined
}

/** A turn that stands alone: all of its conversation comes with it. */
export interface CompletionInput extends TurnInput {
  persona: string
  /** Ends with the user's. */
  conversation: readonly BrainMessage[]
}

export interface Sent {
  turn: Turn
  /** Where the sender goes on reading: the beginning, or after what it has. */
  after: Position
}

/** A turn and a reader of its events: whoever asked for it closes it. */
export interface Following {
  turn: Turn
  reader: LogReader
}

/** A turn as it stands. */
export interface TurnSnapshot {
  turn: Turn
  text: string
  position: Position
}
