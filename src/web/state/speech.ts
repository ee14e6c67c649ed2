/** Reading a finished reply aloud, by the browser's own voice. */
import { signal } from '@preact/signals'

export const canSpeak = 'speechSynthesis' in globalThis

/** What is being read, by its key. */
export const spoken = signal<string | null>(null)

/** Reads it, or stops reading it. */
export function toggleSpeech(key: string, text: string): void {
  const isSpoken = spoken.value === key
  speechSynthesis.cancel()
  spoken.value = isSpoken ? null : key
  if (isSpoken) return
  const utterance = new SpeechSynthesisUtterance(text)
  const end = () => {
    if (spoken.value === key) spoken.value = null
  }
  utterance.addEventListener('end', end)
  utterance.addEventListener('error', end)
  speechSynthesis.speak(utterance)
}
