/** Slows a reply down that comes faster than it is to be said. */

export interface Pacer {
  add(texts: readonly string[]): void
  /** Says at once what waits. */
  flush(): void
  /** Resolves when all that was added is said, or nothing is to be said any more. */
  whenSaid(): Promise<void>
}

/**
 * Says one text after the other, the first at once.
 *
 * @param ms milliseconds between two texts
 * @param signal ends it: what still waits is not said
 */
export function createPacer(ms: number, signal: AbortSignal, say: (texts: readonly string[]) => void): Pacer {
  let waiting: string[] = []
  let timer: NodeJS.Timeout | null = null
  let onSaid: (() => void) | null = null

  function sayNext(): void {
    timer = null
    const text = waiting.shift()
    if (text === undefined) return onSaid?.()
    timer = setTimeout(sayNext, ms)
    say([text])
  }

  function stop(): void {
    if (timer) clearTimeout(timer)
    timer = null
    waiting = []
    onSaid?.()
  }

  signal.addEventListener('abort', stop, { once: true })
  return {
    add(texts) {
      waiting.push(...texts)
      if (!timer) sayNext()
    },
    flush() {
      const rest = waiting
      stop()
      if (rest.length > 0) say(rest)
    },
    whenSaid: () => new Promise((resolve) => (waiting.length === 0 ? resolve() : (onSaid = resolve))),
  }
}
