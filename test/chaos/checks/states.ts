/** What a turn may come to, and how often it may be asked for. */
import type { CallRecord, WaveRecord } from '../record.ts'
import { deaths, type Rule, storeFaults, type TurnView } from './turns.ts'

export const doneIsStored: Rule = {
  invariant: 6,
  name: '`done` means stored',
  round: 'a turn of which some reader saw `done`, asked of every node afterwards',
  rounds: (turns) => turns.filter((turn) => !turn.isDeleted && sawDone(turn)).length,
  breaches: (turns) =>
    turns.flatMap((turn) => {
      const done = sawDone(turn)
      if (!done || turn.isDeleted) return []
      return turn.stored
        .filter(({ state, text }) => (state !== 'done' && state !== 'stopped') || text !== done.text)
        .map(({ node, state, status }) => `${turn.turnId}: done was seen, and node ${node} says ${status} ${state}`)
    }),
}

function sawDone({ readers }: TurnView) {
  return readers.flatMap(({ terminals }) => terminals).find(({ type }) => type === 'done')
}

export const oneTurnPerSession: Rule = {
  invariant: 7,
  name: 'One turn per session',
  round: 'three messages at once into one session, over several nodes',
  rounds: (_turns, { rivals }) => rivals.length,
  breaches: (turns) => {
    const bySession = Map.groupBy(turns, ({ sessionId }) => sessionId)
    return [...bySession.values()].flatMap((ofSession) => findOverlaps(ofSession))
  },
}

/** A turn is accepted after the one before it has ended. */
function findOverlaps(turns: TurnView[]): string[] {
  const ordered = turns.toSorted((a, b) => toNumber(a.turnId) - toNumber(b.turnId))
  return ordered.slice(1).flatMap((turn, i) => {
    const before = ordered[i]!
    const endedAt = Math.max(...before.stored.map((stored) => stored.endedAt).filter((at) => at > 0))
    if (turn.acceptedAt >= endedAt) return []
    return [`${turn.turnId}: accepted ${endedAt - turn.acceptedAt} ms before ${before.turnId} ended`]
  })
}

function toNumber(turnId: string): number {
  return Number(turnId.slice(turnId.lastIndexOf('.') + 1))
}

export const idempotentSend: Rule = {
  invariant: 9,
  name: 'Idempotent send',
  round: 'a message that was sent more than once',
  rounds: (_turns, wave) => resent(wave).length,
  breaches: (_turns, wave) => [
    ...[...bySender(wave)].flatMap(([marker, sends]) => {
      const turnIds = new Set(sends.filter(({ code }) => code === 'ok').map(({ turnId }) => turnId))
      const reused = sends.some(({ code }) => code === 'message_id_reused')
      return [
        ...(turnIds.size > 1 ? [`${marker}: made ${[...turnIds].join(', ')}`] : []),
        ...(reused ? [`${marker}: message_id_reused`] : []),
      ]
    }),
    ...[...Map.groupBy(wave.calls, ({ marker }) => marker)].flatMap(([marker, calls]) =>
      calls.length > 1 ? [`${marker}: the provider was asked ${calls.length} times`] : [],
    ),
  ],
}

function bySender({ sends }: WaveRecord) {
  return Map.groupBy(sends, ({ marker }) => marker)
}

function resent(wave: WaveRecord): string[] {
  return [...bySender(wave)].filter(([, sends]) => sends.length > 1).map(([marker]) => marker)
}

export const upstreamTruth: Rule = {
  invariant: 10,
  name: 'The upstream tells the truth',
  round: 'a reply that its provider did not end',
  rounds: (turns) => turns.filter(({ planned }) => planned?.fault).length,
  breaches: (turns) =>
    turns.flatMap(({ turnId, planned, stored }) =>
      stored
        .filter(({ state }) => planned?.fault && state === 'done')
        .map(() => `${turnId}: done, after ${planned!.fault}`),
    ),
}

/** Milliseconds in which a stop closes the provider's connection; 1 s is promised, of a machine that is not loaded. */
const CLOSED_MS = 5_000
/** Milliseconds after the answer to a stop in which a provider may have come to its own end. */
const CROSSED_MS = 2_000

export const stopStops: Rule = {
  invariant: 11,
  name: 'Stop stops',
  round: 'a turn that was stopped from some node',
  rounds: (_turns, { stops }) => stops.filter(({ stopped }) => stopped).length,
  breaches: (turns, wave) =>
    wave.stops.flatMap(({ turnId, stopped, at, answeredAt }) => {
      const turn = turns.find((it) => it.turnId === turnId)
      if (!turn || turn.isDeleted || !stopped) return []
      const wrong = turn.stored.filter(({ state }) => state !== 'stopped')
      return [
        ...wrong.map(({ node, state }) => `${turnId}: stopped, and node ${node} says ${state}`),
        ...(wave.faults.length === 0 ? findUnstopped(turn, wave, at, answeredAt) : []),
      ]
    }),
}

function findUnstopped(turn: TurnView, wave: WaveRecord, at: number, answeredAt: number): string[] {
  return callsOf(turn, wave, at).flatMap(({ endedAt, wasClosed }) => {
    const late = (endedAt ?? Infinity) - at
    const saidAll = !wasClosed && (endedAt ?? Infinity) > answeredAt + CROSSED_MS
    return saidAll || late > CLOSED_MS ? [`${turn.turnId}: its provider went on for ${late} ms after the stop`] : []
  })
}

/** The calls for a turn that had begun when it was stopped. */
export function callsOf({ markers }: TurnView, { calls }: WaveRecord, stoppedAt: number): CallRecord[] {
  return calls.filter(({ marker, at }) => markers.includes(marker) && at < stoppedAt)
}

export const deleteIsFinal: Rule = {
  invariant: 12,
  name: 'Delete is final',
  round: 'a session that was deleted',
  rounds: (_turns, { deletions }) => deletions.length,
  breaches: (turns, { leftovers }) => [
    ...leftovers.map((key) => `${key} is left`),
    ...turns.flatMap(({ isDeleted, stored, turnId }) =>
      isDeleted
        ? stored
            .filter(({ status }) => status !== 404)
            .map(({ node, status }) => `${turnId}: ${status} on node ${node}`)
        : [],
    ),
  ],
}

export const legalHistory: Rule = {
  invariant: 13,
  name: 'History is legal',
  round: 'a session’s history, against its turns',
  rounds: (_turns, { histories }) => histories.size,
  breaches: (turns, { histories }) =>
    turns.flatMap(({ turnId, sessionId, stored: [turn] }) => {
      const reply = histories
        .get(sessionId)
        ?.find((message) => message.turnId === turnId && message.role === 'assistant')
      if (!turn || !reply) return []
      const status = turn.state === 'done' ? 'complete' : turn.state
      if (reply.content === turn.text && reply.status === status) return []
      return [`${turnId}: ${turn.state}, and the history says ${reply.status}`]
    }),
}

/** The lease with which a node may be taken for dead when its store was away for a moment: less is for tests. */
const REAL_LEASE_S = 10

export const storeAway: Rule = {
  invariant: 14,
  name: 'Redis away',
  round: 'a turn that ran while Redis, or a node’s way to it, failed for less than 5 s',
  rounds: (turns, wave) => struck(turns, wave).length,
  breaches: (turns, wave) =>
    struck(turns, wave).flatMap(({ turnId, stored: [turn], readers }) => {
      const ends = [turn!.code, ...readers.flatMap(({ terminals }) => terminals.map(({ code }) => code))]
      const isLost = ends.includes('store_unavailable')
      const isTaken = wave.leaseS >= REAL_LEASE_S && turn!.state === 'interrupted'
      return isLost || isTaken ? [`${turnId}: ${[...new Set(ends)].join(', ')}`] : []
    }),
}

function struck(turns: TurnView[], wave: WaveRecord): TurnView[] {
  return turns.filter(
    ({ stored, acceptedAt, isDeleted }) =>
      !isDeleted &&
      storeFaults(wave).some(({ from, to }) => acceptedAt < to && stored.some(({ endedAt }) => endedAt > from)),
  )
}

export const rollingRestart: Rule = {
  invariant: 16,
  name: 'Rolling restart',
  round: 'a turn of a wave in which all nodes were restarted',
  rounds: (turns, wave) => rolled(turns, wave).length,
  breaches: (turns, wave) =>
    rolled(turns, wave)
      .filter(({ stored }) => stored.some(({ state }) => state === 'interrupted'))
      .map(({ turnId }) => `${turnId}: interrupted`),
}

function rolled(turns: TurnView[], { faults }: WaveRecord): TurnView[] {
  return faults.some(({ kind }) => kind === 'rolling-restart') ? turns.filter(({ isDeleted }) => !isDeleted) : []
}

export const noCause: Rule = {
  invariant: 16,
  name: 'No living node is taken for dead',
  round: 'a turn of a wave in which no node or store failed',
  rounds: (turns, wave) => (isCalm(wave) ? turns.length : 0),
  breaches: (turns, wave) =>
    isCalm(wave)
      ? turns
          .filter(({ stored }) => stored.some(({ state }) => state === 'interrupted'))
          .map(({ turnId }) => `${turnId}: interrupted, and no node has died`)
      : [],
}

function isCalm(wave: WaveRecord): boolean {
  return deaths(wave).length === 0 && storeFaults(wave).length === 0 && wave.calamity !== 'rolling-restart'
}
