/** What the core is given to begin a turn, and what it gives back to follow one. */
import type { Position } from './event.ts'
import type { OnDisconnect } from './session.ts'
import type { Turn } from './store.ts'
import type { LogReader } from './turn-log.ts'

/** A position and the turn that it is in. */
export interface Offset {
  turnId: string
  position: Position
}

export interface TurnInput {
  /** The client's own id of the message: the same id with the same message is the same turn. */
  clientId?: string | undefined
  /** For this turn only. */
  persona?: string | undefined
  brain?: string | undefined
  model?: string | undefined
  /** Milliseconds between two tokens. */
  paceMs?: number | undefined
  onDisconnect?: OnDisconnect | undefined
  ifBusy?: 'reject' | 'stop' | undefined
  /** The last offset of whoever sends this again: it names the turn that was made then. */
  after?: Offset | undefined
}

export interface SendInput extends TurnInput {
  sessionId: string
  message: string
}

export interface RegenerateInput extends TurnInput {
  turnId: string
  /** Edits the user's message. */
  message?: string | undefined
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
