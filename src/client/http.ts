/** Requests to the service: one try each, or as long as there is patience. */
import type { Credentials } from './credentials.ts'
import { connectionLost, fromResponse, ReparteeError } from './errors.ts'
import { Patience } from './patience.ts'
import { watchConnection } from './watch.ts'

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

export interface HttpRequest {
  method: Method
  path: string
  /** Becomes JSON. */
  body?: object | undefined
  accept?: string
}

export interface CallOptions {
  signal?: AbortSignal | undefined
}

export interface HttpOptions {
  baseUrl: string
  credentials: Credentials
  fetch: typeof fetch
  silenceMs: number
  patienceMs: number
}

export class Http {
  readonly #options: HttpOptions

  constructor(options: HttpOptions) {
    this.#options = options
  }

  /** One try, up to the head of the answer. @throws ReparteeError, also when the answer is not 2xx */
  async open({ method, path, body, accept = 'application/json' }: HttpRequest, signal: AbortSignal): Promise<Response> {
    const { baseUrl, credentials } = this.#options
    const token = await credentials.token()
    const headers = {
      accept,
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    }
    const init = { method, headers, signal, cache: 'no-store' as const }
    const { fetch } = this.#options
    const response = await fetch(baseUrl + path, body ? { ...init, body: JSON.stringify(body) } : init).catch(toLost)
    if (!response.ok) throw await fromResponse(response)
    return response
  }

  /** Asks until there is an answer, and reads it as JSON. @throws ReparteeError */
  call<T>(method: Method, path: string, body?: object, { signal }: CallOptions = {}): Promise<T> {
    return this.#ask({ method, path, body }, signal, (response) => response.json() as Promise<T>)
  }

  /** As `call`, for what is text. */
  text(path: string, { signal }: CallOptions = {}): Promise<string> {
    return this.#ask({ method: 'GET', path, accept: '*/*' }, signal, (response) => response.text())
  }

  #ask<T>(request: HttpRequest, signal: AbortSignal | undefined, read: (response: Response) => Promise<T>): Promise<T> {
    const { silenceMs } = this.#options
    const patience = new Patience(this.#options, signal)
    return patience.persist(async () => {
      const leaving = new AbortController()
      const leave = () => leaving.abort()
      if (signal?.aborted) leave()
      signal?.addEventListener('abort', leave)
      const watch = watchConnection({ silenceMs, onLost: leave })
      try {
        return await read(await this.open(request, leaving.signal)).catch(toLost)
      } finally {
        watch.stop()
        signal?.removeEventListener('abort', leave)
      }
    })
  }
}

function toLost(error: unknown): never {
  throw error instanceof ReparteeError ? error : connectionLost(error)
}

/** `?name=value&…`, without what is undefined. */
export function toQuery(fields: object): string {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined)
  if (pairs.length === 0) return ''
  return `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')}`
}
