/** Watches over a brain's silence: SDK timeouts cover the headers at most, and a provider can stall anywhere. */
import { ChatError } from './errors.ts'

export interface WatchdogLimits {
  /** Milliseconds of silence allowed before the first token. */
  firstTokenTimeoutMs: number
  /** Milliseconds of silence allowed after it. */
  tokenTimeoutMs: number
}

export interface Watchdog {
  /** The provider gave a sign of life. */
  heard(isSpeaking: boolean): void
  stop(): void
}

/** @param onTimeout gets `brain_timeout` */
export function createWatchdog(
  { firstTokenTimeoutMs, tokenTimeoutMs }: WatchdogLimits,
  onTimeout: (error: ChatError) => void,
): Watchdog {
  const fail = (sentence: string) => onTimeout(new ChatError('brain_timeout', sentence))
  let silence = setTimeout(checkStart, firstTokenTimeoutMs)
  let isSpeaking = false
  // A look at the clock costs a tenth of moving a timer, and there is a sign of life with every token.
  let heardAt = performance.now()

  return {
    heard(speaks) {
      heardAt = performance.now()
      if (!speaks || isSpeaking) return
      isSpeaking = true
      clearTimeout(silence)
      silence = setTimeout(checkSpeech, tokenTimeoutMs)
    },
    stop: () => clearTimeout(silence),
  }

  function checkStart(): void {
    const leftMs = heardAt + firstTokenTimeoutMs - performance.now()
    if (leftMs > 0) silence = setTimeout(checkStart, leftMs)
    else fail('The brain did not begin to answer in time.')
  }

  function checkSpeech(): void {
    const leftMs = heardAt + tokenTimeoutMs - performance.now()
    if (leftMs > 0) silence = setTimeout(checkSpeech, leftMs)
    else fail('The brain fell silent in the middle of its reply.')
  }
}
