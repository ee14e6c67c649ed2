/** What is the same for every provider that is asked through its official SDK: the options, the call, its failures. */
import { ChatError } from '#src/chat/errors.ts'
import { toBadResponse, toBroken, toRefusalError, toUnreachable } from './failure.ts'
import { createLeanFetch, type Proxies } from './lean-fetch.ts'

/** Of the errors of the SDKs, which are known by their shape: theirs has a status, undefined where nothing answered. */
interface SdkError extends Error {
  status?: unknown
  headers?: Headers | undefined
  /** OpenAI's. */
  code?: unknown
  /** Anthropic's. */
  errorCode?: unknown
  /** Both's. */
  type?: unknown
}

/** Options that OpenAI's and Anthropic's SDK have in common. */
export function createSdkOptions(proxies: Proxies | undefined) {
  return {
    fetch: createLeanFetch(proxies),
    maxRetries: 0,
    // Out of the way, at the longest that a turn may be configured to take: the core watches and aborts.
    timeout: 86_400_000,
    // Their logs would hold the messages.
    logLevel: 'off',
  } as const
}

/**
 * Else each request would fail in the SDK with an error that quotes the key.
 *
 * @throws TypeError when no header can carry the key
 */
export function checkKey(name: string, apiKey: string): void {
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw new TypeError(`The API key of ${name} has characters that no key has.`)
}

/**
 * Makes a call to a provider, over its SDK or a lean fetch. `name` is the provider's, for people.
 *
 * @throws the signal's reason once it is aborted, else ChatError
 */
export async function ask<T>(name: string, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  try {
    return await call()
  } catch (error) {
    signal.throwIfAborted()
    throw toChatError(name, error)
  }
}

/**
 * Asks for the provider's models, which says at no cost whether it would answer. `get` gives what came back as JSON, in
 * whose field `field` the list is.
 *
 * @throws like `ask`, and `brain_bad_response` when it was not a list of models
 */
export async function askForModels(
  name: string,
  signal: AbortSignal,
  get: () => Promise<unknown>,
  field: 'data' | 'models' = 'data',
): Promise<unknown[]> {
  const answer = (await ask(name, signal, get)) as Record<string, unknown> | null | undefined
  const models = answer?.[field]
  if (!Array.isArray(models)) throw toBadResponse(name, 'answered with something other than its models')
  return models
}

function toChatError(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof ChatError) return error
  if ('status' in error) return toSdkFailure(name, error)
  if (error instanceof SyntaxError) return toBadResponse(name, 'answered with something other than JSON')
  if (error instanceof RangeError) return toBadResponse(name, 'answered with far too much')
  // Of the connection, met while a whole answer was being read.
  if ('code' in error) return toBroken(name, error)
  return error
}

function toSdkFailure(name: string, error: SdkError): unknown {
  const { status, headers, code, errorCode, type } = error
  if (typeof status === 'number') return toRefusalError(name, { status, codes: [code, errorCode, type], headers })
  const { cause } = error as { cause?: { code?: unknown } }
  if (String(cause?.code).startsWith('HPE_')) return toBadResponse(name, 'answered with something other than HTTP')
  // What the SDKs call a timeout, by the words of its message, is a connection that never came about.
  return toUnreachable(name, cause)
}
