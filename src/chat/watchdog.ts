/** Watches over a brain's silence: SDK timeouts cover the headers at most, and a provider can stall anywhere. */
import { ChatError } from './errors.ts'

export interface WatchdogLimits {
  tokenTimeoutMs: number
  turnTimeoutMs: number
}

export interface Watchdog {
  /** The provider gave a sign of life: while its tokens are being passed on, nobody waits for it. */
  rest(): void
  /** Waits for the next sign of life. */
  watch(speaking: boolean): void
  stop(): void
}

/**
 * @param firstTokenTimeoutMs silence allowed before the first token
 * @param onTimeout gets `brain_timeout`
 */
export function createWatchdog(
  firstTokenTimeoutMs: number,
  { tokenTimeoutMs, turnTimeoutMs }: WatchdogLimits,
  onTimeout: (error: ChatError) => void,
): Watchdog {
  const fail = (sentence: string) => onTimeout(new ChatError('brain_timeout', sentence))
  const first = setTimeout(onLateStart, firstTokenTimeoutMs)
  const turn = setTimeout(fail, turnTimeoutMs, 'The reply took too long.')
  let next: NodeJS.Timeout | null = null
  let resting = false

  return {
    rest() {
      resting = true
    },
    watch(speaking) {
      resting = false
      if (!speaking) {
        first.refresh()
        return
      }
      clearTimeout(first)
      if (next) next.refresh()
      else next = setTimeout(onSilence, tokenTimeoutMs)
    },
    stop() {
      for (const timer of [first, turn, next]) if (timer) clearTimeout(timer)
    },
  }

  function onLateStart(): void {
    if (!resting) fail('The brain did not begin to answer in time.')
  }

  function onSilence(): void {
    if (resting) next?.refresh()
    else fail('The brain fell silent in the middle of its reply.')
  }
}
