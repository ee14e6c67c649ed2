/** Brings about what befalls the service in a wave, and notes from when to when it did. Afterwards all is well again. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster, ClusterNode } from './cluster.ts'
import type { FaultRecord, SeenEvent, WaveRecord } from './record.ts'
import type { Calamity, WavePlan } from './schedule.ts'

/** Milliseconds until a node that was killed is started again. */
const RESTART_MS = 400
/** How long `kill-at-done` waits for its moment. */
const MOMENT_MS = 6_000
/** What each thing on a slow way waits. */
const SLOW_MS = 120
/** The most that Redis is paused: less than a node's patience with it, 5 s, by what its own timeouts take. */
const MOST_PAUSE_MS = 3_000
/** Milliseconds until a rolling restart goes on with the next node. */
const ROLL_MS = 300

export interface Disaster {
  /** Resolves when all is well again. */
  over: Promise<void>
  /** Is told of every event that a reader sees, at that very moment. */
  onEvent: (node: number, event: SeenEvent) => void
}

export function strike(plan: WavePlan, cluster: Cluster, record: WaveRecord): Disaster {
  const atDone = Promise.withResolvers<number>()
  const seen = new Set<string>()
  return {
    over: delay(plan.calamityMs).then(() => befall(plan, cluster, record, atDone.promise)),
    onEvent(node, event) {
      if (plan.calamity !== 'kill-at-done' || event.type !== 'done') return
      // Whoever reads it later may well find it stored.
      const isFirst = !seen.has(event.offset)
      seen.add(event.offset)
      if (!isFirst || !isDue(plan, record) || node < plan.spared || !isRunner(node, event, record)) return
      note(record, { kind: 'kill-at-done', node, from: Date.now() })
      cluster.nodes[node]!.kill('SIGKILL')
      atDone.resolve(node)
    },
  }
}

function isDue({ calamityMs }: WavePlan, { startedAt, faults }: WaveRecord): boolean {
  return faults.length === 0 && Date.now() >= startedAt + calamityMs
}

/** Whether the node has let the turn in before all others, and so has run it. */
function isRunner(node: number, { offset }: SeenEvent, { sends }: WaveRecord): boolean {
  const accepted = sends.filter(({ code, turnId }) => code === 'ok' && offset.startsWith(`${turnId}.`))
  return accepted.toSorted((a, b) => a.answeredAt - b.answeredAt)[0]?.node === node
}

function note(record: WaveRecord, fault: Omit<FaultRecord, 'to'>): FaultRecord {
  const noted = { ...fault, to: Infinity }
  record.faults.push(noted)
  return noted
}

async function befall(plan: WavePlan, cluster: Cluster, record: WaveRecord, atDone: Promise<number>): Promise<void> {
  const { calamity, victim, lastsMs } = plan
  if (calamity === 'none') return
  if (calamity === 'kill-at-done') {
    const killed = await Promise.race([atDone, delay(MOMENT_MS, undefined, { ref: false })])
    if (killed === undefined) return
    await revive(cluster.nodes[killed]!)
    record.faults[0]!.to = Date.now()
    return
  }
  const isOfAll = calamity === 'rolling-restart' || calamity === 'store-pause' || calamity === 'store-restart'
  const fault = note(record, { kind: calamity, node: isOfAll ? null : victim, from: Date.now() })
  await DEEDS[calamity](cluster, cluster.nodes[victim]!, lastsMs, plan)
  fault.to = Date.now()
}

async function revive(node: ClusterNode): Promise<void> {
  await node.exited()
  await delay(RESTART_MS)
  await node.start()
}

type Deed = (cluster: Cluster, victim: ClusterNode, lastsMs: number, plan: WavePlan) => Promise<void>

const DEEDS: Record<Exclude<Calamity, 'none' | 'kill-at-done'>, Deed> = {
  async kill(_cluster, victim) {
    victim.kill('SIGKILL')
    await revive(victim)
  },
  async freeze(_cluster, victim, lastsMs) {
    victim.kill('SIGSTOP')
    await delay(lastsMs)
    victim.kill('SIGCONT')
  },
  async 'rolling-restart'({ nodes }, _victim, _lastsMs, { spared }) {
    for (const node of nodes.slice(spared)) {
      node.kill('SIGTERM')
      await node.exited()
      await node.start()
      await delay(ROLL_MS)
    }
  },
  async 'store-cut'(_cluster, { store }, lastsMs) {
    store.refuse(true)
    store.cut()
    await delay(lastsMs)
    store.refuse(false)
  },
  async 'store-slow'(_cluster, { store }, lastsMs) {
    store.slow(SLOW_MS)
    await delay(lastsMs)
    store.slow(0)
  },
  // What is asked is done, and no answer comes; then the connection breaks.
  async 'store-mute'(_cluster, { store }, lastsMs) {
    store.mute()
    await delay(lastsMs)
    store.unmute()
  },
  async 'store-pause'({ redis }, _victim, lastsMs) {
    const ms = Math.min(lastsMs, MOST_PAUSE_MS)
    redis.kill('SIGSTOP')
    await delay(ms)
    redis.kill('SIGCONT')
  },
  async 'store-restart'({ redis }) {
    redis.kill('SIGKILL')
    await redis.restart()
  },
  async 'door-cut'(_cluster, { door }) {
    door.cut()
  },
  async 'door-mute'(_cluster, { door }, lastsMs) {
    door.mute({ isDeaf: true })
    await delay(lastsMs)
    door.unmute()
  },
}
