/**
 * What a token costs: the service, with its journal on, beside a raw byte proxy, against the same local provider,
 * interleaved in one run. A paced token's cost is taken while all streams speak, a stream's own (its beginning and
 * its end) apart from it. `npm run bench -- [--store redis|sqlite] [--streams 400] [--rounds 5] [--seconds 20]`
 *
 * Ratios are what counts: machines differ, and the same machine differs from minute to minute.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { post, read, type Readings, type Target } from './load.ts'

const { values: options } = parseArgs({
  options: {
    store: { type: 'string', default: 'redis' },
    streams: { type: 'string', default: '400' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '20' },
  },
})

const RATE = 25
const SATURATED = { streams: 50, tokens: 4000 }

const WARM_UP_TOKENS = 100

/** `/proc/<pid>/stat` counts in hundredths of a second. */
const CLOCK_TICK_US = 10_000

interface Measured {
  readings: Readings
  /** Microseconds of CPU for a token, while all streams speak. */
  tokenUs: number
  /** Microseconds of CPU for a stream beside its tokens: its beginning and its end. */
  streamUs: number
  rssMb: number
}

const directory = mkdtempSync(join(tmpdir(), 'repartee-bench-'))
const children: ChildProcess[] = []

async function start(script: string, args: string[] = [], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  let output = ''
  for await (const chunk of child.stdout) {
    output += String(chunk)
    const url = /http:\/\/[\d.]+:\d+/.exec(output)?.[0]
    if (url) return { url, pid: child.pid! }
  }
  throw new Error(`${script} did not start:\n${output}`)
}

/** A `redis-server` of the bench's own, which keeps nothing on disk. */
async function startRedis(): Promise<string> {
  const port = String(20_000 + (process.pid % 20_000))
  const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory]
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  for await (const chunk of child.stdout) if (String(chunk).includes('Ready to accept')) break
  return `redis://127.0.0.1:${port}`
}

function toCpuUs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_US
}

function toRssMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}

async function measure(target: Target, pid: number, streams: number, tokens: number, rate: number): Promise<Measured> {
  const asked = await Promise.all(Array.from({ length: streams }, () => target.prepare(`${tokens}@${rate}`)))
  const sample = (come = 0) => ({ cpuUs: toCpuUs(pid), tokens: come })
  const before = sample()
  let begun = before
  let ending = before
  const readings = await read(asked, tokens, {
    onBegun: (come) => (begun = sample(come)),
    onEnding: (come) => (ending = sample(come)),
  })
  const cpuUs = sample().cpuUs - before.cpuUs
  if (readings.broken > 0) throw new Error(`${target.name}: ${readings.broken} streams lost or mixed up tokens`)
  // As fast as it goes, the first stream can have ended before the last one speaks.
  const isPaced = rate > 0
  const tokenUs = isPaced ? (ending.cpuUs - begun.cpuUs) / (ending.tokens - begun.tokens) : cpuUs / readings.tokens
  return { readings, tokenUs, streamUs: (cpuUs - tokenUs * readings.tokens) / streams, rssMb: toRssMb(pid) }
}

function percentile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).toSorted()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}

function toRow(name: string, { readings, tokenUs, streamUs, rssMb }: Measured) {
  return {
    target: name,
    tokens: readings.tokens,
    'CPU µs/token': Number(tokenUs.toFixed(1)),
    'tokens/CPU-s': Math.round(1e6 / tokenUs),
    'CPU ms/stream': Number((streamUs / 1000).toFixed(2)),
    'delay p50 ms': Number((percentile(readings.delays, 0.5) / 1000).toFixed(2)),
    'delay p99 ms': Number((percentile(readings.delays, 0.99) / 1000).toFixed(2)),
    'first token p50 ms': Number(percentile(readings.firsts, 0.5).toFixed(1)),
    'RSS MB': Math.round(rssMb),
  }
}

async function run(): Promise<void> {
  const provider = await start('bench/provider.ts')
  const proxy = await start('bench/proxy.ts', [provider.url])
  const service = await start('src/server.ts', [], {
    PORT: '0',
    LOG_LEVEL: 'info',
    RATE_LIMIT_PER_MINUTE: '0',
    MAX_TURNS_PER_USER: '0',
    ACTIVE_BRAIN: 'openai',
    OPENAI_API_KEY: 'bench',
    OPENAI_BASE_URL: `${provider.url}/v1`,
    SQLITE_PATH: join(directory, 'bench.db'),
    ...(options.store === 'redis' ? { REDIS_URL: await startRedis() } : {}),
  })

  const targets: [Target, number][] = [
    [toProxyTarget(proxy.url), proxy.pid],
    [toServiceTarget(service.url), service.pid],
  ]
  const streams = Number(options.streams)
  const tokens = Number(options.seconds) * RATE
  // The first tokens are compiled, not measured.
  for (const [target, pid] of targets) {
    await measure(target, pid, SATURATED.streams, SATURATED.tokens, 0)
    await measure(target, pid, streams, WARM_UP_TOKENS, RATE)
  }
  const steady: Ratios[] = []
  const saturated: Ratios[] = []
  const { streams: many, tokens: most } = SATURATED
  for (let round = 1; round <= Number(options.rounds); round++) {
    const title = `round ${round}: ${streams} streams × ${RATE} tokens/s`
    steady.push(await compare(title, targets, streams, tokens, RATE))
    saturated.push(await compare(`round ${round}: saturated, ${many} × ${most}`, targets, many, most, 0))
  }
  process.stdout.write('\nmedians of all rounds\n')
  tell(toMedians(steady))
  tell(toMedians(saturated), 'saturated: ')
}

/** The service beside the proxy, in one round. */
interface Ratios {
  cpu: number
  /** Milliseconds that the service adds to what the proxy takes. */
  delayP50: number
  delayP99: number
}

async function compare(title: string, targets: [Target, number][], streams: number, tokens: number, rate: number) {
  const rows = []
  for (const [target, pid] of targets) rows.push(toRow(target.name, await measure(target, pid, streams, tokens, rate)))
  const [raw, own] = rows as [ReturnType<typeof toRow>, ReturnType<typeof toRow>]
  const ratios = {
    cpu: own['CPU µs/token'] / raw['CPU µs/token'],
    delayP50: own['delay p50 ms'] - raw['delay p50 ms'],
    delayP99: own['delay p99 ms'] - raw['delay p99 ms'],
  }
  process.stdout.write(`\n${title}\n`)
  console.table(rows)
  tell(ratios)
  return ratios
}

/** One round differs from the next by a tenth and more. */
function toMedians(rounds: Ratios[]): Ratios {
  const median = (of: keyof Ratios) =>
    percentile(
      rounds.map((ratios) => ratios[of]),
      0.5,
    )
  return { cpu: median('cpu'), delayP50: median('delayP50'), delayP99: median('delayP99') }
}

function tell({ cpu, delayP50, delayP99 }: Ratios, of = ''): void {
  process.stdout.write(
    `${of}CPU per token ${cpu.toFixed(2)} × the proxy's; tokens per CPU-second ${(1 / cpu).toFixed(2)} ×; ` +
      `delay added p50 ${delayP50.toFixed(2)} ms, p99 ${delayP99.toFixed(2)} ms\n`,
  )
}

function toProxyTarget(url: string): Target {
  return {
    name: 'raw proxy',
    prepare: async (message) => ({
      url: `${url}/v1/chat/completions`,
      body: JSON.stringify({ model: 'bench', stream: true, messages: [{ role: 'user', content: message }] }),
    }),
  }
}

function toServiceTarget(url: string): Target {
  return {
    name: `service (${options.store})`,
    prepare: async (message) => {
      const { session_id } = await post(`${url}/chat/start`, {})
      return { url: `${url}/chat/stream`, body: JSON.stringify({ session_id, message }) }
    },
  }
}

try {
  await run()
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
}
