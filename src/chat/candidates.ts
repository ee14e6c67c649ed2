/** Who may answer a turn: the brain that is asked, and those that stand in for it while it cannot. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Brain, type BrainRequest, type Brains, isBrainFailure } from './brain.ts'
import { ChatError } from './errors.ts'
import { canSee, loadConversation } from './images.ts'
import { STORE_PATIENCE_MS } from './journal.ts'
import type { Persona } from './persona.ts'
import { type PromptLimits, toLimits, toRequest } from './prompt.ts'
import type { TurnInput } from './sending.ts'
import { sessionDeleted } from './session.ts'
import type { SessionStore, Turn } from './store.ts'

/** A brain that may answer a turn, and how it is asked. */
export interface Candidate {
  brain: Brain
  model: string
  /** Milliseconds between two tokens. */
  paceMs: number
  /** UTF-16 units after which its reply is cut. */
  maxChars: number
  /** Reads the history and writes the prompt; a store that is away is waited for. */
  loadRequest: (signal: AbortSignal) => Promise<BrainRequest>
}

export interface CandidateOptions extends PromptLimits {
  brains: Brains
  sessions: SessionStore
}

const RETRY_MS = 250

/**
 * In the order in which they are asked, without those that cannot look at what is shown. Each gets a prompt of its own
 * size; a model that was named is the asked one's.
 */
export function toCandidates(
  turn: Turn,
  asked: Brain,
  persona: Persona,
  input: TurnInput,
  { brains, sessions, ...options }: CandidateOptions,
): Candidate[] {
  const limits = toLimits(options, input)
  const able = brains.candidates(asked, turn.model).filter((brain) => canSee(brain, input.images))
  return (able.length > 0 ? able : [asked]).map((brain) => {
    const model = brain.id === asked.id ? turn.model : brain.model
    const load = () => loadConversation(sessions, turn, limits.maxHistoryMessages, brain)
    const loadRequest = async (signal: AbortSignal) => {
      const said = input.conversation ?? (await withPatience(load, signal))
      // Deleted since the claim, whose message would be there.
      if (said.length === 0) throw sessionDeleted()
      return toRequest(turn.n, persona, said, brain, model, limits, input.instructions)
    }
    return { brain, model, paceMs: input.paceMs ?? brain.paceMs, maxChars: limits.maxReplyChars, loadRequest }
  })
}

/** A turn that has begun has as much patience with its store as its journal has. */
async function withPatience<T>(load: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const until = performance.now() + STORE_PATIENCE_MS
  for (;;) {
    try {
      return await load()
    } catch (error) {
      const isAway = error instanceof ChatError && error.code === 'store_unavailable'
      if (!isAway || performance.now() > until) throw error
    }
    await delay(RETRY_MS, undefined, { signal })
  }
}

/** Whether another brain may well answer where one has failed so. */
export function isForAnother(error: unknown): error is ChatError {
  return isBrainFailure(error) || (error instanceof ChatError && error.elsewhere)
}
