/**
 * What happened in a wave, as plain data: the checks read nothing else. Times are epoch milliseconds of this machine, on
 * which all processes run.
 */
import type { Calamity, ProviderFault } from './schedule.ts'

/** An event as a reader saw it. A terminal event's text is the whole one, its code the finish reason or the error's. */
export interface SeenEvent {
  type: 'token' | 'done' | 'error'
  offset: string
  at: number
  /** The token's number; 0 for a terminal event. */
  count: number
  text: string
  code: string
}

/** One connection of a reader's. */
export interface Attach {
  node: number
  transport: Transport
  /** Whether it sent the message, for the first time or again, rather than asked for the turn. */
  isSend: boolean
  at: number
  /** The number of the last token that the reader had; it gave the offset of that. */
  after: number
  events: SeenEvent[]
  /**
   * How it came to its end: `end` after a terminal event, `cut` by the reader, `closed` or `lost` by the other side,
   * `silent` when nothing came, `unreachable`, or the code of a refusal or a dismissal.
   */
  ending: string
}

export const TRANSPORTS = ['sse', 'ws'] as const
export type Transport = (typeof TRANSPORTS)[number]

export interface ReaderRecord {
  name: string
  /** Null for a sender whose message was never accepted, as far as it knows. */
  turnId: string | null
  attaches: Attach[]
  /** `end`: it has the terminal event; `gone`: it was told that there is no such session or turn; `late`: its time was over. */
  outcome: 'end' | 'gone' | 'refused' | 'late'
}

/** A message's way into the service: one attempt. */
export interface SendRecord {
  sessionId: string
  /** Stands in the message, and in no other. */
  marker: string
  node: number
  at: number
  /** When its answer began. */
  answeredAt: number
  /** `ok`, or the code of a refusal, or `unreachable`. */
  code: string
  /** The turn that it made or joined, or that the refusal names. */
  turnId: string | null
}

export interface StopRecord {
  turnId: string
  node: number
  at: number
  answeredAt: number
  stopped: boolean
  state: string
}

export interface DeletionRecord {
  sessionId: string
  at: number
  answeredAt: number
}

/** A call that the provider got. */
export interface CallRecord {
  marker: string
  at: number
  /** When all was said, or the connection was closed before that. */
  endedAt: number | null
  wasClosed: boolean
}

export interface FaultRecord {
  kind: Exclude<Calamity, 'none'>
  /** Null: of all. */
  node: number | null
  from: number
  to: number
}

/** A turn as a node tells of it when all is over. */
export interface StoredTurn {
  turnId: string
  node: number
  status: number
  state: string
  code: string
  text: string
  offset: string
  endedAt: number
}

export interface StoredMessage {
  turnId: string
  role: string
  status: string
  content: string
}

export interface Planned {
  text: string
  fault: ProviderFault | null
}

export interface WaveRecord {
  wave: number
  calamity: Calamity
  leaseS: number
  startedAt: number
  /** Of each message, by marker: what its provider was to say. Empty where the provider is not ours. */
  planned: Map<string, Planned>
  /** Messages that were sent at the same moment into one session: by marker. */
  rivals: string[][]
  sends: SendRecord[]
  readers: ReaderRecord[]
  stops: StopRecord[]
  deletions: DeletionRecord[]
  calls: CallRecord[]
  faults: FaultRecord[]
  stored: StoredTurn[]
  /** Of each session that was not deleted. */
  histories: Map<string, StoredMessage[]>
  /** What no node has answered until the wave's time was over. */
  unanswered: string[]
  /** What Redis still has of deleted sessions. */
  leftovers: string[]
}

export function createRecord(of: Pick<WaveRecord, 'wave' | 'calamity' | 'leaseS' | 'startedAt'>): WaveRecord {
  return {
    ...of,
    planned: new Map(),
    rivals: [],
    sends: [],
    readers: [],
    stops: [],
    deletions: [],
    calls: [],
    faults: [],
    stored: [],
    histories: new Map(),
    unanswered: [],
    leftovers: [],
  }
}
