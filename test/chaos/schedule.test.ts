import { describe, expect, it } from 'vitest'
import { CALAMITIES, planWave } from './schedule.ts'

const OPTIONS = { seed: 7, nodes: 3, turns: 50, leaseS: 1 }

describe('a schedule', () => {
  it('is the same for the same seed and wave, and another for another', () => {
    expect(planWave(OPTIONS, 3)).toEqual(planWave(OPTIONS, 3))
    expect(planWave(OPTIONS, 4).sessions).not.toEqual(planWave(OPTIONS, 3).sessions)
    expect(planWave({ ...OPTIONS, seed: 8 }, 3).sessions).not.toEqual(planWave(OPTIONS, 3).sessions)
  })

  it('has every calamity once before one comes again', () => {
    const calamities = CALAMITIES.map((_, wave) => planWave(OPTIONS, wave).calamity)
    expect(calamities.toSorted()).toEqual([...CALAMITIES].toSorted())
  })

  it('freezes a node for longer than its lease, and leaves those alone that are to be spared', () => {
    for (const leaseS of [1, 10]) {
      const plan = planWave({ ...OPTIONS, leaseS, only: 'freeze', spared: 2 }, 0)
      expect(plan.lastsMs).toBeGreaterThan(leaseS * 1_000)
      expect(plan.victim).toBe(2)
    }
  })
})
