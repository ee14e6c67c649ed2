/** What is open on the page: the drawer, a dialog. */
import { signal } from '@preact/signals'

export type OpenDialog =
  | { name: 'shortcuts' }
  | { name: 'clear' }
  | { name: 'rename' | 'delete'; id: string; title: string }
  | null

/** On narrow screens the list of sessions is a drawer. */
const narrow = matchMedia('(max-width: 799px)')

export const isNarrow = signal(narrow.matches)
narrow.addEventListener('change', ({ matches }) => (isNarrow.value = matches))

export const isDrawerOpen = signal(false)
export const dialog = signal<OpenDialog>(null)

/** A question of the reader's that is being edited, by its exchange's key. */
export const edited = signal<string | null>(null)

/** Goes up whenever the text field shall have the focus. */
export const focusAsked = signal(0)

export function focusField(): void {
  focusAsked.value++
}
