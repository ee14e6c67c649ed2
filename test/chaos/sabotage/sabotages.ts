/** One small patch for each promise, with the check that must turn red when it is applied. */

export interface Sabotage {
  invariant: number
  /** Its file is `<invariant>-<name>.patch`. */
  name: string
  /** What it breaks. */
  breaks: string
  /** The arguments of the storm that must find a breach of the invariant, or the test that must fail. */
  check: { storm: string[] } | { test: string }
}

const short = ['--seed', '5', '--waves', '1', '--turns', '24', '--only']

export const SABOTAGES: readonly Sabotage[] = [
  {
    invariant: 1,
    name: 'exact-replay',
    breaks: 'a cursor begins one token too early',
    check: { storm: [...short, 'none'] },
  },
  {
    invariant: 2,
    name: 'no-silent-hole',
    breaks: 'what is not kept any more is jumped over',
    check: { test: 'test/invariants/no-silent-hole-redis.test.ts' },
  },
  {
    invariant: 6,
    name: 'done-is-stored',
    breaks: '`done` is shown before it is stored',
    check: { storm: [...short, 'kill-at-done'] },
  },
  {
    invariant: 7,
    name: 'one-turn-per-session',
    breaks: 'a busy session is claimed again',
    check: { storm: [...short, 'none'] },
  },
  {
    invariant: 8,
    name: 'definite-end',
    breaks: 'nobody ends the turns of the dead',
    check: { storm: [...short, 'kill'] },
  },
  {
    invariant: 9,
    name: 'idempotent-send',
    breaks: 'the client’s id of a message is not noted',
    check: { storm: [...short, 'none'] },
  },
  {
    invariant: 11,
    name: 'stop-stops',
    breaks: 'a brain hears nothing of the stop',
    check: { storm: [...short, 'none'] },
  },
  {
    invariant: 12,
    name: 'delete-is-final',
    breaks: 'logs and turns outlive their session',
    check: { storm: [...short, 'none'] },
  },
  {
    invariant: 14,
    name: 'redis-away',
    breaks: 'nobody has patience with the store',
    check: { storm: [...short, 'store-cut'] },
  },
  {
    invariant: 15,
    name: 'slow-readers',
    breaks: 'readers are written to whether they read or not',
    check: { test: 'test/invariants/slow-readers.test.ts' },
  },
  {
    invariant: 16,
    name: 'rolling-restart',
    breaks: 'running turns are not waited for',
    check: { storm: [...short, 'rolling-restart'] },
  },
  {
    invariant: 17,
    name: 'nothing-leaks',
    breaks: 'streams that have ended are not forgotten',
    check: { test: 'test/invariants/nothing-leaks.test.ts' },
  },
]

/** The name of its file, in this folder. */
export function toFile({ invariant, name }: Sabotage): string {
  return `${String(invariant).padStart(2, '0')}-${name}.patch`
}
