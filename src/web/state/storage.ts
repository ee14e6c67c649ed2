/** What the browser keeps for the page: for ever, or as long as the tab. It may refuse, and then nothing is kept. */

type Place = 'local' | 'session'

const PREFIX = 'repartee.'

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
