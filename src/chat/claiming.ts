/** Claims a session for a turn: there is one at a time. */
import { type Brain, type Brains, checkModel } from './brain.ts'
import { toTitle } from './message.ts'
import type { Persona } from './persona.ts'
import type { TurnInput } from './sending.ts'
import { chosenModel, sessionNotFound } from './session.ts'
import type { Claim, Claimed, NewSession, Turn, TurnStore } from './store.ts'
import { toTurnId, turnInProgress, turnNotLast } from './turn-id.ts'

/** Others may win the session again and again; a sender that loses this often is told that it is busy. */
const CLAIM_ATTEMPTS = 8

/** What is said, and the turn in whose place. */
export type What = Pick<Claim, 'message' | 'digest' | 'replaces'>

/** Makes the claim for a turn. @throws ChatError `invalid_request` for a model that may not be named */
export function toClaim(
  session: Omit<NewSession, 'userId'>,
  input: TurnInput,
  what: What,
  brains: Brains,
  brain: Brain,
  persona: Persona,
): Claim {
  checkModel(brains, brain, input.model)
  const chosen = chosenModel(session, brain.id)
  return {
    ...what,
    owner: session.owner,
    sessionId: session.sessionId,
    ...(input.images && !input.conversation && { images: input.images }),
    clientId: input.clientId ?? null,
    title: toTitle(what.message),
    brain: brain.id,
    // A model that was chosen while it was allowed may not be so any more.
    model: input.model ?? (chosen !== null && brains.allows(brain, chosen) ? chosen : brain.model),
    persona: persona.id,
    onDisconnect: input.onDisconnect ?? session.onDisconnect,
  }
}

/**
 * @param stop ends the turn that runs in the session; null leaves it, and the claim is refused
 * @throws ChatError `session_not_found`, `turn_not_last`, `turn_in_progress`
 */
export async function claimTurn(
  turns: Pick<TurnStore, 'claim'>,
  claim: Claim,
  stop: ((turnId: string) => Promise<unknown>) | null,
): Promise<Extract<Claimed, { turn: Turn }>> {
  let busy = ''
  for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
    const claimed = await turns.claim(claim)
    if (claimed.outcome === 'missing') throw sessionNotFound()
    if (claimed.outcome === 'not_last') throw turnNotLast()
    if (claimed.outcome !== 'busy') return claimed
    busy = toTurnId({ sessionId: claim.sessionId, n: claimed.n })
    // Whoever gives up stops nobody.
    if (!stop || attempt === CLAIM_ATTEMPTS - 1) break
    await stop(busy)
  }
  throw turnInProgress(busy)
}
