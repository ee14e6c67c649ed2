/** What the page says beside the conversation: a line that people see for a while, and one that only screen readers say. */
import { signal } from '@preact/signals'

/** Milliseconds that a notice stays. */
const NOTICE_MS = 6_000

/** Announced text is heard from its beginning to its end, and cannot be skimmed. */
const MAX_ANNOUNCED = 1_000

export const notice = signal<string | null>(null)
export const announcement = signal('')

let timer: ReturnType<typeof setTimeout> | undefined

export function notify(sentence: string): void {
  clearTimeout(timer)
  notice.value = sentence
  timer = setTimeout(() => (notice.value = null), NOTICE_MS)
}

export function announce(text: string): void {
  announcement.value = text.length > MAX_ANNOUNCED ? `${text.slice(0, MAX_ANNOUNCED)}…` : text
}
