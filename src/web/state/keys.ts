/** Keys of the whole page. Those without a modifier do nothing while somebody writes. */
import { exchanges, running } from './conversation.ts'
import { go } from './route.ts'
import { stop } from './speaking.ts'
import { dialog, edited, focusField, isDrawerOpen } from './view.ts'

export const SHORTCUTS: [keys: string, what: string][] = [
  ['Enter', 'Send'],
  ['Shift + Enter', 'New line'],
  ['Esc', 'Stop the reply'],
  ['↑', 'In an empty field: edit your last message'],
  ['/', 'Go to the text field'],
  ['n', 'New chat'],
  ['?', 'These shortcuts'],
]

/** @returns what ends it */
export function listenToKeys(): () => void {
  addEventListener('keydown', press)
  return () => removeEventListener('keydown', press)
}

function press(event: KeyboardEvent): void {
  // A dialog has keys of its own, and whatever was handled is done.
  if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return
  if (event.key === 'Escape') return escape()
  if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return
  const act = KEYS.get(event.key)
  if (!act) return
  event.preventDefault()
  act()
}

const KEYS = new Map<string, () => void>([
  ['?', () => (dialog.value = { name: 'shortcuts' })],
  ['/', focusField],
  ['n', startNew],
])

function escape(): void {
  if (isDrawerOpen.value) isDrawerOpen.value = false
  else if (edited.value !== null) edited.value = null
  else void stop()
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select')
}

export function startNew(): void {
  isDrawerOpen.value = false
  go(null)
  focusField()
}

/** @returns whether there is one that can be edited */
export function editLast(): boolean {
  const last = exchanges.value.at(-1)
  if (!last || running.value || last.turnId.value === null) return false
  edited.value = last.key
  return true
}
