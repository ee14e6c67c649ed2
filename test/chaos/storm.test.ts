/** A short storm, of a seed that is known: the long one is `npm run test:chaos`. */
import { describe, expect, it } from 'vitest'
import { hasRedis } from '#test/stores/redis.ts'
import { addUp } from './checker.ts'
import { storm } from './storm.ts'

describe.skipIf(!hasRedis)('three nodes, one of which is killed and started again,', () => {
  it('keep what they promise', { timeout: 90_000 }, async () => {
    const lines: string[] = []
    const say = (line: string) => void lines.push(line)
    const findings = addUp(
      await storm({ seed: 1, turns: 16, waves: 1, from: 0, leaseS: 1, only: 'kill', minutes: null, say }),
    )
    expect(findings.flatMap(({ breaches }) => breaches)).toEqual([])
    const rounds = new Map(findings.map(({ name, rounds: count }) => [name, count]))
    // That there was something to be seen.
    for (const name of ['Exact replay', 'One end', '`done` means stored', 'Idempotent send'])
      expect(rounds.get(name), name).toBeGreaterThan(0)
    expect(lines.at(-1)).toContain(', 0 without a time to live')
  })
})
