import { describe, expect, it } from 'vitest'
import { check } from './checker.ts'
import type { FaultRecord, WaveRecord } from './record.ts'
import { attach, done, interrupted, MARKER, reader, record, SESSION, TEXT, token, TURN } from './records.ts'

const ALL = [token(1), token(2), token(3), done()]
const whole = () => reader([attach(ALL)])

/** The numbers of the invariants that a wave has broken. */
function broken(wave: WaveRecord): number[] {
  return check(wave).flatMap(({ invariant, breaches }) => (breaches.length > 0 ? [invariant] : []))
}

function fault(kind: FaultRecord['kind'], from = 1_050, to = 1_500): FaultRecord {
  return { kind, node: 0, from, to }
}

describe('the checker finds nothing in', () => {
  it.each<[string, WaveRecord, FaultRecord[]?]>([
    ['a turn that was read whole', record([whole()])],
    [
      'a reader that came back',
      record([reader([attach(ALL.slice(0, 2), { ending: 'cut' }), attach(ALL.slice(2), { after: 2 })])]),
    ],
    [
      'a turn whose last tokens were seen and not kept when its node was killed',
      {
        ...record([reader([attach([token(1), token(2), interrupted('one ')])])], {
          state: 'interrupted',
          code: 'interrupted',
          text: 'one ',
          epoch: 2,
        }),
        faults: [fault('kill', 1_020)],
      },
    ],
    [
      'an end that its owner could not store',
      record([reader([attach([token(1), done('one ', { type: 'error', code: 'store_unavailable' })])])], {
        state: 'interrupted',
        code: 'interrupted',
        text: 'one ',
        epoch: 2,
      }),
      [fault('store-cut', 0, 900)],
    ],
    ['a deleted session', toDeleted(record([whole()]), 404)],
  ])('%s', (_what, wave, faults = wave.faults) => expect(broken({ ...wave, faults })).toEqual([]))
})

function toDeleted(wave: WaveRecord, status: number): WaveRecord {
  return {
    ...wave,
    deletions: [{ sessionId: SESSION, at: 1_200, answeredAt: 1_210 }],
    stored: wave.stored.map((turn) => ({ ...turn, status, state: '', text: '', endedAt: Number.NaN })),
    histories: new Map(),
    planned: new Map(),
  }
}

const failed = { state: 'failed', code: 'brain_unavailable', text: TEXT }

const BREACHES: [string, number[], WaveRecord][] = [
  ['an event that came twice', [1], record([reader([attach([token(1), token(2), token(2), token(3), done()])])])],
  [
    'a hole',
    [1, 4],
    record([reader([attach([token(1), token(3), done('one three')])])], { ...stored(), text: 'one three' }),
  ],
  [
    'a resumed reader that got too much',
    [1],
    record([
      reader([attach([token(1), token(2)], { ending: 'cut' }), attach([token(2), token(3), done()], { after: 2 })]),
    ]),
  ],
  ['a text that is not the end’s', [1], record([reader([attach([token(1), token(2), done()])])])],
  [
    'tokens that were lost though nobody died',
    [1, 4],
    record([reader([attach([token(1), token(2), token(3), done('one two ')])])], { ...stored(), text: 'one two ' }),
  ],
  [
    'tokens that were lost long after they had been shown',
    [1],
    {
      ...record([reader([attach([token(1), token(2), interrupted('one ')])])], {
        state: 'interrupted',
        code: 'interrupted',
        text: 'one ',
        epoch: 2,
      }),
      faults: [fault('kill', 3_000)],
    },
  ],
  [
    'a reader that was sent away',
    [2, 8],
    record([reader([attach([], { ending: 'turn_expired' })], { outcome: 'refused' })]),
  ],
  ['two ends', [3], record([reader([attach([...ALL, done(TEXT, { offset: `${TURN}.2-000005` })])])])],
  [
    'something after the end',
    [1, 3],
    record([reader([attach([...ALL, { ...token(1), offset: `${TURN}.9-000009` }])])]),
  ],
  ['an end that is not the store’s', [3, 6], record([whole()], failed)],
  [
    'a text that the provider never said',
    [4],
    { ...record([whole()]), planned: new Map([[MARKER, { text: 'Else', fault: null }]]) },
  ],
  ['a reader without an end', [8], record([reader([attach([token(1)])], { outcome: 'late' })])],
  ['a turn that still runs', [3, 6, 8], record([whole()], { state: 'running', code: '', text: TEXT })],
  [
    'a turn that is not to be found',
    [8],
    record([reader([attach([], { ending: 'turn_not_found' })], { outcome: 'gone' })]),
  ],
  ['a node that does not answer', [8], { ...record([whole()]), unanswered: ['GET /'] }],
  ['a second call', [9], withMore(record([whole()]), 'calls', { marker: MARKER, at: 1, endedAt: 2, wasClosed: true })],
  [
    'a message that made two turns, and two turns at once',
    [7, 9],
    withMore(
      withMore(record([whole()]), 'sends', {
        ...record([]).sends[0]!,
        turnId: `${SESSION}.2`,
        answeredAt: 1_010,
      }),
      'stored',
      { ...record([]).stored[0]!, turnId: `${SESSION}.2` },
    ),
  ],
  [
    'a reply that was cut and called done',
    [10],
    { ...record([whole()]), planned: new Map([[MARKER, { text: TEXT, fault: 'fin' }]]) },
  ],
  ['a stop that did not stop', [11], { ...record([whole()]), stops: [stop()] }],
  [
    'a provider that went on after a stop',
    [11],
    {
      ...record([reader([attach([token(1), done('one ', { code: 'stopped' })])])], {
        ...stored('stopped'),
        text: 'one ',
      }),
      calls: [{ marker: MARKER, at: 995, endedAt: 9_000, wasClosed: false }],
      stops: [stop()],
    },
  ],
  ['what is left of a deleted session', [12], { ...toDeleted(record([whole()]), 404), leftovers: ['chaos:{x}:log'] }],
  ['a deleted turn that answers', [12], toDeleted(record([whole()]), 200)],
  ['a history that tells another story', [13], { ...record([whole()]), histories: toHistory('Else') }],
  [
    'a turn that failed because Redis was away for a moment',
    [14],
    {
      ...record([reader([attach([...ALL.slice(0, 3), done(TEXT, { type: 'error', code: 'store_unavailable' })])])], {
        ...failed,
        code: 'store_unavailable',
      }),
      faults: [fault('store-restart')],
    },
  ],
  [
    'a turn that a rolling restart cut short',
    [16],
    {
      ...record([reader([attach([token(1), interrupted('one ')])])], {
        state: 'interrupted',
        code: 'interrupted',
        text: 'one ',
      }),
      calamity: 'rolling-restart',
      faults: [fault('rolling-restart')],
    },
  ],
]

function stored(state = 'done') {
  return { state, code: state === 'done' ? 'stop' : state, text: TEXT }
}

function stop() {
  return { turnId: TURN, node: 0, at: 1_050, answeredAt: 1_060, stopped: true, state: 'stopped' }
}

function toHistory(content: string) {
  return new Map([[SESSION, [{ turnId: TURN, role: 'assistant', status: 'complete', content }]]])
}

function withMore<K extends 'calls' | 'sends' | 'stored'>(wave: WaveRecord, key: K, more: WaveRecord[K][number]) {
  return { ...wave, [key]: [...wave[key], more] }
}

describe('the checker finds', () => {
  it.each(BREACHES)('%s', (_what, invariants, wave) => {
    const found = [...new Set(broken(wave))].toSorted((a, b) => a - b)
    expect(found).toEqual(invariants)
  })
})
