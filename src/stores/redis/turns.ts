/** Turns: what was asked and how it ended, in a hash of the session; the running one's owner is in the session's own. */
import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { TerminalEvent } from '#src/chat/event.ts'
import type { SessionRef } from '#src/chat/session.ts'
import type { Claim, Claimed, Settlement, Turn, TurnStore } from '#src/chat/store.ts'
import { type Client, guard } from './connection.ts'
import { appendToLogs, readLog } from './log.ts'
import type { KeptMessage } from './messages.ts'
import { type Reply, type SessionScript, toKeepLogMs } from './scripts.ts'
import type { SessionParts } from './sessions.ts'

export interface TurnParts extends SessionParts {
  client: Client
}

/** What is kept of a turn when it is claimed, and when it has ended. */
type KeptTurn = Pick<Turn, 'clientId' | 'digest' | 'brain' | 'model' | 'persona' | 'onDisconnect'>
type KeptEnd = Pick<Settlement, 'state'> & { end: Omit<TerminalEvent, 'text'> }

export function createTurnStore(parts: TurnParts): TurnStore {
  const { keys, scripts, clock, node } = parts
  const run = (script: SessionScript, ref: SessionRef, ...args: (string | number)[]): Promise<Reply> =>
    scripts.run(script, keys.session(ref), ...args)

  return {
    claim: (claim) => guard(() => claimTurn(parts, claim)),
    get: (ref) => guard(async () => toTurn(ref, await run('turn', ref, ref.n))),
    find: (ref, clientId) => guard(async () => toTurn(ref, await run('find', ref, toField(clientId)))),
    append: (entries) => appendToLogs(parts, entries),
    read: (ref, after = 0) =>
      guard(async () => {
        const key = (await run('log', ref, ref.n, clock.turnLogTtlMs)) as string | null
        return key === null ? undefined : readLog(parts, key, after)
      }),
    settle: (settlement) => guard(() => settleTurn(parts, settlement)),
    takeOver: (ref) =>
      guard(() =>
        node.hold(
          ref,
          async () => toTurn(ref, await run('take-over', ref, ref.n, node.id)),
          (turn) => turn,
        ),
      ),
    abandoned: () => guard(() => node.abandoned()),
  }
}

async function claimTurn({ keys, scripts, clock, node, index }: TurnParts, claim: Claim): Promise<Claimed> {
  const { clientId, digest, brain, model, persona, onDisconnect, replaces } = claim
  const at = clock.now()
  const facts: KeptTurn = { clientId, digest, brain, model, persona, onDisconnect }
  const said: KeptMessage = { content: claim.message, status: 'complete', createdAt: at, brain: null, model: null }
  const args = [
    // The same when the connection sends it again, so that the turn is known to be this attempt's.
    randomBytes(9).toString('base64url'),
    node.id,
    clientId === null ? '' : toField(clientId),
    JSON.stringify(claim.title),
    replaces ?? '',
    JSON.stringify(facts),
    JSON.stringify(said),
  ]
  const attempt = () => scripts.run('claim', keys.session(claim), ...args)
  const reply = await node.hold(claim, attempt, (answer) => {
    const claimed = toClaimed(claim, answer)
    return claimed.outcome === 'claimed' ? claimed.turn : undefined
  })
  const claimed = toClaimed(claim, reply)
  const [, , userId] = reply as Reply[]
  if (claimed.outcome === 'claimed') await index.touch({ ...claim, userId: userId as string }, at)
  return claimed
}

function toClaimed(ref: SessionRef, reply: Reply): Claimed {
  const [outcome, found = null] = reply as [Claimed['outcome'], Reply?]
  if (outcome === 'busy') return { outcome, n: Number(found) }
  if (outcome === 'missing' || outcome === 'not_last') return { outcome }
  return { outcome, turn: toTurn(ref, found)! }
}

async function settleTurn(
  { keys, scripts, clock, node, index }: TurnParts,
  { turn, tail, state, end: { text, ...end } }: Settlement,
): Promise<'settled' | 'fenced' | 'gone'> {
  const at = clock.now()
  const { epoch, brain, model } = end
  const kept: KeptEnd = { state, end }
  const status = state === 'done' ? 'complete' : state
  const reply: KeptMessage = { content: text, status, createdAt: at, brain, model }
  const answer = await scripts.run(
    'settle',
    keys.session(turn),
    turn.n,
    turn.createdAt,
    epoch,
    tail.seq,
    tail.tokens.length > 0 ? JSON.stringify(tail.tokens) : '',
    toKeepLogMs(clock),
    `${at} ${JSON.stringify(kept)}`,
    text === '' ? '' : JSON.stringify(reply),
  )
  const [outcome, before, userId] = answer as ['settled' | 'ended' | 'fenced' | 'gone', string?, string?]
  node.release(turn, epoch)
  if (outcome === 'settled') await index.touch({ ...turn, userId: userId! }, at)
  if (outcome !== 'ended') return outcome
  // The text is left out: it may have been cleared since, and an owner ends a turn after the same tokens only once.
  const isSame = isDeepStrictEqual(toJson(before!), JSON.parse(JSON.stringify(kept)))
  return isSame ? 'settled' : 'fenced'
}

/** Reads what the scripts return of a turn; null is none. */
function toTurn({ owner, sessionId }: SessionRef, reply: Reply): Turn | undefined {
  if (reply === null) return undefined
  const [n, facts, ended, text, epoch] = reply as [string | number, string, string | null, string | null, string]
  const turn = { owner, sessionId, n: Number(n), createdAt: toNumber(facts), ...(toJson(facts) as KeptTurn) }
  if (ended === null) return { ...turn, epoch: Number(epoch), state: 'running', endedAt: null, end: null }
  const { state, end } = toJson(ended) as KeptEnd
  const said = text === null ? '' : (JSON.parse(text) as KeptMessage).content
  return { ...turn, epoch: end.epoch, state, endedAt: toNumber(ended), end: { ...end, text: said } as TerminalEvent }
}

/** Splits what is kept as "<numbers> <JSON>". */
function toJson(kept: string): unknown {
  return JSON.parse(kept.slice(kept.indexOf('{')))
}

function toNumber(kept: string): number {
  return Number.parseInt(kept, 10)
}

/** Any client id as the name of a field: '' means that there is none. */
function toField(clientId: string): string {
  return `c${clientId}`
}
