/** Who is at the other end, and for how long: a token's time ends, and whoever reads by it is sent away. */
import { ChatError } from '#src/chat/errors.ts'

export interface Identity {
  /** The signed-in user, or `''` while the service is open. Part of the key of everything that is kept. */
  readonly owner: string
  readonly isAdmin: boolean
  /** Epoch milliseconds, clock skew included; Infinity while the service is open. */
  readonly expiresAt: number
}

/** Everybody, while the service is open: there is one owner, and whoever reaches the service may do everything. */
export const EVERYBODY: Identity = { owner: '', isAdmin: true, expiresAt: Infinity }

/** `setTimeout` takes no more milliseconds than these: with more it fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** Calls `act` once the time is over, never from within, unless the returned function is called before. */
export function whenExpired({ expiresAt }: Pick<Identity, 'expiresAt'>, act: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const wait = () => {
    const left = Math.min(Math.max(0, expiresAt - Date.now()), MAX_TIMEOUT_MS)
    timer = setTimeout(() => (Date.now() < expiresAt ? wait() : act()), left).unref()
  }
  if (expiresAt !== Infinity) wait()
  return () => clearTimeout(timer)
}

/** The same for no token, a wrong one and an old one: what is wrong with it helps only whoever forged it. */
export function unauthorized(): ChatError {
  return new ChatError('unauthorized', 'Sign in: a valid token is needed here.')
}

/** For those who were reading when it happened. */
export function tokenExpired(): ChatError {
  return new ChatError('unauthorized', 'Your token has expired: bring a new one.')
}
