/** Records made by hand: a turn that went well, to be bent. */
import { type Attach, createRecord, type ReaderRecord, type SeenEvent, type WaveRecord } from './record.ts'

export const SESSION = 'c1-0-0'
export const TURN = `${SESSION}.1`
export const MARKER = `[${SESSION}#0.0]`
export const WORDS = ['one ', 'two ', 'three']
export const TEXT = WORDS.join('')

const END_SEQ = String(WORDS.length + 1).padStart(6, '0')

export function token(count: number, text = WORDS[count - 1]!, at = 1_000 + count): SeenEvent {
  return { type: 'token', offset: `${TURN}.1-00000${count}`, at, count, text, code: '' }
}

export function done(text = TEXT, more: Partial<SeenEvent> = {}): SeenEvent {
  return { type: 'done', offset: `${TURN}.1-${END_SEQ}`, at: 1_100, count: 0, text, code: 'stop', ...more }
}

export function interrupted(text: string): SeenEvent {
  return done(text, { type: 'error', offset: `${TURN}.2-000002`, code: 'interrupted' })
}

export function attach(events: SeenEvent[], more: Partial<Attach> = {}): Attach {
  return { node: 0, transport: 'sse', isSend: false, at: 1_000, after: 0, events, ending: 'end', ...more }
}

export function reader(attaches: Attach[], more: Partial<ReaderRecord> = {}): ReaderRecord {
  return { name: `${SESSION}#0 reader`, turnId: TURN, attaches, outcome: 'end', ...more }
}

/** One turn on two nodes, read by one reader, that has come to this state. */
export function record(
  readers: ReaderRecord[],
  stored: { state: string; code: string; text: string; epoch?: number } = { state: 'done', code: 'stop', text: TEXT },
): WaveRecord {
  const made = createRecord({ wave: 0, calamity: 'none', leaseS: 1, startedAt: 0 })
  const send = { sessionId: SESSION, marker: MARKER, node: 0, at: 990, answeredAt: 1_000, code: 'ok', turnId: TURN }
  const offset = `${TURN}.${stored.epoch ?? 1}-${END_SEQ}`
  const { state, code, text } = stored
  return {
    ...made,
    planned: new Map([[MARKER, { text: TEXT, fault: null }]]),
    sends: [send],
    readers,
    calls: [{ marker: MARKER, at: 995, endedAt: 1_090, wasClosed: false }],
    stored: [0, 1].map((node) => ({ turnId: TURN, node, status: 200, state, code, text, offset, endedAt: 1_100 })),
    histories: new Map([
      [SESSION, [{ turnId: TURN, role: 'assistant', status: state === 'done' ? 'complete' : state, content: text }]],
    ]),
  }
}
