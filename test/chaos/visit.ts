/**
 * Readers that come and go on a service that runs already: nothing of it is broken, nothing of it is looked into, and
 * nothing is left there.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { check, type Finding } from './checker.ts'
import { createRecord } from './record.ts'
import { planWave, type SessionPlan } from './schedule.ts'
import { toLines } from './table.ts'
import { insist, talk } from './talk.ts'
import { look } from './wave.ts'

export interface VisitOptions {
  seed: number
  /** Of each wave. */
  turns: number
  waves: number
  /** Several are nodes of one service. */
  urls: string[]
  token: string | undefined
  say: (line: string) => void
}

/** What a reply of a real model's may take, and the rate limit of its user. */
const TALK_MS = 300_000
/** Milliseconds between two sessions: 30 messages a minute are let in. */
const APART_MS = 5_000

export async function visit({ seed, turns, waves, urls, token, say }: VisitOptions): Promise<Finding[][]> {
  const doors = { urls: urls.map((url) => url.replace(/\/+$/, '')), token }
  const runId = `c${randomBytes(8).toString('hex')}`
  const findings: Finding[][] = []
  for (let wave = 0; wave < waves; wave++) {
    const plan = planWave({ seed, turns, nodes: urls.length, leaseS: 10, only: 'none' }, wave)
    const record = createRecord({ wave, calamity: 'none', leaseS: 10, startedAt: Date.now() })
    const deadline = Date.now() + TALK_MS
    const sessionIds = plan.sessions.map((_, i) => `${runId}-${wave}-${i}`)
    const talking = plan.sessions.map(async (session, i) => {
      await delay(i * APART_MS)
      await talk(withoutActs(session), { doors, record, sessionId: sessionIds[i]!, deadline })
    })
    await Promise.all(talking)
    await look(plan, record, doors, sessionIds, deadline)
    record.planned.clear()
    const found = check(record)
    findings.push(found)
    say(`wave ${wave}: ${record.readers.length} readers`)
    toLines(found).forEach(say)
    for (const sessionId of sessionIds) await insist(doors, 0, deadline, `/chat/sessions/${sessionId}`, 'DELETE')
  }
  return findings
}

/** One message each, sent and read: a real provider is paid for. */
function withoutActs({ turns: [turn] }: SessionPlan): SessionPlan {
  return { startMs: 0, turns: [{ ...turn!, act: 'none', senders: turn!.senders.slice(0, 1) }] }
}
