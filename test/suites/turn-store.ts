/** The contract of `TurnStore`: what every store must do, whatever it is made of. */
import { describe } from 'vitest'
import { describeClaims } from './store/claims.ts'
import { type OpenStore, useStore } from './store/fixture.ts'
import { describeLogs } from './store/logs.ts'
import { describeNudges } from './store/nudges.ts'
import { describeOwnership, describeSettlements } from './store/settlements.ts'

export function describeTurnStore(name: string, open: OpenStore): void {
  describe(`${name} as a turn store`, () => {
    describe('claim', () => describeClaims(useStore(open)))
    describe('the log', () => describeLogs(useStore(open)))
    describe('settle', () => describeSettlements(useStore(open)))
    describe('takeOver', () => describeOwnership(useStore(open)))
    describe('what other processes are told', () => describeNudges(useStore(open)))
  })
}
