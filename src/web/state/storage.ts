/** What the browser keeps for the page: for ever, or as long as the tab. It may refuse, and then nothing is kept. */

type Place = 'local' | 'session'

/** Names the path: services under different paths of one origin must not share what they keep. */
const PREFIX = `repartee${new URL('.', document.baseURI).pathname.slice(0, -1)}.`

export function recall(place: Place, name: string): string | null {
  try {
    return toStorage(place).getItem(PREFIX + name)
  } catch {
    return null
  }
}

export function remember(place: Place, name: string, text: string): void {
  try {
    toStorage(place).setItem(PREFIX + name, text)
  } catch {
    // A private window, or a full one.
  }
}

export function forget(place: Place, name: string): void {
  try {
    toStorage(place).removeItem(PREFIX + name)
  } catch {
    // As above.
  }
}

function toStorage(place: Place): Storage {
  return place === 'local' ? localStorage : sessionStorage
}
