/**
 * What goes wrong at a provider, as ChatErrors.
 *
 * A provider's own words are never passed on: they may quote the key ("Incorrect API key provided: sk-…") or the
 * prompt. Its codes are, where we know them.
 */
import { ChatError } from '#src/chat/errors.ts'

/** What a refusal says of itself, in the headers, in the body or in a frame of the stream. */
export interface Refusal {
  status: number
  /** The provider's own codes, the most telling first. */
  codes: readonly unknown[]
  headers?: Headers | undefined
  /** Seconds to wait, where it is not in the headers. */
  retryAfter?: number | undefined
}

/** Known codes in words that go on "… refused the request: ". */
const REASONS = new Map([
  ['model_not_found', 'it does not offer that model'],
  ['context_length_exceeded', 'the conversation is too long for the model'],
  ['insufficient_quota', 'the account has no quota left'],
  ['invalid_api_key', 'the API key is not accepted'],
  ['API_KEY_INVALID', 'the API key is not accepted'],
  ['content_filter', 'its content filter stopped the message'],
  ['content_policy_violation', 'its content policy forbids the message'],
])

const REASON_OF_STATUS = new Map([
  [401, 'the API key is not accepted'],
  [402, 'the account cannot pay for it'],
  [403, 'the account may not do this'],
  [404, 'it does not know the model or the address'],
  [413, 'the conversation is too long'],
])

/** Statuses that refuse whoever asks, whatever is asked: not the key, cannot pay, may not. Another brain's account may. */
const REFUSES_ACCOUNT = new Set([401, 402, 403])

/** The status that an error inside a stream would have had, had it come before the stream: OpenAI's and Anthropic's. */
const STATUS_OF_CODE = new Map([
  ['insufficient_quota', 429],
  ['rate_limit_exceeded', 429],
  ['rate_limit_error', 429],
  ['tokens', 429],
  ['requests', 429],
  ['context_length_exceeded', 400],
  ['content_filter', 400],
  ['content_policy_violation', 400],
  ['model_not_found', 404],
  ['invalid_api_key', 401],
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['request_too_large', 413],
  ['timeout', 408],
  ['timeout_error', 408],
  ['server_error', 500],
  ['api_error', 500],
  ['overloaded_error', 529],
])

/** The ChatError of a response whose status is not 2xx, or of an error frame. `name` is the provider's, for people. */
export function toRefusalError(name: string, refusal: Refusal): ChatError {
  const { status, codes, headers } = refusal
  const retryAfter = (headers && readRetryAfter(headers)) ?? refusal.retryAfter
  const facts = { retryAfter, cause: toCause(refusal) }
  if (codes.includes('insufficient_quota')) {
    const reason = REASONS.get('insufficient_quota')
    return new ChatError('brain_rate_limited', `${name} refused the request: ${reason}.`, {
      cause: facts.cause,
      retryable: false,
    })
  }
  if (status === 429) return new ChatError('brain_rate_limited', `${name} is asked too often at the moment.`, facts)
  if (status === 408) return new ChatError('brain_timeout', `${name} took too long.`, facts)
  if (status >= 500) return new ChatError('brain_unavailable', `${name} has a problem (status ${status}).`, facts)
  if (status >= 400) {
    const elsewhere = REFUSES_ACCOUNT.has(status) || codes.includes('API_KEY_INVALID')
    const sentence = `${name} refused the request: ${reasonOf(refusal)}.`
    return new ChatError('brain_rejected', sentence, { ...facts, elsewhere })
  }
  return new ChatError('brain_bad_response', `${name} answered in an unexpected way (status ${status}).`, facts)
}

/** The ChatError of an error inside a stream, by the provider's codes, the most telling first. */
export function toFrameError(name: string, codes: readonly unknown[], retryAfter?: number): ChatError {
  return toRefusalError(name, { status: toFrameStatus(codes), codes, retryAfter })
}

/** The status of an error frame: its code may be an HTTP status itself; what nobody knows is the provider's problem. */
function toFrameStatus(codes: readonly unknown[]): number {
  for (const code of codes) {
    const status = Number(code)
    if (Number.isInteger(status) && status >= 400 && status < 600) return status
    const known = STATUS_OF_CODE.get(String(code))
    if (known !== undefined) return known
  }
  return 500
}

export function toUnreachable(name: string, cause: unknown): ChatError {
  return new ChatError('brain_unavailable', `${name} cannot be reached.`, { cause })
}

export function toBroken(name: string, cause: unknown): ChatError {
  return new ChatError('brain_unavailable', `The connection to ${name} broke.`, { cause })
}

/** `problem` goes on "OpenAI …". No cause: a parser's message quotes what it could not parse, which is the reply. */
export function toBadResponse(name: string, problem: string): ChatError {
  return new ChatError('brain_bad_response', `${name} ${problem}.`)
}

/** Seconds to wait, from `Retry-After` (seconds or an HTTP date, RFC 9110 §10.2.3) or `retry-after-ms`. */
export function readRetryAfter(headers: Headers, now = Date.now()): number | undefined {
  const milliseconds = readNumber(headers.get('retry-after-ms'))
  if (milliseconds !== undefined) return milliseconds / 1000
  const value = headers.get('retry-after')
  const seconds = readNumber(value)
  if (seconds !== undefined) return seconds
  const date = Date.parse(value ?? '')
  return Number.isNaN(date) ? undefined : Math.max(0, date - now) / 1000
}

function readNumber(text: string | null): number | undefined {
  return text !== null && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined
}

function reasonOf({ status, codes }: Refusal): string {
  for (const code of codes) {
    const reason = REASONS.get(String(code))
    if (reason) return reason
  }
  return REASON_OF_STATUS.get(status) ?? 'it does not accept what was asked'
}

/** For the log: the facts that can hold neither a key nor what was said. */
function toCause({ status, codes, headers }: Refusal): Error {
  const code = codes.filter((each) => typeof each === 'string').find((each) => /^[a-z_]{1,40}$/i.test(each))
  const requestId = headers?.get('x-request-id') ?? headers?.get('request-id')
  const safeId = requestId && /^[\w-]{1,80}$/.test(requestId) ? requestId : 'unknown'
  return new Error(`status ${status}, code ${code ?? 'unknown'}, request ${safeId}`)
}
