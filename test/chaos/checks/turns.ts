/** A wave's record by turns: what readers saw of each, beside what the nodes tell of it. */
import type { FaultRecord, Planned, ReaderRecord, SeenEvent, StoredTurn, WaveRecord } from '../record.ts'

export interface TurnView {
  turnId: string
  sessionId: string
  markers: string[]
  planned: Planned | undefined
  readers: ReaderView[]
  /** One of each node. */
  stored: StoredTurn[]
  /** When the first answer to its message began, and of which node. */
  acceptedAt: number
  acceptedBy: number
  isDeleted: boolean
  /** Whether it was ended by another than the one that ran it. */
  wasTaken: boolean
}

export interface ReaderView {
  reader: ReaderRecord
  tokens: SeenEvent[]
  /** What the tokens spell. */
  said: string
  terminals: SeenEvent[]
}

export interface Rule {
  /** The number of the invariant in the list of what is promised. */
  invariant: number
  name: string
  /** What one round is. */
  round: string
  rounds: (turns: TurnView[], wave: WaveRecord) => number
  breaches: (turns: TurnView[], wave: WaveRecord) => string[]
}

export function toTurns(wave: WaveRecord): TurnView[] {
  const turnIds = new Set(wave.sends.filter(({ code }) => code === 'ok').map(({ turnId }) => turnId!))
  const deleted = new Set(wave.deletions.map(({ sessionId }) => sessionId))
  return [...turnIds].map((turnId) => {
    const sends = wave.sends.filter((send) => send.code === 'ok' && send.turnId === turnId)
    const first = sends.toSorted((a, b) => a.answeredAt - b.answeredAt)[0]!
    const stored = wave.stored.filter((turn) => turn.turnId === turnId)
    return {
      turnId,
      sessionId: first.sessionId,
      markers: [...new Set(sends.map(({ marker }) => marker))],
      planned: wave.planned.get(first.marker),
      readers: wave.readers.filter((reader) => reader.turnId === turnId).map(toReaderView),
      stored,
      acceptedAt: first.answeredAt,
      acceptedBy: first.node,
      isDeleted: deleted.has(first.sessionId),
      wasTaken: stored.some(({ offset }) => toEpoch(offset) > 1),
    }
  })
}

function toReaderView(reader: ReaderRecord): ReaderView {
  const events = reader.attaches.flatMap((attach) => attach.events)
  const tokens = events.filter(({ type }) => type === 'token')
  return {
    reader,
    tokens,
    said: tokens.map(({ text }) => text).join(''),
    terminals: events.filter(({ type }) => type !== 'token'),
  }
}

/** An offset is `<turn>.<epoch>-<seq>`: who takes a turn over ends it in the next epoch. */
function toEpoch(offset: string): number {
  return Number(/\.(\d+)-\d+$/.exec(offset)?.[1] ?? 0)
}

/** A terminal event in the words of a stored turn. */
export function toState({ type, code }: SeenEvent): { state: string; code: string } {
  if (type === 'done') return { state: code === 'stopped' ? 'stopped' : 'done', code }
  return { state: code === 'interrupted' ? 'interrupted' : 'failed', code }
}

const STORE_FAULTS = new Set<FaultRecord['kind']>([
  'store-cut',
  'store-slow',
  'store-mute',
  'store-pause',
  'store-restart',
])
const DEATHS = new Set<FaultRecord['kind']>(['kill', 'kill-at-done', 'freeze'])

export function storeFaults({ faults }: WaveRecord): FaultRecord[] {
  return faults.filter(({ kind }) => STORE_FAULTS.has(kind))
}

export function deaths({ faults }: WaveRecord): FaultRecord[] {
  return faults.filter(({ kind }) => DEATHS.has(kind))
}
