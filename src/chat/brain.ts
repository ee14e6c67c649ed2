/** The port to whoever writes the reply. One file in `src/brains/` per provider API; `test/suites/brain.ts` is its contract. */
import type { FinishReason } from './event.ts'
import type { Role } from './message.ts'

export interface BrainMessage {
  role: Role
  content: string
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

export interface Usage {
  inputTokens: number | null
  outputTokens: number | null
}

export interface Brain {
  readonly id: string
  /** The model that answers where none is asked for. */
  readonly model: string
  /** Tokens that request and reply may have together. */
  readonly contextWindow: number
  /** Milliseconds between two tokens where the send names no pace. */
  readonly paceMs: number
  /** Milliseconds until the first token must have come; any provider event starts the wait anew. Null: the service's own. */
  readonly firstTokenTimeoutMs: number | null
  /** A rough count, meant to be too high rather than too low. */
  estimateTokens(text: string): number
  /**
   * Streams a reply: one array per chunk of the provider's, an empty one where the chunk said nothing but showed life.
   * Aborting `signal` closes the provider's connection at once.
   *
   * @throws ChatError with one of the `brain_*` codes
   */
  stream(request: BrainRequest, signal: AbortSignal): AsyncIterable<BrainPart[]>
  /** US dollars; null when unknown. */
  price(model: string, usage: Usage): number | null
  /**
   * Asks the provider, cheaply, whether it would answer.
   *
   * @throws ChatError when it would not
   */
  check(signal: AbortSignal): Promise<void>
}

/** The port to whoever knows the brains: `src/brains/router.ts`. */
export interface Brains {
  /**
   * The brain of that id, or the active one for null.
   *
   * @throws ChatError `brain_unknown`, with the reason when it is known but not available
   */
  choose(id: string | null): Brain
  /** The active brain's id. */
  readonly active: string
}
