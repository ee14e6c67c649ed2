/**
 * Events: what a turn emits. Its tokens are numbered from 1 by `seq`, and its one terminal event takes the next number.
 *
 * `epoch` counts the turn's owners. A node that takes a dead node's turn over ends it in the next epoch, so that the
 * terminal event is newer than every token's position, even than those which the dead node sent and never kept.
 */
import type { ErrorCode } from './errors.ts'

/** A place in a turn. Ordered by epoch, then by seq; `{ epoch: 0, seq: 0 }` is before everything. */
export interface Position {
  epoch: number
  seq: number
}

export const BEGINNING: Position = { epoch: 0, seq: 0 }

/** Whoever claims a turn writes its tokens; a later owner only ends it. */
export const FIRST_EPOCH = 1

export function isAfter(a: Position, b: Position): boolean {
  return a.epoch === b.epoch ? a.seq > b.seq : a.epoch > b.epoch
}

export interface TokenEvent extends Position {
  type: 'token'
  text: string
}

export type FinishReason = 'stop' | 'length' | 'stopped' | 'content_filter'

export interface TurnStats {
  tokens: number
  /** Seconds from acceptance to the end. */
  duration: number
  /** Seconds; null when no token came. */
  timeToFirstToken: number | null
  tokensPerSecond: number
  /** As the provider reports them; null when it does not. */
  inputTokens: number | null
  outputTokens: number | null
  /** US dollars; null when the price or the usage is unknown. */
  costUsd: number | null
}

interface Terminal extends Position {
  /** The whole reply, or what was said of it. */
  text: string
  stats: TurnStats
  /** Who answered. */
  brain: string
  model: string
  persona: string
  /** Epoch milliseconds. */
  at: number
}

export interface DoneEvent extends Terminal {
  type: 'done'
  finishReason: FinishReason
}

export interface ErrorEvent extends Terminal {
  type: 'error'
  code: ErrorCode
  message: string
  retryable: boolean
  retryAfter: number | null
}

export type TerminalEvent = DoneEvent | ErrorEvent
export type TurnEvent = TokenEvent | TerminalEvent
