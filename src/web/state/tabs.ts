/**
 * Other readers of the same sessions: tabs of this browser are told at once to look, and everybody looks every few
 * seconds. What is new is always read from the service, so that two browsers are as good as two tabs.
 */

/** Milliseconds between two looks while the page is seen. */
const LOOK_MS = 3_000

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('repartee') : null

/** Tells this browser's other tabs that there is something new. */
export function nudge(): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin
  channel?.postMessage('look')
}

/**
 * Looks again and again, one look at a time. A tab that nobody sees looks when it is seen again, or is told to.
 *
 * @returns what has it look at once
 */
export function keepLooking(look: () => Promise<void>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isLooking = false

  async function lookNow(): Promise<void> {
    clearTimeout(timer)
    if (isLooking) return
    isLooking = true
    // It says itself what goes wrong.
    await look().catch(() => {})
    isLooking = false
    timer = setTimeout(() => {
      if (!document.hidden) void lookNow()
    }, LOOK_MS)
  }

  channel?.addEventListener('message', () => void lookNow())
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void lookNow()
  })
  return () => void lookNow()
}
