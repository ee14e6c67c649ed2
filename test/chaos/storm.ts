/** Waves of turns on a cluster of its own, one calamity after the other. */
import { randomBytes } from 'node:crypto'
import { keysOf } from '#test/stores/redis.ts'
import { check, type Finding } from './checker.ts'
import { type Cluster, type ClusterNode, PREFIX, startCluster } from './cluster.ts'
import { toSpeeds } from './speeds.ts'
import { type Calamity, planWave } from './schedule.ts'
import { toLines } from './table.ts'
import { createTroupe, runWave } from './wave.ts'

export interface StormOptions {
  seed: number
  turns: number
  waves: number
  /** The first wave: with the seed of a longer run, this is one of that. */
  from: number
  leaseS: number
  only?: Calamity
  /** Instead of so many waves: as many as there are in that time, beside a node that nothing befalls. */
  minutes: number | null
  /** Ends the storm after the wave that is under way. */
  signal?: AbortSignal
  say: (line: string) => void
}

const NODES = 3
const MINUTE_MS = 60_000

export async function storm(options: StormOptions): Promise<Finding[][]> {
  const { minutes, waves, from, leaseS, signal, say } = options
  const troupe = createTroupe()
  const cluster = await startCluster({ nodes: NODES, leaseS, script: troupe.script })
  const runId = `c${randomBytes(4).toString('hex')}`
  const spared = minutes === null ? 0 : 1
  const until = minutes === null ? Infinity : Date.now() + minutes * MINUTE_MS
  const findings: Finding[][] = []
  let saidAt = 0
  try {
    for (let wave = from; minutes === null ? wave < from + waves : Date.now() < until; wave++) {
      if (signal?.aborted) break
      const plan = planWave({ ...options, nodes: NODES, spared }, wave)
      const startedAt = Date.now()
      const record = await runWave({ plan, cluster, troupe, leaseS, runId })
      const found = check(record)
      findings.push(found)
      const breaches = toLines(found)
      const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1)
      say(`wave ${wave}: ${plan.calamity}, ${seconds} s, ${toSpeeds(record)}, ${breaches.length} breaches`)
      breaches.forEach(say)
      if (minutes !== null && Date.now() - saidAt > MINUTE_MS) {
        say(await describe(cluster, cluster.nodes[0]!))
        saidAt = Date.now()
      }
    }
    say(await describe(cluster, cluster.nodes[0]!))
    return findings
  } finally {
    await cluster.close()
  }
}

async function describe({ redis }: Cluster, node: ClusterNode): Promise<string> {
  const { descriptors, heapUsed, timers } = await node.measure()
  const clients = String(await redis.client.client('LIST'))
    .trim()
    .split('\n').length
  const keys = await keysOf(redis.client, PREFIX)
  const ttls = await Promise.all(keys.map((key) => redis.client.pttl(key)))
  const eternal = keys.filter((_, i) => ttls[i] === -1)
  const heap = (heapUsed / 2 ** 20).toFixed(1)
  const without = eternal.length > 0 ? ` (${eternal.slice(0, 3).join(', ')})` : ''
  return `node 0: ${descriptors} descriptors, ${timers} timers, ${heap} MiB heap; Redis: ${clients} clients, ${keys.length} keys, ${eternal.length} without a time to live${without}`
}
