/** Turns: what was asked and how it ended, in a hash of the session; the running one's owner is in the session's own. */
import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { TerminalEvent } from '#src/chat/event.ts'
import { toImageLabel } from '#src/chat/message.ts'
import type { SessionRef } from '#src/chat/session.ts'
import type { Asked, Claim, Claimed, Settlement, Turn, TurnNews, TurnRef, TurnStore } from '#src/chat/store.ts'
import { type Client, guard } from './connection.ts'
import { appendToLogs, type ReadPage, readLog } from './log.ts'
import type { Nudges } from './nudges.ts'
import type { KeptMessage } from './messages.ts'
import { type Reply, type SessionScript, toKeepLogMs } from './scripts.ts'
import type { SessionParts } from './sessions.ts'

export interface TurnParts extends SessionParts {
  client: Client
  nudges: Nudges
}

/** What is kept of a turn when it is claimed, and when it has ended. */
type KeptTurn = Pick<Turn, 'clientId' | 'digest' | 'brain' | 'model' | 'persona' | 'onDisconnect'>
type KeptEnd = Pick<Settlement, 'state'> & { end: Omit<TerminalEvent, 'text'> }

const LOOK_AGAIN_MS = 250

export function createTurnStore(parts: TurnParts): TurnStore {
  const { client, keys, scripts, clock, node, nudges } = parts
  const run = (script: SessionScript, ref: SessionRef, ...args: (string | number)[]): Promise<Reply> =>
    scripts.run(script, keys.session(ref), ...args)

  let onAsked: ((ref: TurnRef, what: Asked) => void) | null = null
  const heed = (turn: TurnRef & Pick<Turn, 'epoch'>, what: Asked): void => {
    if (what !== 'stop') node.release(turn, turn.epoch)
    onAsked?.(turn, what)
  }
  // Of what was asked while nobody listened there is only the outcome. The connection that listens can be back before
  // this one is, and a turn whose provider is silent appends nothing by which it would hear of it.
  const look = (): void => {
    node.lost().then(
      (lost) => lost.forEach((it) => heed(it, 'leave')),
      () => {
        if (client.status !== 'end') setTimeout(look, LOOK_AGAIN_MS).unref()
      },
    )
  }
  nudges.listen(keys.asked(node.id), (nudge) => {
    const [what, log] = nudge.split(' ') as [Asked, string?]
    if (log) void node.find(log).then((turn) => turn && heed(turn, what))
    else look()
  })

  return {
    claim: (claim) => guard(() => claimTurn(parts, claim)),
    get: (ref) => guard(async () => toTurn(ref, await run('turn', ref, ref.n))),
    find: (ref, clientId) => guard(async () => toTurn(ref, await run('find', ref, toField(clientId)))),
    append: (entries) => appendToLogs(parts, entries),
    read: (ref, after = 0) =>
      guard(() =>
        readLog(
          (from, count) => run('log', ref, ref.n, clock.turnLogTtlMs, from, count) as ReturnType<ReadPage>,
          after,
        ),
      ),
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
    watch: (turn, onNews) => nudges.listen(keys.log(turn), (nudge) => onNews(nudge as TurnNews)),
    askToStop: (ref) => guard(async () => (await run('ask-to-stop', ref, ref.n)) !== null),
    onAsked: (listener) => void (onAsked = listener),
  }
}

async function claimTurn({ keys, scripts, clock, node, index }: TurnParts, claim: Claim): Promise<Claimed> {
  const { clientId, digest, images = [], brain, model, persona, onDisconnect, replaces } = claim
  const at = clock.now()
  const facts: KeptTurn = { clientId, digest, brain, model, persona, onDisconnect }
  const said: KeptMessage = {
    content: claim.message,
    status: 'complete',
    createdAt: at,
    brain: null,
    model: null,
    ...(images.length > 0 && { shown: images.map(toImageLabel) }),
  }
  const args = [
    // The same when the connection sends it again, so that the turn is known to be this attempt's.
    randomBytes(9).toString('base64url'),
    node.id,
    clientId === null ? '' : toField(clientId),
    JSON.stringify(claim.title),
    replaces ?? '',
    JSON.stringify(facts),
    JSON.stringify(said),
    images.length > 0 ? JSON.stringify(images) : '',
  ]
  const attempt = () => scripts.run('claim', keys.session(claim), ...args)
  const reply = await node.hold(claim, attempt, (answer) => {
    const claimed = toClaimed(claim, answer)
    return claimed.outcome === 'claimed' ? claimed.turn : undefined
  })
  const claimed = toClaimed(claim, reply)
  const [, , listedFor] = reply as [string, Reply, (string | null)?]
  if (claimed.outcome === 'claimed' && listedFor) await index.touch({ ...claim, userId: listedFor }, at)
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
  const [outcome, before, listedFor] = answer as ['settled' | 'ended' | 'fenced' | 'gone', string?, (string | null)?]
  node.release(turn, epoch)
  if (outcome === 'settled' && listedFor) await index.touch({ ...turn, userId: listedFor }, at)
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
