/** What goes wrong: one class, told apart by its code. */
import type { ErrorFrame } from './frames.ts'

/** What the service says, and what only a client can know. */
export type ErrorCode =
  | 'invalid_request'
  | 'persona_unknown'
  | 'brain_unknown'
  | 'frame_invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'session_not_found'
  | 'turn_not_found'
  | 'turn_in_progress'
  | 'message_id_reused'
  | 'turn_not_last'
  | 'turn_expired'
  | 'message_too_long'
  | 'body_too_large'
  | 'unsupported_media_type'
  | 'host_not_allowed'
  | 'guardrail_blocked'
  | 'rate_limited'
  | 'internal'
  | 'brain_rejected'
  | 'brain_bad_response'
  | 'brain_unavailable'
  | 'brain_rate_limited'
  | 'brain_timeout'
  | 'store_unavailable'
  | 'draining'
  | 'interrupted'
  /** The service was not there for longer than `patienceMs`. */
  | 'connection_lost'
  /** Something else than the service has answered. */
  | 'unexpected_response'
  /** The reader has left; the turn may go on. */
  | 'aborted'

export interface ErrorFacts {
  /** A newer service may have codes that are not listed. */
  code: ErrorCode | (string & {})
  status?: number | undefined
  retryable?: boolean | undefined
  retryAfter?: number | undefined
  turnId?: string | undefined
  partialText?: string | undefined
  cause?: unknown
}

export class ReparteeError extends Error {
  readonly code: ErrorFacts['code']
  /** Of the HTTP answer; undefined for what came in a frame, or not at all. */
  readonly status: number | undefined
  /** Whether the same may work later. */
  readonly retryable: boolean
  /** Seconds. */
  readonly retryAfter: number | undefined
  /** The turn that this is about; for `turn_in_progress` the running one. */
  readonly turnId: string | undefined
  /** What the turn said before it failed. */
  readonly partialText: string | undefined

  constructor(message: string, facts: ErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.name = 'ReparteeError'
    this.code = facts.code
    this.status = facts.status
    this.retryable = facts.retryable ?? false
    this.retryAfter = facts.retryAfter
    this.turnId = facts.turnId
    this.partialText = facts.partialText
  }
}

export function connectionLost(cause?: unknown, facts: Partial<ErrorFacts> = {}): ReparteeError {
  return new ReparteeError('The connection to the service was lost.', {
    code: 'connection_lost',
    retryable: true,
    cause,
    ...facts,
  })
}

export function aborted(facts: Partial<ErrorFacts> = {}): ReparteeError {
  return new ReparteeError('The reader has left.', { code: 'aborted', ...facts })
}

/** A frame, or the body of a refusal. */
export function fromErrorFrame(frame: ErrorFrame, status?: number): ReparteeError {
  return new ReparteeError(frame.error, {
    code: frame.code,
    status,
    retryable: frame.retryable,
    retryAfter: frame.retry_after,
    turnId: frame.turn_id,
    partialText: frame.partial_text,
  })
}

/** @param response one that is not 2xx; its body is read */
export async function fromResponse(response: Response): Promise<ReparteeError> {
  const { status } = response
  const body: unknown = await response.json().catch(() => null)
  if (isErrorBody(body)) return fromErrorFrame(body, status)
  const retryAfter = Number(response.headers.get('retry-after')) || undefined
  const facts = { status, retryAfter }
  if (status === 429) {
    return new ReparteeError('Too many requests.', { code: 'rate_limited', retryable: true, ...facts })
  }
  // A proxy whose service is away, or being restarted.
  if (status >= 500 || status === 408) return connectionLost(undefined, facts)
  return new ReparteeError(`Something that is not the service has answered ${status}.`, {
    code: 'unexpected_response',
    ...facts,
  })
}

function isErrorBody(body: unknown): body is ErrorFrame {
  if (typeof body !== 'object' || body === null) return false
  const { error, code } = body as Partial<Record<keyof ErrorFrame, unknown>>
  return typeof error === 'string' && typeof code === 'string'
}
