/**
 * Asks a provider's REST API as it is, without an SDK: for providers that have none, and for those whose SDK does not
 * let go of the response. Theirs read it through web streams, at twice the cost, and quote what was said in their errors.
 */
import { ask } from './ask.ts'
import { type Refusal, toRefusalError } from './failure.ts'
import { createLeanFetch, type Proxies } from './lean-fetch.ts'

export interface RestClientOptions {
  /** The provider's, for people. */
  name: string
  /** The address that paths are appended to, without a slash at its end. */
  baseURL: string
  headers?: Record<string, string>
  /** Default: straight to the provider. */
  proxies?: Proxies | undefined
  /** What the body of a refusal, parsed where it is JSON, says of it. Default: nothing. */
  readRefusal?: (body: unknown) => Pick<Refusal, 'codes' | 'retryAfter'>
}

/**
 * Makes a request: a POST where there is a body. The response's status is 2xx.
 *
 * @throws like `ask`; for another status what `toRefusalError` makes of it
 */
export type RestClient = (signal: AbortSignal, path: string, body?: object) => Promise<Response>

export function createRestClient({ name, baseURL, headers, proxies, readRefusal }: RestClientOptions): RestClient {
  const fetch = createLeanFetch(proxies)
  const all = { 'content-type': 'application/json', ...headers }
  return (signal, path, body) =>
    ask(name, signal, async () => {
      const content = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
      const response = await fetch(baseURL + path, { headers: all, signal, ...content })
      if (response.ok) return response
      // Read in any case, so that the connection can be used again.
      const refusal = { codes: [], ...readRefusal?.(parse(await response.text())) }
      throw toRefusalError(name, { status: response.status, headers: response.headers, ...refusal })
    })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
