/** A send that comes again joins the turn that it made the first time. */
import { setTimeout as pause } from 'node:timers/promises'
import { ChatError } from './errors.ts'
import { BEGINNING } from './event.ts'
import type { Offset, Sent, TurnInput } from './sending.ts'
import type { SessionRef } from './session.ts'
import type { Store, Turn, TurnStore } from './store.ts'
import { parseTurnId, toTurnId, turnInProgress } from './turn-id.ts'

/** The turn that a send made before: found by the client's id, or by the offset that a reconnecting client sends. */
export async function findSent(
  turns: TurnStore,
  ref: SessionRef,
  input: TurnInput,
  digest: string,
): Promise<Turn | undefined> {
  if (input.clientId !== undefined) return turns.find(ref, input.clientId)
  if (!input.after) return undefined
  const named = parseTurnId(ref.owner, input.after.turnId)
  if (named.sessionId !== ref.sessionId) return undefined
  const turn = await turns.get(named)
  return turn?.digest === digest ? turn : undefined
}

/** Whoever has paid for a turn claims it in a command's time: a few ms, also on another node. */
const CLAIM_MS = 50

/**
 * For a send that is over a limit: of several that come at the same time, each pays before one has the session. If one
 * has it in a moment, this one is told of that, as it would have been then.
 *
 * @returns the turn that this very send has made
 * @throws ChatError `turn_in_progress`, or else what the limit has said
 */
export async function findFaster(
  { sessions, turns }: Pick<Store, 'sessions' | 'turns'>,
  ref: SessionRef,
  input: TurnInput,
  digest: string,
  refusal: unknown,
): Promise<Turn> {
  if (!(refusal instanceof ChatError) || refusal.code !== 'rate_limited') throw refusal
  await pause(CLAIM_MS)
  const session = await sessions.get(ref)
  // After the session was read: the turn that runs in it then can be this very send's.
  const known = await findSent(turns, ref, input, digest)
  if (known) return known
  if (!session || session.active === null || input.ifBusy === 'stop') throw refusal
  throw turnInProgress(toTurnId({ ...ref, n: session.active }))
}

/** @throws ChatError `message_id_reused`, `invalid_request` */
export function toJoined(turn: Turn, digest: string, after: Offset | undefined): Sent {
  const turnId = toTurnId(turn)
  if (turn.digest !== digest) {
    throw new ChatError('message_id_reused', 'This id was used for another message of the session.', { turnId })
  }
  if (after && after.turnId !== turnId) {
    throw new ChatError('invalid_request', 'The offset belongs to another turn.', { turnId })
  }
  return { turn, after: after?.position ?? BEGINNING }
}
