/** Nothing leaks: after many turns, whose readers come and go as they do, all that was opened is closed again. */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startSession } from '#test/helper.ts'
import { startServer } from '#test/process.ts'
import { STORES } from '#test/stores/each.ts'
import { socketIo, socketIoPolling, sse, webSocket } from '#test/transports/clients.ts'

const TRANSPORTS = [sse, webSocket, socketIo, sse, webSocket, socketIoPolling]

const WARM_UP = 80
const TURNS = 120
const AT_ONCE = 40

/** Bytes of the heap: more than code that was not run before takes, and a third of what the log of each turn would. */
const NOISE = 600_000

const PATIENCE = { timeout: 8_000 }

/** What is open in a process, by its own count and by the system's. */
async function countOpen(url: string, pid: number): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const counted =
    /^(nodejs_active_resources\{.*|repartee_(?:turns_running|event_streams|sockets|socket_readers)) (\d+)$/gm
  const figures = [...text.matchAll(counted)].map(([, name, value]) => [name!, Number(value)] as const)
  return { ...Object.fromEntries(figures), descriptors: readdirSync(`/proc/${pid}/fd`).length }
}

/** What there is more of than before. */
function toGrowth(before: Record<string, number>, now: Record<string, number>): Record<string, number> {
  const growth = Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
  return Object.fromEntries(growth.filter(([, more]) => more > 0))
}

/** Turns over all transports: of the readers some stay to the end, some vanish at the beginning, some in the middle. */
async function converse(url: string, turns: number): Promise<void> {
  const converseOnce = async (n: number) => {
    const line = await TRANSPORTS[n % TRANSPORTS.length]!.connect(url)
    const reading = await line.send({ session_id: await startSession(url), message: 'Tell me of plants', pace_ms: 1 })
    if (n % 3 === 0) await reading.rest()
    if (n % 3 === 1) await reading.take(3)
    const late = n % 4 === 0 ? await sse.connect(url) : undefined
    if (late) await (await late.follow(reading.turnId, { after_count: 2 })).take(n % 5)
    late?.vanish()
    line.vanish()
  }
  for (let n = 0; n < turns; n += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, turns - n) }, (_, i) => converseOnce(n + i)))
  }
}

/** Asks a process with an inspector how much of its heap is in use when all garbage is collected. */
async function measureHeap(output: string): Promise<number> {
  const inspector = new WebSocket(/ws:\/\/[\d.]+:\d+\/[\w-]+/.exec(output)![0])
  await once(inspector, 'open')
  const ask = async (method: string) => {
    inspector.send(JSON.stringify({ id: 1, method }))
    const [data] = (await once(inspector, 'message')) as [Buffer]
    return (JSON.parse(data.toString()) as { result: { usedSize: number } }).result
  }
  await ask('HeapProfiler.collectGarbage')
  const { usedSize } = await ask('Runtime.getHeapUsage')
  inspector.close()
  await once(inspector, 'close')
  return usedSize
}

describe.each(STORES)('a process after many turns ($name)', (store) => {
  it.runIf(process.platform === 'linux')('has no more open, and no more in memory, than before', async () => {
    const env = { ...(await store.env()), MAX_SOCKETS_PER_IP: '0', NODE_OPTIONS: '--inspect=0' }
    const server = await startServer(env)
    const { url, pid } = server
    await converse(url, WARM_UP)
    await expect.poll(async () => (await countOpen(url, pid)).repartee_turns_running, PATIENCE).toBe(0)
    const before = await countOpen(url, pid)
    const heapBefore = await measureHeap(server.output())

    await converse(url, TURNS)
    await expect.poll(async () => toGrowth(before, await countOpen(url, pid)), PATIENCE).toEqual({})
    await expect.poll(async () => (await measureHeap(server.output())) - heapBefore, PATIENCE).toBeLessThan(NOISE)
  })
})
