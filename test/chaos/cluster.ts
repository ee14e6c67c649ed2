/**
 * The service as it is run: several processes on one Redis, a provider, and a way between each two of them that can
 * fail.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { startProvider } from '#test/provider/provider.ts'
import { openai } from '#test/provider/openai.ts'
import type { Provider, Script } from '#test/provider/provider.ts'
import { answers } from '#test/provider/scripts.ts'
import { type RedisServer, startRedis } from '#test/stores/redis.ts'
import { startWay, type Way } from './proxy.ts'

const ROOT = join(import.meta.dirname, '../..')

export const PREFIX = 'chaos'

/** Characters of a process's output that are kept, the latest. */
const KEPT_OUTPUT = 100_000

export interface ClusterNode {
  /** Where readers find it: the same for all its processes. */
  readonly url: string
  /** Between readers and it. */
  readonly door: Way
  /** Between it and Redis. */
  readonly store: Way
  readonly pid: number
  /** What the latest process has written. */
  output(): string
  kill(signal: NodeJS.Signals): void
  /** Resolves when the process has exited. */
  exited(): Promise<unknown>
  /** Starts a process where there is none, and resolves when it serves. */
  start(): Promise<void>
  /** What is open in the process and how much of its heap is in use when all garbage is collected. */
  measure(): Promise<Measure>
}

export interface Measure {
  descriptors: number
  heapUsed: number
  timers: number
}

export interface Cluster {
  nodes: ClusterNode[]
  redis: RedisServer
  provider: Provider
  close(): Promise<void>
}

export interface ClusterOptions {
  nodes: number
  leaseS: number
  script: Script
}

export async function startCluster({ nodes: count, leaseS, script }: ClusterOptions): Promise<Cluster> {
  // What Redis has acknowledged outlives its being killed, too.
  const redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always'])
  const provider = await startProvider({ script, scriptCheck: answers(200, openai.checkBody) })
  const env = {
    PATH: process.env.PATH,
    PORT: '0',
    REDIS_PREFIX: PREFIX,
    TURN_LEASE_S: String(leaseS),
    ACTIVE_BRAIN: 'openai',
    OPENAI_API_KEY: 'sk-test-key',
    OPENAI_BASE_URL: `${provider.url}/v1`,
    FIRST_TOKEN_TIMEOUT_S: '5',
    TOKEN_TIMEOUT_S: '1.5',
    RATE_LIMIT_PER_MINUTE: '0',
    MAX_TURNS_PER_USER: '0',
    MAX_SOCKETS_PER_IP: '0',
    LOG_LEVEL: 'info',
  }
  const nodes = await Promise.all(Array.from({ length: count }, () => createNode(redis.port, env)))
  const close = async () => {
    for (const node of nodes) node.kill('SIGKILL')
    await Promise.all(nodes.flatMap(({ door, store }) => [door.close(), store.close()]))
    await provider.close()
    await redis.close()
  }
  try {
    await Promise.all(nodes.map((node) => node.start()))
  } catch (error) {
    await close()
    throw error
  }
  return { nodes, redis, provider, close }
}

async function createNode(redisPort: number, env: NodeJS.ProcessEnv): Promise<ClusterNode> {
  const door = await startWay()
  const store = await startWay(redisPort)
  let child: ChildProcess | undefined
  let output = ''
  const waiting = new Set<() => void>()

  const says = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(output)
        const isOver = child!.exitCode !== null || child!.signalCode !== null
        if (!found && !isOver) return
        waiting.delete(look)
        child!.off('close', look)
        if (found) resolve(found)
        else reject(new Error(`A node has exited:\n${output}`))
      }
      waiting.add(look)
      child!.once('close', look)
      look()
    })

  return {
    url: `http://127.0.0.1:${door.port}`,
    door,
    store,
    get pid() {
      return child?.pid ?? 0
    },
    output: () => output,
    kill: (signal) => void child?.kill(signal),
    async exited() {
      if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
    async start() {
      output = ''
      child = launch({ ...env, REDIS_URL: `redis://127.0.0.1:${store.port}` })
      for (const stream of [child.stdout!, child.stderr!]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output = (output + text).slice(-KEPT_OUTPUT)
          for (const look of waiting) look()
        })
      }
      const [, port] = await says(/Repartee serves on http:\/\/[\d.]+:(\d+)/)
      door.leadTo(Number(port))
    },
    async measure() {
      const pid = child!.pid!
      output = ''
      child!.kill('SIGURG')
      const [, heapUsed, timers] = await says(/chaos heap=(\d+) timers=(\d+)/)
      return { descriptors: readdirSync(`/proc/${pid}/fd`).length, heapUsed: Number(heapUsed), timers: Number(timers) }
    },
  }
}

function launch(env: NodeJS.ProcessEnv): ChildProcess {
  const probe = join(import.meta.dirname, 'probe.ts')
  const child = spawn('node', ['--expose-gc', '--import', probe, 'src/server.ts'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Of the last resort: a run that dies leaves no process behind.
  const onExit = (): void => void child.kill('SIGKILL')
  process.once('exit', onExit)
  child.once('exit', () => process.off('exit', onExit))
  return child
}
