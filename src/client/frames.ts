/** Frames: what a turn's reader gets. Names are those of the wire. */

/** The preface of a reply. Server-sent events know only the ids. */
export interface StartFrame {
  start: true
  token?: undefined
  count?: undefined
  done?: undefined
  session_id: string
  turn_id: string
  brain?: string
  model?: string
  persona?: string
}

export interface TokenFrame {
  start?: undefined
  /** Several tokens in one when whoever iterates is slow. */
  token: string
  done?: undefined
  /** The number of the (last) token in its turn, from 1. */
  count: number
}

export type FinishReason = 'stop' | 'length' | 'stopped' | 'content_filter'

/** Durations are seconds; null is unknown. */
export interface TurnStats {
  tokens: number
  duration: number
  time_to_first_token: number | null
  tokens_per_second: number
  input_tokens: number | null
  output_tokens: number | null
  cost_usd: number | null
}

export interface DoneFrame extends TurnStats {
  start?: undefined
  token?: undefined
  count?: undefined
  done: true
  session_id: string
  turn_id: string
  message_id: string
  full_text: string
  brain: string
  model: string
  persona: string
  cached: boolean
  finish_reason: FinishReason
  timestamp: string
  /** What the turn's extras add: `corrections`, `sources`, … */
  [extra: string]: unknown
}

/** What a reply is iterated as. A turn that fails throws. */
export type ReplyFrame = StartFrame | TokenFrame | DoneFrame

/** On the wire only: clients get a `ReparteeError`. */
export interface ErrorFrame {
  error: string
  code: string
  retryable: boolean
  retry_after?: number
  turn_id?: string
  partial_text?: string
}
