/**
 * The keys that an issuer publishes, fetched when they are needed and kept for a while.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7517#section-5
 */
import { createRemoteJWKSet, customFetch, errors, type FetchImplementation, type JWTVerifyGetKey } from 'jose'
import { ChatError } from '#src/chat/errors.ts'

/** Milliseconds for the issuer to answer. */
const TIMEOUT_MS = 3_000

/** Milliseconds after which the keys are fetched anew, so that one that is withdrawn does not stay. */
const REFRESH_MS = 600_000

/** Milliseconds for which keys are used while the issuer does not give newer ones. */
const KEEP_MS = 3_600_000

/** Milliseconds for which the issuer is not asked again after it has failed. */
const PAUSE_MS = 1_000

/** Anyone can name a key that does not exist. The first few times, it may be a new one that is looked for at once. */
const MAX_SEARCHES = 5
const SEARCH_WINDOW_MS = 60_000

/** Finds the key that a token names. It throws ChatError `store_unavailable` while the issuer cannot be asked. */
export function createKeySet(url: string): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(url), {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: REFRESH_MS,
    cacheMaxAge: KEEP_MS,
    [customFetch]: withPause(fetch),
  })
  const maySearch = createAllowance(MAX_SEARCHES, SEARCH_WINDOW_MS)

  async function find(...[header, token]: Parameters<JWTVerifyGetKey>) {
    // In the background: the keys that are there are good until the issuer says otherwise.
    if (keys.fresh && !keys.coolingDown) keys.reload().catch(() => {})
    try {
      return await keys(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !maySearch()) throw error
      await keys.reload()
      return keys(header, token)
    }
  }

  return (header, token) =>
    find(header, token).catch((error: unknown) => {
      throw toRefusal(error)
    })
}

/** Says whether something may be done now: so many times in any window of time. */
function createAllowance(max: number, windowMs: number): () => boolean {
  let times: number[] = []
  return () => {
    const now = Date.now()
    times = times.filter((time) => now - time < windowMs)
    return times.length < max && times.push(now) > 0
  }
}

/** An issuer that fails is left alone for a moment; whoever asks then fails as the last one did. */
function withPause(ask: FetchImplementation): FetchImplementation {
  let failedAt = -Infinity
  return async (...request) => {
    if (Date.now() - failedAt < PAUSE_MS) throw new Error('The keys could not be fetched a moment ago.')
    const response = await ask(...request).catch((error: unknown) => {
      failedAt = Date.now()
      throw error
    })
    if (response.status !== 200) failedAt = Date.now()
    return response
  }
}

/** A token that names no key of the issuer's is the sender's fault; anything else is not. */
function toRefusal(error: unknown): unknown {
  const isTokens =
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  if (isTokens) return error
  return new ChatError('store_unavailable', 'Tokens cannot be checked for the moment: try again.', {
    retryAfter: 1,
    cause: error,
  })
}
