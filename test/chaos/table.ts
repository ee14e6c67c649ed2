/** What a run has found, as a table for people. */
import type { Finding } from './checker.ts'

/** So many rounds show something; the two that matter most want more. */
function toWanted(invariant: number): number {
  return invariant === 1 || invariant === 8 ? 1_000 : 100
}

export function toTable(findings: Finding[]): string {
  const rows = findings.map(({ invariant, name, round, rounds, breaches }) => {
    const few = rounds < toWanted(invariant) ? ` (fewer than ${toWanted(invariant)})` : ''
    return `| ${invariant}. ${name} | ${round} | ${rounds}${few} | ${breaches.length} |`
  })
  return ['| promise | a round is | rounds | breaches |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

/** A line for each breach. */
export function toLines(findings: Finding[]): string[] {
  return findings.flatMap(({ invariant, breaches }) => breaches.map((breach) => `! ${invariant}: ${breach}`))
}
