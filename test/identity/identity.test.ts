import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { whenExpired } from '#src/identity/identity.ts'

const DAY_MS = 86_400_000

describe('the end of a token’s time', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is when it says, also when that is further off than a timer reaches', () => {
    const act = vi.fn<() => void>()
    whenExpired({ expiresAt: Date.now() + 100 * DAY_MS }, act)
    vi.advanceTimersByTime(100 * DAY_MS - 1)
    expect(act).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(act).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('has no end for a number that is larger than any date', () => {
    const act = vi.fn<() => void>()
    const cancel = whenExpired({ expiresAt: 1e300 }, act)
    vi.advanceTimersByTime(100 * DAY_MS)
    expect(act).not.toHaveBeenCalled()
    cancel()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is never while the service is open, and costs no timer then', () => {
    whenExpired({ expiresAt: Infinity }, () => {})
    expect(vi.getTimerCount()).toBe(0)
  })

  it('comes later, not at once, when it is over already', () => {
    const act = vi.fn<() => void>()
    whenExpired({ expiresAt: Date.now() - DAY_MS }, act)
    expect(act).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(act).toHaveBeenCalledTimes(1)
  })

  it('does not come when it was called off, even after a while', () => {
    const act = vi.fn<() => void>()
    const cancel = whenExpired({ expiresAt: Date.now() + 100 * DAY_MS }, act)
    vi.advanceTimersByTime(50 * DAY_MS)
    cancel()
    vi.advanceTimersByTime(100 * DAY_MS)
    expect(act).not.toHaveBeenCalled()
  })
})
