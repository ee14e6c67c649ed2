/** A wave: many turns at the same time, what befalls them, and what the service knows of them when all is over. */
import { setTimeout as delay } from 'node:timers/promises'
import { encodeReply } from '#test/provider/openai.ts'
import type { Exchange, Script } from '#test/provider/provider.ts'
import { createKeys } from '#src/stores/redis/keys.ts'
import { keysOf } from '#test/stores/redis.ts'
import { strike } from './calamity.ts'
import { type Cluster, PREFIX } from './cluster.ts'
import { type Doors, read } from './reader.ts'
import { type CallRecord, createRecord, type StoredMessage, type StoredTurn, type WaveRecord } from './record.ts'
import type { ReplyPlan, WavePlan } from './schedule.ts'
import { insist, talk } from './talk.ts'

/** Milliseconds from the end of whatever befell, by when every reader must have its end; a lease and patience in it. */
const END_MS = 15_000
/** What a wave's own turns may take at most. */
const TALK_MS = 20_000
/** Milliseconds after which nothing of a deleted session may be left. */
const DELETED_MS = 5_000

/** What the provider does, by the marker in the message that it is shown last. */
export function createTroupe() {
  const replies = new Map<string, ReplyPlan>()
  const calls: CallRecord[] = []
  const script: Script = async (exchange) => {
    const { messages } = exchange.request.body as { messages: { content: string }[] }
    // A turn that said nothing leaves its message beside the next one.
    const marker =
      messages
        .at(-1)!
        .content.match(/\[c[^\]]*\]/g)
        ?.at(-1) ?? ''
    const call: CallRecord = { marker, at: Date.now(), endedAt: null, wasClosed: false }
    calls.push(call)
    const end = (wasClosed: boolean) => {
      if (call.endedAt === null) Object.assign(call, { endedAt: Date.now(), wasClosed })
    }
    void exchange.request.closed.then(() => end(true))
    const reply = replies.get(marker)
    if (!reply) throw new Error(`The provider knows nothing of ${marker}`)
    await perform(exchange, reply)
    if (reply.fault !== 'stall') end(false)
  }
  return { replies, calls, script }
}

export type Troupe = ReturnType<typeof createTroupe>

async function perform(exchange: Exchange, { deltas, delayMs, fault, faultAt }: ReplyPlan): Promise<void> {
  if (fault === 'error-500') {
    exchange.head(500, { 'content-type': 'application/json' })
    return exchange.end()
  }
  const { frames } = encodeReply({ deltas })
  exchange.head(200, { 'content-type': 'text/event-stream' })
  for (const [i, frame] of frames.entries()) {
    // The first frame is the role.
    if (fault !== null && i === faultAt + 1) return fail(exchange, fault)
    if (i > 0) await delay(delayMs, undefined, { signal: exchange.signal })
    exchange.write(frame)
  }
  exchange.end()
}

async function fail(exchange: Exchange, fault: NonNullable<ReplyPlan['fault']>): Promise<void> {
  if (fault === 'fin') await exchange.fin()
  if (fault === 'reset') await exchange.reset()
  if (fault === 'no-end') exchange.end()
}

export interface WaveOptions {
  plan: WavePlan
  cluster: Cluster
  troupe: Troupe
  leaseS: number
  /** Told apart from those of other runs on the same Redis. */
  runId: string
}

export async function runWave({ plan, cluster, troupe, leaseS, runId }: WaveOptions): Promise<WaveRecord> {
  const { wave, calamity } = plan
  const startedAt = Date.now()
  const record = createRecord({ wave, calamity, leaseS, startedAt })
  const doors: Doors = { urls: cluster.nodes.map(({ url }) => url) }
  const deadline = startedAt + TALK_MS + plan.lastsMs + END_MS
  const sessionIds = plan.sessions.map((_, i) => `${runId}-${wave}-${i}`)
  for (const [i, { turns }] of plan.sessions.entries()) {
    for (const [n, { reply, senders }] of turns.entries())
      for (let rival = 0; rival < senders.length; rival++) troupe.replies.set(`[${sessionIds[i]}#${n}.${rival}]`, reply)
  }
  const disaster = strike(plan, cluster, record)
  const talking = plan.sessions.map((session, i) =>
    talk(session, { doors, record, sessionId: sessionIds[i]!, deadline, onEvent: disaster.onEvent }).catch(
      (error: Error) => record.unanswered.push(error.message),
    ),
  )
  await Promise.all([disaster.over, ...talking])
  await look(plan, record, doors, sessionIds, deadline)
  await findLeftovers(cluster, record)
  record.calls.push(...troupe.calls.splice(0))
  troupe.replies.clear()
  return record
}

/** Asks every node what it knows of every turn, and reads each once more from the beginning. */
export async function look(
  plan: WavePlan,
  record: WaveRecord,
  doors: Doors,
  sessionIds: string[],
  deadline: number,
): Promise<void> {
  const deleted = new Set(record.deletions.map(({ sessionId }) => sessionId))
  const turnIds = new Set(record.sends.filter(({ code }) => code === 'ok').map(({ turnId }) => turnId!))
  const looking = sessionIds.map(async (sessionId, i) => {
    for (const turnId of turnIds) {
      if (turnId.slice(0, turnId.lastIndexOf('.')) !== sessionId) continue
      for (const node of doors.urls.keys()) record.stored.push(await ask(doors, node, turnId, deadline))
      if (deleted.has(sessionId)) continue
      const late = { startMs: 0, hops: [plan.sessions[i]!.turns[0]!.late] }
      const name = `${turnId} late reader`
      record.readers.push(await read({ doors, name, plan: late, turnId, deadline, sends: record.sends }))
    }
    if (!deleted.has(sessionId)) record.histories.set(sessionId, await readHistory(doors, sessionId, deadline))
  })
  await Promise.all(looking)
}

async function ask(doors: Doors, node: number, turnId: string, deadline: number): Promise<StoredTurn> {
  for (;;) {
    const one = { ...doors, urls: [doors.urls[node]!] }
    const unanswered = { status: 0, body: {} }
    const { status, body } = await insist(one, 0, deadline + END_MS, `/chat/turns/${turnId}`).catch(() => unanswered)
    const {
      state = '',
      text = '',
      offset = '',
      code = '',
      finish_reason = '',
      ended_at,
    } = body as Record<string, string>
    // What has been interrupted is ended within 15 s; whoever asks waits for that.
    if (state === 'running' && Date.now() < deadline) {
      await delay(200)
      continue
    }
    return {
      turnId,
      node,
      status,
      state,
      code: code || finish_reason,
      text,
      offset,
      endedAt: Date.parse(ended_at ?? ''),
    }
  }
}

async function readHistory(doors: Doors, sessionId: string, deadline: number): Promise<StoredMessage[]> {
  const { body } = await insist(doors, 0, deadline + END_MS, `/chat/sessions/${sessionId}?messages=100`)
  const messages = (body.messages ?? []) as { turn_id: string; role: string; status: string; content: string }[]
  return messages.map(({ turn_id, ...message }) => ({ turnId: turn_id, ...message }))
}

/** What is there of deleted sessions when the time for it to go is over. */
async function findLeftovers({ redis }: Cluster, record: WaveRecord): Promise<void> {
  const keys = createKeys(PREFIX)
  const bases = record.deletions.map(({ sessionId }) =>
    keys.session({ owner: '', sessionId }).slice(0, -'session'.length),
  )
  const until =
    Math.max(...record.deletions.map(({ answeredAt }) => answeredAt), ...record.faults.map(({ to }) => to)) + DELETED_MS
  if (bases.length === 0) return
  for (;;) {
    const all = await keysOf(redis.client, PREFIX)
    record.leftovers = all.filter((key) => bases.some((base) => key.startsWith(base)))
    if (record.leftovers.length === 0 || Date.now() > until) return
    await delay(200)
  }
}
