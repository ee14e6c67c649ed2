/** The port to whoever writes the reply. One file in `src/brains/` per provider API; `test/suites/brain.ts` is its contract. */
import { ChatError, type ErrorCode } from './errors.ts'
import type { FinishReason } from './event.ts'
import type { Image, Role } from './message.ts'

export interface BrainMessage {
  role: Role
  content: string
  /** What the user shows with it. A brain leaves out what it cannot look at: another may have spoken then. */
  images?: readonly Image[]
}

export interface BrainRequest {
  model: string
  /** The turn's number in its session: it tells a turn that is regenerated from the one before. */
  turn: number
  /** The persona's id, for a brain that knows personas by name. */
  persona: string
  /** The system prompt. */
  system: string
  /** Never empty; begins and ends with the user's, roles alternate. */
  messages: BrainMessage[]
  maxTokens: number
}

export type BrainPart =
  | { type: 'token'; text: string }
  /** Numbers replace those of an earlier usage part; null leaves them. */
  | { type: 'usage'; inputTokens: number | null; outputTokens: number | null }
  /** The provider's own end marker. A stream that ends without one has failed. */
  | { type: 'finish'; reason: Exclude<FinishReason, 'stopped'>; raw: string }

/**
 * Hears the parts of a reply: called once for each chunk of the provider's, with no parts where the chunk said nothing
 * but showed life. A call and not an iteration, which cost 5 µs a token.
 */
export type Hear = (parts: BrainPart[]) => void

export interface Usage {
  inputTokens: number | null
  outputTokens: number | null
}

export interface Brain {
  readonly id: string
  /** The model that answers where none is asked for. */
  readonly model: string
  /** Tokens that request and reply may have together. */
  contextWindow(model: string): number
  /** The images that it can look at: those that come with their data, or those by address, too. Left out: none. */
  readonly images?: 'data' | 'all'
  /** Milliseconds between two tokens where the send names no pace. */
  readonly paceMs: number
  /** Milliseconds until the first token must have come; any provider event starts the wait anew. Null: the service's own. */
  readonly firstTokenTimeoutMs: number | null
  /** A rough count, meant to be too high rather than too low. */
  estimateTokens(text: string): number
  /**
   * Asks for a reply and tells `hear` what comes of it; resolves when all was said. Aborting `signal` closes the
   * provider's connection at once and rejects with its reason.
   *
   * @throws ChatError with one of the `brain_*` codes
   */
  stream(request: BrainRequest, signal: AbortSignal, hear: Hear): Promise<void>
  /** US dollars; null when unknown. */
  price(model: string, usage: Usage): number | null
  /**
   * Asks the provider, cheaply, whether it would answer.
   *
   * @throws ChatError when it would not
   */
  check(signal: AbortSignal): Promise<void>
}

const FAILURES = new Set<ErrorCode>(['brain_unavailable', 'brain_rate_limited', 'brain_timeout', 'brain_bad_response'])

/** Whether the brain itself has failed, and not what was asked of it. */
export function isBrainFailure(error: unknown): error is ChatError {
  return error instanceof ChatError && FAILURES.has(error.code)
}

/** The port to whoever knows the brains: `src/brains/router.ts`. */
export interface Brains {
  /**
   * The brain of that id, or the active one for null.
   *
   * @throws ChatError `brain_unknown`, with the reason when it is known but not available
   */
  choose(id: string | null): Brain
  /**
   * Who is asked for a turn's reply, one after the other until one answers: at least one. The brain that was chosen is
   * left out while it is known that it cannot answer and another may.
   *
   * @param model the one that the chosen brain is asked for; the others are asked for their own
   */
  candidates(chosen: Brain, model: string): Brain[]
  /** Says whether users may name this model of a brain. */
  allows(brain: Brain, model: string): boolean
  /** The active brain's id. */
  readonly active: string
}

/** Checks a model that a user names. @throws ChatError `invalid_request` when it is not allowed */
export function checkModel(brains: Brains, brain: Brain, model: string | undefined): void {
  if (model === undefined || brains.allows(brain, model)) return
  throw new ChatError('invalid_request', `This model is not allowed here: leave it out to use "${brain.model}".`)
}
