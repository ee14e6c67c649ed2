/** What a reader may see of a turn. */
import type { Attach, SeenEvent, WaveRecord } from '../record.ts'
import { deaths, type ReaderView, type Rule, toState, type TurnView } from './turns.ts'

/**
 * Milliseconds before a death: what was shown earlier is kept. A flush comes every 25; the rest is for what a flush, a
 * reader in a busy process, and the death itself take.
 */
const UNKEPT_MS = 25 + 475

export const exactReplay: Rule = {
  invariant: 1,
  name: 'Exact replay',
  round: 'a turn whose readers came back at least once',
  rounds: (turns) => turns.filter(({ readers }) => readers.some(({ reader }) => reader.attaches.length > 1)).length,
  breaches: (turns, wave) =>
    turns.flatMap((turn) => turn.readers.flatMap((view) => [...findJumps(view), ...findWrongText(turn, view, wave)])),
}

/** Each event once and in order, over all connections. */
function findJumps({ reader }: ReaderView): string[] {
  const breaches: string[] = []
  let latest = ''
  for (const [i, attach] of reader.attaches.entries()) {
    let count = attach.after
    for (const event of attach.events) {
      const where = `${reader.name}, connection ${i} (${attach.transport}, node ${attach.node})`
      if (event.type === 'token' && event.count !== count + 1)
        breaches.push(`${where}: token ${event.count} after ${count}`)
      if (event.offset <= latest) breaches.push(`${where}: ${event.offset} after ${latest}`)
      latest = event.offset
      if (event.type === 'token') count = event.count
    }
  }
  return breaches
}

function findWrongText(turn: TurnView, { reader, said, tokens, terminals }: ReaderView, wave: WaveRecord): string[] {
  const [terminal] = terminals
  if (!terminal || turn.isDeleted || isOfAwayStore(terminal)) return []
  const { text } = terminal
  if (said === text) return []
  if (!said.startsWith(text)) return [`${reader.name}: was told ${quote(said)}, and the end says ${quote(text)}`]
  const unkept = said.length - text.length
  if (!turn.wasTaken)
    return [`${reader.name}: ${unkept} characters more than were kept of a turn that nobody has taken over`]
  return findEarlyLoss(reader.name, toUnkept(tokens, text.length), wave)
}

function toUnkept(tokens: SeenEvent[], kept: number): SeenEvent[] {
  let length = 0
  return tokens.filter(({ text }) => (length += text.length) > kept)
}

/** What was seen well before its node's death must have been kept. */
function findEarlyLoss(name: string, unkept: SeenEvent[], wave: WaveRecord): string[] {
  const [death] = deaths(wave)
  const [first] = unkept
  if (!death || !first || wave.faults.length > 1) return []
  const early = death.from - first.at
  return early > UNKEPT_MS ? [`${name}: what was shown ${early} ms before its node died was not kept`] : []
}

/** A store that was away for too long: the end that its owner shows may not be the true one. */
export function isOfAwayStore({ code }: SeenEvent): boolean {
  return code === 'store_unavailable'
}

export const noSilentHole: Rule = {
  invariant: 2,
  name: 'No silent hole',
  round: 'a connection that was resumed from an offset',
  rounds: (turns) => resumed(turns).length,
  breaches: (turns) =>
    turns.flatMap(({ readers }) =>
      readers.flatMap(({ reader }) =>
        reader.attaches
          .filter(({ ending }) => ending === 'turn_expired' || ending === 'invalid_request')
          .map(({ ending, after, node }) => `${reader.name}: ${ending} on node ${node} after token ${after}`),
      ),
    ),
}

function resumed(turns: TurnView[]): Attach[] {
  return turns.flatMap(({ readers }) =>
    readers.flatMap(({ reader }) => reader.attaches.filter(({ after }) => after > 0)),
  )
}

export const oneEnd: Rule = {
  invariant: 3,
  name: 'One end',
  round: 'a turn, over all its readers and nodes',
  rounds: (turns) => turns.length,
  breaches: (turns) => turns.flatMap((turn) => turn.readers.flatMap((view) => findWrongEnd(turn, view))),
}

function findWrongEnd({ stored, isDeleted }: TurnView, { reader, terminals }: ReaderView): string[] {
  const breaches: string[] = []
  if (terminals.length > 1) breaches.push(`${reader.name}: ${terminals.length} ends`)
  for (const { events } of reader.attaches) {
    const end = events.findIndex(({ type }) => type !== 'token')
    if (end !== -1 && end < events.length - 1) breaches.push(`${reader.name}: something after the end`)
  }
  const [terminal] = terminals
  if (!terminal || isDeleted || isOfAwayStore(terminal)) return breaches
  const { state, code } = toState(terminal)
  for (const turn of stored) {
    if (turn.state === state && turn.code === code && turn.text === terminal.text) continue
    breaches.push(
      `${reader.name}: saw ${state} (${code}) ${quote(terminal.text)}, node ${turn.node} has ${turn.state} (${turn.code}) ${quote(turn.text)}`,
    )
  }
  return breaches
}

export const bytes: Rule = {
  invariant: 4,
  name: 'Bytes',
  round: 'a turn, against what its provider said',
  rounds: (turns) => turns.filter(({ planned }) => planned).length,
  breaches: (turns) =>
    turns.flatMap(({ turnId, planned, stored }) =>
      stored.flatMap(({ text, state, node }) => {
        if (!planned || text === planned.text) return []
        if (state !== 'done' && planned.text.startsWith(text)) return []
        return [`${turnId}: node ${node} has ${quote(text)} (${state}) of ${quote(planned.text)}`]
      }),
    ),
}

export const cameToAnEnd: Rule = {
  invariant: 8,
  name: 'A definite end',
  round: 'a turn that ran on a node when that died or froze',
  rounds: (turns, wave) => turns.filter((turn) => deathOf(turn, wave)).length,
  breaches: (turns, wave) => [
    ...wave.readers.filter(({ outcome }) => outcome === 'late').map(({ name }) => `${name}: no end`),
    ...turns.flatMap((turn) => [...findUnended(turn), ...findLate(turn, wave), ...findGone(turn)]),
    ...findUnaccepted(wave),
    ...wave.unanswered,
  ],
}

/** The death of the node that had accepted the turn, while it ran. */
function deathOf({ acceptedBy, acceptedAt, stored }: TurnView, wave: WaveRecord) {
  return deaths(wave).find(
    ({ node, from }) => node === acceptedBy && acceptedAt < from && stored.some(({ endedAt }) => endedAt > from),
  )
}

function findUnended({ turnId, stored, isDeleted }: TurnView): string[] {
  if (isDeleted) return []
  return stored
    .filter(({ status, state }) => status !== 200 || state === 'running')
    .map(({ node, status, state }) => `${turnId}: node ${node} says ${status} ${state} when all is over`)
}

/** Milliseconds from a node's death by when every reader has the end. */
const END_MS = 15_000

function findLate(turn: TurnView, wave: WaveRecord): string[] {
  const death = deathOf(turn, wave)
  if (!death || !turn.wasTaken) return []
  return turn.stored
    .filter(({ endedAt }) => endedAt - death.from > END_MS)
    .map(({ endedAt }) => `${turn.turnId}: ended ${endedAt - death.from} ms after its node had died`)
}

function findGone({ isDeleted, readers }: TurnView): string[] {
  if (isDeleted) return []
  return readers
    .filter(({ reader }) => reader.outcome === 'gone' || reader.outcome === 'refused')
    .map(({ reader }) => `${reader.name}: ${reader.outcome} with ${reader.attaches.at(-1)!.ending}`)
}

/** Whoever sends until it is over has been let in. Rivals may give up. */
function findUnaccepted({ readers, rivals, deletions }: WaveRecord): string[] {
  const mayFail = new Set(rivals.flat())
  const deleted = deletions.map(({ sessionId }) => sessionId)
  return readers
    .filter(
      ({ turnId, name }) => turnId === null && !deleted.some((id) => name.startsWith(id)) && !isRival(name, mayFail),
    )
    .map(({ name, attaches }) => `${name}: never let in: ${attaches.map(({ ending }) => ending).join(', ')}`)
}

function isRival(name: string, rivals: Set<string>): boolean {
  return rivals.has(`[${name.split(' ')[0]}.0]`)
}

function quote(text: string): string {
  return text.length > 60 ? `${JSON.stringify(text.slice(0, 40))}… (${text.length})` : JSON.stringify(text)
}
