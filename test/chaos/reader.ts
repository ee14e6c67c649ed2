/** A reader: follows one turn through all its connections, wherever they lead, until it has the end. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Json } from '#test/helper.ts'
import { attachSse, attachWebSocket, type Attached } from './attach.ts'
import type { Attach, ReaderRecord, SeenEvent, SendRecord } from './record.ts'
import type { Hop, ReaderPlan } from './schedule.ts'

/** Where the service is, and who asks. */
export interface Doors {
  urls: readonly string[]
  token?: string | undefined
}

export interface Sending {
  sessionId: string
  marker: string
  path: string
  body: Json
}

export interface ReaderOptions {
  doors: Doors
  name: string
  plan: ReaderPlan
  /** What it sends; without it the reader follows `turnId`. */
  sending?: Sending
  turnId?: string
  /** Whether it gives up when another turn runs in the session. */
  isRival?: boolean
  deadline: number
  /** Hears of a turn as soon as the reader knows it. */
  onTurn?: (turnId: string) => void
  onEvent?: (node: number, event: SeenEvent) => void
  /** Where attempts to send are noted. */
  sends: SendRecord[]
}

/** What passes by itself: the reader asks again, elsewhere. */
const PASSING = new Set([
  'unreachable',
  'draining',
  'store_unavailable',
  'rate_limited',
  'lost',
  'closed',
  'silent',
  'cut',
])
const GONE = new Set(['session_not_found', 'turn_not_found'])
const RETRY_MS = 100

export async function read(options: ReaderOptions): Promise<ReaderRecord> {
  return new Reader(options).read()
}

class Reader {
  readonly #options: ReaderOptions
  readonly #attaches: Attach[] = []
  #turnId: string | null
  #count = 0
  #offset: string | null = null
  #isDone = false

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#turnId = options.turnId ?? null
  }

  async read(): Promise<ReaderRecord> {
    const { name, plan, deadline } = this.#options
    let outcome: ReaderRecord['outcome'] = 'late'
    for (let attempt = 0; Date.now() < deadline; attempt++) {
      const { ending } = await this.#attach(this.#hop(attempt))
      if (this.#isDone) outcome = 'end'
      else if (GONE.has(ending)) outcome = 'gone'
      else if (!this.#passes(ending)) outcome = 'refused'
      else {
        await delay(plan.hops[attempt]?.pauseMs ?? RETRY_MS)
        continue
      }
      break
    }
    return { name, turnId: this.#turnId, attaches: this.#attaches, outcome }
  }

  #passes(ending: string): boolean {
    return PASSING.has(ending) || (ending === 'turn_in_progress' && !this.#options.isRival)
  }

  /** As planned, and after that without cuts: from door to door, in case one leads nowhere. */
  #hop(attempt: number): Hop {
    const { plan, doors } = this.#options
    const hop = plan.hops[Math.min(attempt, plan.hops.length - 1)]!
    const beyond = Math.max(0, attempt - plan.hops.length + 1)
    return { ...hop, node: (hop.node + beyond) % doors.urls.length, cutAfter: beyond > 0 ? null : hop.cutAfter }
  }

  async #attach(hop: Hop): Promise<Attached> {
    const { doors, sending, sends, deadline } = this.#options
    const isSend = sending !== undefined && (this.#turnId === null || hop.sendsAgain)
    // Regenerating has no event on a socket.
    const transport = isSend && sending.path !== '/chat/stream' ? 'sse' : hop.transport
    const at = Date.now()
    const attach: Attach = { node: hop.node, transport, isSend, at, after: this.#count, events: [], ending: '' }
    this.#attaches.push(attach)
    const send = isSend ? toSendRecord(sending, hop.node, at) : null
    if (send) sends.push(send)
    const attached = await (transport === 'sse' ? attachSse : attachWebSocket)({
      door: doors.urls[hop.node]!,
      token: doors.token,
      ask: isSend ? sending : { turnId: this.#turnId! },
      after: this.#offset,
      cutAfter: hop.cutAfter,
      how: hop.how,
      deadline,
      onTurn: (turnId) => {
        this.#turnId ??= turnId
        if (send) Object.assign(send, { code: 'ok', turnId, answeredAt: Date.now() })
        this.#options.onTurn?.(turnId)
      },
      onEvent: (event) => this.#hear(attach, event),
    })
    attach.ending = attached.ending
    if (send?.code === '')
      Object.assign(send, { code: attached.ending, turnId: attached.turnId, answeredAt: Date.now() })
    return attached
  }

  #hear(attach: Attach, event: SeenEvent): void {
    // What comes after the reader has left is not its any more.
    if (attach.ending) return
    attach.events.push(event)
    this.#options.onEvent?.(attach.node, event)
    this.#offset = event.offset
    if (event.type === 'token') this.#count = event.count
    else this.#isDone = true
  }
}

function toSendRecord({ sessionId, marker }: Sending, node: number, at: number): SendRecord {
  return { sessionId, marker, node, at, answeredAt: at, code: '', turnId: null }
}
