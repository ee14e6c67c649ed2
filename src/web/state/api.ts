/** The one client of the page, who it speaks for, and what it notices of the network on the way. */
import { signal } from '@preact/signals'
import { createId } from '#src/client/id.ts'
import { createClient, ReparteeError } from '#src/client/index.ts'
import { forget, recall, remember } from './storage.ts'

/** How things stand with the service. `limited` is until a time (epoch milliseconds). */
export type Connection = { state: 'good' } | { state: 'lost' } | { state: 'limited'; until: number }

export const connection = signal<Connection>({ state: 'good' })

/** Whether the service waits for a token; with what is wrong with the last one. */
export const signIn = signal<{ isNeeded: boolean; wasRefused: boolean }>({ isNeeded: false, wasRefused: false })

/** Each browser is a user of its own while there is no sign-in. */
export const userId = recall('local', 'user') ?? createUserId()

function createUserId(): string {
  const id = `web-${createId()}`
  remember('local', 'user', id)
  return id
}

let giveToken: (token: string) => void = () => {}
let asked: Promise<string> | null = null

/** The token that is kept, or the one that somebody enters when there is none that is taken. */
function toToken(refused?: string): string | Promise<string> {
  if (asked) return asked
  const kept = recall('session', 'token') ?? ''
  if (refused === undefined || kept !== refused) return kept
  forget('session', 'token')
  signIn.value = { isNeeded: true, wasRefused: refused !== '' }
  asked = new Promise((resolve) => (giveToken = resolve))
  return asked
}

export function enterToken(token: string): void {
  remember('session', 'token', token)
  signIn.value = { isNeeded: false, wasRefused: false }
  asked = null
  giveToken(token)
}

/** Notices what becomes of each request; the client itself goes on trying in silence. */
async function watchedFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  try {
    const response = await fetch(input, init)
    connection.value = toConnection(response)
    return response
  } catch (error) {
    if (!init?.signal?.aborted) connection.value = { state: 'lost' }
    throw error
  }
}

function toConnection({ status, headers }: Response): Connection {
  if (status === 429) {
    return { state: 'limited', until: Date.now() + Number(headers.get('retry-after') ?? 1) * 1000 }
  }
  return status >= 502 && status <= 504 ? { state: 'lost' } : { state: 'good' }
}

addEventListener('offline', () => (connection.value = { state: 'lost' }))

export const client = createClient({
  // Under whatever path the page was served.
  baseUrl: new URL('.', document.baseURI).href,
  token: toToken,
  fetch: watchedFetch,
})

/** What went wrong, in a sentence; null for a reader that has left. */
export function toProblem(error: unknown): ReparteeError | null {
  if (!(error instanceof ReparteeError))
    return new ReparteeError('Something in the page went wrong.', { code: 'internal' })
  return error.code === 'aborted' ? null : error
}
