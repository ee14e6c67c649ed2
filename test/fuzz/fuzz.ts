/** Sends a process of the service valid and invalid requests for everything, and reports what it must not have done. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SIGNED_IN, tokenFor } from '#test/identity/tokens.ts'
import { type OnOver, type ServerProcess, startServer } from '#test/process.ts'
import { createRandom, type Random } from '#test/random.ts'
import { exchange, type Outcome, RIGHT_FAILURES } from './exchange.ts'
import { listOperations, type Reference, Requests, toName } from './requests.ts'
import { createTalk, talk } from './sockets.ts'
import { CANARY, ODDITIES, Values } from './values.ts'

export interface FuzzOptions {
  seed: number
  /** How many connections are made, each with one or more requests, or with the frames of a socket. */
  connections: number
  isSignedIn: boolean
  /** The variables of the store. */
  store: Record<string, string>
  onOver: OnOver
}

export interface Report {
  /** By what is wrong: how often, and the smallest bytes that show it. */
  faults: Map<string, { count: number; smallest: string }>
  slowestHealthMs: number
  /** Growth since the first quarter: by then all is loaded, and the runtime has taken what it keeps for itself. */
  grownMb: number
  /** Endpoints and sockets where no request succeeded: what was sent there shows little. */
  untouched: string[]
}

const PROBE = join(import.meta.dirname, '..', 'chaos', 'probe.ts')

/** Connections at the same time. */
const LANES = 6

/** Megabytes by which a process may have grown at the end. */
export const MAX_GROWN_MB = 150

/** How many ids are remembered, the latest. */
const MAX_IDS = 50

const ID = /"(?:session_id|turn_id|message_id|sid|offset)":"([\w.-]{1,128})"/g

export async function fuzz({ seed, connections, isSignedIn, store, onOver }: FuzzOptions): Promise<Report> {
  const env = { ...store, ...(isSignedIn && SIGNED_IN), LOG_LEVEL: 'trace', MAX_SOCKETS_PER_IP: '0' }
  const server = await startServer({ ...env, NODE_OPTIONS: `--expose-gc --import ${PROBE}` }, { onOver })
  const port = Number(new URL(server.url).port)
  const reference = (await (await fetch(`${server.url}/openapi.json`)).json()) as Reference
  const report: Report = { faults: new Map(), slowestHealthMs: 0, grownMb: 0, untouched: [] }
  const operations = listOperations(reference)
  const documented = operations.slice(0, -ODDITIES.endpoints.length).map(toName)
  const names = [...documented.filter((name) => name !== 'GET /ws'), '/ws', '/socket.io/']
  const own = await begin(server.url, isSignedIn)
  const ids = [...own]
  const done = new Set<string>()
  let before = 0
  const watch = watchHealth(server.url, report)

  async function connectOnce(n: number): Promise<void> {
    const random = createRandom(seed + n)
    const values = new Values(random, reference.components.schemas, [...ids])
    const token = isSignedIn ? pickToken(random) : undefined
    const said = random.next() < 0.25 ? createTalk(random, values) : null
    const sending = said ? null : new Requests(random, values, token).sending(operations)
    const outcome: Outcome = said ? await talk(port, said, token) : await exchange(port, sending!)
    // Only the first few: the others are mostly offsets.
    const found = new Set([...outcome.said.matchAll(ID)].slice(0, 4).map(([, id]) => id!))
    ids.splice(0, ids.length, ...new Set([...own, ...found, ...ids].slice(0, MAX_IDS)))
    const bytes = said ? Buffer.concat(said.frames) : sending!.bytes
    const name = said ? (said.isSocketIo ? '/socket.io/' : '/ws') : sending!.name
    if (outcome.said.startsWith('HTTP/1.1 2') || outcome.said.includes('chat_complete')) done.add(name)
    for (const fault of outcome.faults) note(report, `${name}: ${fault}`, bytes.toString('latin1'))
  }

  let next = 0
  const lane = async (last: number) => {
    while (next < last) await connectOnce(next++)
  }
  for (const last of [connections / 4, connections]) {
    await Promise.all(Array.from({ length: LANES }, () => lane(last)))
    before ||= await measure(server)
  }
  watch.abort()
  // The runtime gives back the memory of large bodies only after a while.
  for (let looks = 0; looks === 0 || (looks < 10 && report.grownMb > MAX_GROWN_MB); looks++) {
    report.grownMb = (await measure(server)) - before
  }
  report.untouched = names.filter((name) => !done.has(name))
  server.kill('SIGTERM')
  const code = await server.exited
  if (code !== 0) note(report, `the process ends with ${code}`, '')
  for (const line of server.output().split('\n')) judgeLine(report, line)
  return report
}

/** Begins sessions, and returns their ids and those of their turns. */
async function begin(url: string, isSignedIn: boolean): Promise<string[]> {
  const signIn = isSignedIn ? { authorization: `Bearer ${tokenFor('ada')}` } : {}
  const names = Array.from({ length: 6 }, (_, n) => `fuzzed-${n}`)
  for (const session_id of names) {
    const body = JSON.stringify({ session_id, message: 'Hi' })
    const headers = { 'content-type': 'application/json', ...signIn }
    await (await fetch(`${url}/api/v1/chat/unified`, { method: 'POST', headers, body })).text()
  }
  return names.flatMap((name) => [name, `${name}.1`])
}

/** Picks a token: mostly a user's, sometimes an admin's, a wrong one or none. */
function pickToken({ next, pick }: Random): string | undefined {
  if (next() < 0.08) return pick([undefined, CANARY, `${CANARY}.${CANARY}.${CANARY}`, tokenFor(CANARY, { exp: 1 })])
  return next() < 0.05 ? tokenFor('root', { role: 'admin' }) : tokenFor(pick(['ada', 'ada', 'ada', 'bob']))
}

function note({ faults }: Report, fault: string, sample: string): void {
  const { count, smallest } = faults.get(fault) ?? { count: 0, smallest: sample }
  faults.set(fault, { count: count + 1, smallest: sample.length < smallest.length ? sample : smallest })
}

/** Measures the megabytes that the process holds after its garbage is collected. */
async function measure(server: ServerProcess): Promise<number> {
  // A request is let go of only after its answer.
  for (let i = 0; i < 3; i++) {
    await delay(300)
    const said = server.output().split('chaos heap').length
    server.kill('SIGURG')
    while (server.output().split('chaos heap').length === said) await delay(20)
  }
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))!
  return Math.round(Number(kilobytes) / 1024)
}

/** Asks again and again whether the process is there. */
function watchHealth(url: string, report: Report): AbortController {
  const leaving = new AbortController()
  void (async () => {
    while (!leaving.signal.aborted) {
      const askedAt = performance.now()
      const isThere = await fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      )
      report.slowestHealthMs = Math.max(report.slowestHealthMs, Math.round(performance.now() - askedAt))
      if (!isThere) note(report, 'GET /health is not answered', '')
      await delay(50)
    }
  })()
  return leaving
}

function judgeLine(report: Report, line: string): void {
  if (line.includes(CANARY)) note(report, 'the log quotes what was said', line)
  if (line === '' || /^chaos heap|Repartee serves on/.test(line)) return
  if (!line.startsWith('{')) return note(report, 'the process says something', line)
  const { level, code, msg } = JSON.parse(line) as { level: number; code?: string; msg: string }
  if (level >= 50 && !RIGHT_FAILURES.test(code ?? '')) note(report, `the log has an error: ${msg} ${code}`, line)
}
