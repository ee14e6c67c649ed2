/** A session of a wave: its turns one after the other, with whoever sends, follows, stops and deletes. */
import { setTimeout as delay } from 'node:timers/promises'
import { call, type Json } from '#test/helper.ts'
import { type Doors, read, type ReaderOptions, type Sending } from './reader.ts'
import type { ReaderRecord, SeenEvent, WaveRecord } from './record.ts'
import type { ReaderPlan, SessionPlan, TurnPlan } from './schedule.ts'

export interface TalkOptions {
  doors: Doors
  record: WaveRecord
  sessionId: string
  deadline: number
  onEvent?: (node: number, event: SeenEvent) => void
}

export async function talk(plan: SessionPlan, options: TalkOptions): Promise<void> {
  await delay(plan.startMs)
  const { sessionId, doors } = options
  await insist(doors, 0, options.deadline, '/chat/start', 'POST', { session_id: sessionId, user_id: 'chaos' })
  let previous: string | null = null
  for (const [n, turn] of plan.turns.entries()) {
    previous = await new Talk(turn, `${sessionId}#${n}`, options).run(previous)
    if (turn.act === 'delete') break
  }
}

class Talk {
  readonly #plan: TurnPlan
  readonly #name: string
  readonly #options: TalkOptions
  readonly #accepted = Promise.withResolvers<string>()
  /** The latest that was accepted: of rivals another may be, when the first has ended. */
  #latest: string | null = null

  constructor(plan: TurnPlan, name: string, options: TalkOptions) {
    this.#plan = plan
    this.#name = name
    this.#options = options
  }

  /** Returns the latest turn that was accepted; null when none was. */
  async run(previous: string | null): Promise<string | null> {
    const { act, senders } = this.#plan
    const { record } = this.#options
    const sendings = senders.map((_, i) => this.#toSending(act === 'rivals' ? i : 0, previous))
    for (const { marker } of sendings) record.planned.set(marker, toPlanned(this.#plan))
    if (act === 'rivals') record.rivals.push(sendings.map(({ marker }) => marker))
    const sending = senders.map((reader, i) => this.#read(`sender ${i}`, reader, { sending: sendings[i]! }))
    const sent = Promise.all(sending)
    const turnId = await Promise.race([this.#accepted.promise, sent.then(() => null)])
    if (turnId !== null) {
      const following = this.#plan.followers.map(async (reader, i) => {
        await delay(reader.startMs)
        return this.#read(`follower ${i}`, reader, { turnId })
      })
      await Promise.all([...following, this.#act(turnId)])
    }
    await sent
    return this.#latest
  }

  #toSending(rival: number, previous: string | null): Sending {
    const { sessionId } = this.#options
    const marker = `[${this.#name}.${rival}]`
    const body = { message: `${marker} Go on.`, client_message_id: marker }
    return this.#plan.act === 'regenerate' && previous !== null
      ? { sessionId, marker, path: `/chat/turns/${previous}/regenerate`, body }
      : { sessionId, marker, path: '/chat/stream', body: { ...body, session_id: sessionId } }
  }

  async #read(name: string, plan: ReaderPlan, what: Partial<ReaderOptions>): Promise<ReaderRecord> {
    const { doors, record, deadline, onEvent } = this.#options
    const reader = await read({
      doors,
      plan,
      deadline,
      name: `${this.#name} ${name}`,
      isRival: this.#plan.act === 'rivals',
      sends: record.sends,
      ...what,
      ...(what.sending && { onTurn: (turnId) => this.#accept(turnId) }),
      ...(onEvent && { onEvent }),
    })
    record.readers.push(reader)
    return reader
  }

  #accept(turnId: string): void {
    if (this.#latest === null || toNumber(turnId) > toNumber(this.#latest)) this.#latest = turnId
    this.#accepted.resolve(turnId)
  }

  async #act(turnId: string): Promise<void> {
    const { act, actMs, actNode } = this.#plan
    const { doors, deadline, record, sessionId } = this.#options
    if (act !== 'stop' && act !== 'delete') return
    await delay(actMs)
    const at = Date.now()
    if (act === 'stop') {
      const { node, body } = await insist(doors, actNode, deadline, `/chat/turns/${turnId}/stop`, 'POST')
      const { stopped, state } = body as { stopped: boolean; state: string }
      record.stops.push({ turnId, node, at, answeredAt: Date.now(), stopped, state })
    } else {
      await insist(doors, actNode, deadline, `/chat/sessions/${sessionId}`, 'DELETE')
      record.deletions.push({ sessionId, at, answeredAt: Date.now() })
    }
  }
}

function toNumber(turnId: string): number {
  return Number(turnId.slice(turnId.lastIndexOf('.') + 1))
}

function toPlanned({ reply: { deltas, fault } }: TurnPlan) {
  return { text: deltas.join(''), fault }
}

/** Milliseconds after which an answer is not waited for any more. */
const PATIENCE_MS = 4_000

export interface Insisted {
  node: number
  status: number
  body: Json
}

/** Asks one door after the other until one answers for good. */
export async function insist(
  doors: Doors,
  node: number,
  deadline: number,
  path: string,
  method = 'GET',
  body?: Json,
): Promise<Insisted> {
  const { urls, token } = doors
  let latest = 'nothing'
  for (let at = node; Date.now() < deadline; at = (at + 1) % urls.length) {
    const headers = token ? { authorization: `Bearer ${token}` } : {}
    const asking = call(`${urls[at]}${path}`, method, body, headers).catch(() => undefined)
    const answer = await Promise.race([asking, delay(PATIENCE_MS, undefined, { ref: false })])
    if (answer && answer.status !== 429 && answer.status < 500) return { node: at, ...answer }
    if (answer) latest = `${answer.status} ${JSON.stringify(answer.body)}`
    await delay(100)
  }
  throw new Error(`No node has answered ${method} ${path}, but at most: ${latest}`)
}
