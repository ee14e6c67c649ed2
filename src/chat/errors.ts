/**
 * The one error class of the service and the closed set of its codes. Codes know nothing of HTTP or sockets:
 * `plugins/errors.ts` gives each a status, `src/wire/frames.ts` a frame.
 */

/** Every code, and whether trying the same thing again later can help. */
const RETRYABLE = {
  invalid_request: false,
  persona_unknown: false,
  brain_unknown: false,
  frame_invalid: false,
  unauthorized: false,
  forbidden: false,
  host_not_allowed: false,
  not_found: false,
  session_not_found: false,
  turn_not_found: false,
  model_not_found: false,
  turn_in_progress: true,
  message_id_reused: false,
  turn_not_last: false,
  turn_expired: false,
  message_too_long: false,
  body_too_large: false,
  unsupported_media_type: false,
  guardrail_blocked: false,
  rate_limited: true,
  internal: true,
  brain_rejected: false,
  brain_bad_response: true,
  brain_unavailable: true,
  brain_rate_limited: true,
  store_unavailable: true,
  draining: true,
  interrupted: true,
  brain_timeout: true,
} as const

export type ErrorCode = keyof typeof RETRYABLE

export const ERROR_CODES = Object.keys(RETRYABLE) as ErrorCode[]

export interface ChatErrorFacts {
  /** Overrides what the code says of itself. */
  retryable?: boolean | undefined
  /** Seconds after which a retry can succeed, where known. */
  retryAfter?: number | undefined
  /** Of a brain's refusal: that of another brain is not to be expected. Default false. */
  elsewhere?: boolean | undefined
  /** The turn that the error speaks of, e.g. the running one of `turn_in_progress`. */
  turnId?: string | undefined
  /** Facts a program may want, e.g. the known ids of `persona_unknown`. Sent to clients as they are. */
  details?: Record<string, unknown> | undefined
  cause?: unknown
}

/** An error that a client is meant to see: `message` is a sentence for people and leaks nothing internal. */
export class ChatError extends Error {
  override readonly name = 'ChatError'
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly retryAfter: number | undefined
  readonly elsewhere: boolean
  readonly turnId: string | undefined
  readonly details: Record<string, unknown> | undefined

  constructor(code: ErrorCode, message: string, facts: ChatErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.code = code
    this.retryable = facts.retryable ?? RETRYABLE[code]
    this.retryAfter = facts.retryAfter
    this.elsewhere = facts.elsewhere ?? false
    this.turnId = facts.turnId
    this.details = facts.details
  }
}

/** Seconds over which the clients that a leaving process sends away are spread: together they would be a wave. */
const DRAIN_SPREAD = { least: 0.5, most: 2.5 }

/** The process leaves, and another one is there or will be: each client is told another time to come back. */
export function draining(): ChatError {
  const { least, most } = DRAIN_SPREAD
  const retryAfter = Math.round((least + Math.random() * (most - least)) * 100) / 100
  return new ChatError('draining', 'The service is restarting: come back.', { retryAfter })
}

/** What a client may see of `error`: a ChatError as it is, anything else is a bug and stays hidden. */
export function toChatError(error: unknown): ChatError {
  if (error instanceof ChatError) return error
  return new ChatError('internal', 'Something went wrong on our side.', { cause: error })
}
