/** What every reader saw, compared with what the store holds: a pure function from records to breaches. */
import { bytes, cameToAnEnd, exactReplay, noSilentHole, oneEnd } from './checks/streams.ts'
import {
  deleteIsFinal,
  doneIsStored,
  idempotentSend,
  legalHistory,
  noCause,
  oneTurnPerSession,
  rollingRestart,
  stopStops,
  storeAway,
  upstreamTruth,
} from './checks/states.ts'
import { type Rule, toTurns } from './checks/turns.ts'
import type { WaveRecord } from './record.ts'

export interface Finding extends Pick<Rule, 'invariant' | 'name' | 'round'> {
  rounds: number
  breaches: string[]
}

const RULES: readonly Rule[] = [
  exactReplay,
  noSilentHole,
  oneEnd,
  bytes,
  doneIsStored,
  oneTurnPerSession,
  cameToAnEnd,
  idempotentSend,
  upstreamTruth,
  stopStops,
  deleteIsFinal,
  legalHistory,
  storeAway,
  rollingRestart,
  noCause,
]

/** One finding for each rule, in the rules' order. */
export function check(wave: WaveRecord): Finding[] {
  const turns = toTurns(wave)
  return RULES.map(({ invariant, name, round, rounds, breaches }) => ({
    invariant,
    name,
    round,
    rounds: rounds(turns, wave),
    breaches: breaches(turns, wave),
  }))
}

/** The findings of several waves, added up. */
export function addUp(findings: Finding[][]): Finding[] {
  return RULES.map(({ name }, i) => {
    const ofRule = findings.map((ofWave) => ofWave[i]!)
    const { invariant, round } = RULES[i]!
    const rounds = ofRule.reduce((sum, finding) => sum + finding.rounds, 0)
    return { invariant, name, round, rounds, breaches: ofRule.flatMap(({ breaches }) => breaches) }
  })
}
