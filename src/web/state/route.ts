/** Which session is shown: `#/s/<session id>`; nothing is a new one. */
import { signal } from '@preact/signals'

function read(): string | null {
  const fromHash = /^#\/s\/([\w.-]{1,64})$/.exec(location.hash)?.[1]
  return fromHash ?? new URLSearchParams(location.search).get('session')
}

export const route = signal<string | null>(read())

addEventListener('hashchange', () => (route.value = read()))

/** Goes to a session; with `isSame` what is shown has got an id. */
export function go(sessionId: string | null, { isSame = false } = {}): void {
  const address = location.pathname + (sessionId === null ? '' : `#/s/${sessionId}`)
  if (isSame) history.replaceState(null, '', address)
  else history.pushState(null, '', address)
  route.value = sessionId
}

addEventListener('popstate', () => (route.value = read()))
