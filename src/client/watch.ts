/** Finds out that a connection is dead though nobody said so: the network is gone, or the tab has slept. */

export interface WatchOptions {
  /** Milliseconds without a byte. */
  silenceMs: number
  onLost: () => void
  /** Half of that is over: whoever can, asks for a sign of life. */
  onQuiet?: () => void
}

export interface Watch {
  /** Something came. */
  heard(): void
  /** From now on, this much silence is too much. */
  limit(silenceMs: number): void
  /** Looks now: timers stand still while a tab sleeps. */
  look(): void
  stop(): void
}

/** What a browser has and others may lack. */
interface Scope {
  addEventListener?: (type: string, listener: () => void) => void
  removeEventListener?: (type: string, listener: () => void) => void
  navigator?: { onLine?: boolean }
}

const scope = globalThis as Scope

/** Watches until it is stopped, or the connection is lost. */
export function watchConnection({ silenceMs, onLost, onQuiet }: WatchOptions): Watch {
  let limit = silenceMs
  // Not a monotonic clock: those stand still while the machine sleeps.
  let heardAt = Date.now()
  let timer: ReturnType<typeof setTimeout> | undefined

  function look(): void {
    clearTimeout(timer)
    const silent = Date.now() - heardAt
    if (silent >= limit) return lose()
    if (silent >= limit / 2) onQuiet?.()
    timer = setTimeout(look, silent >= limit / 2 ? limit - silent : limit / 2 - silent)
  }

  function lose(): void {
    stop()
    onLost()
  }

  function stop(): void {
    clearTimeout(timer)
    forget()
  }

  const forget = listen('offline', lose)
  look()
  return {
    heard: () => void (heardAt = Date.now()),
    limit(milliseconds) {
      limit = milliseconds
      look()
    },
    look,
    stop,
  }
}

/** Hears of what happens to the network, where anybody says. @returns what ends it */
export function listen(event: 'online' | 'offline', listener: () => void): () => void {
  // React Native has a `navigator`, but no such events.
  scope.addEventListener?.(event, listener)
  return () => scope.removeEventListener?.(event, listener)
}

/** True only where it is known. */
export function isOffline(): boolean {
  return scope.navigator?.onLine === false
}
