/**
 * This process among the others: its lease, the turns that it runs, and those that a dead one has left.
 *
 * A node says every third of a lease that it lives, by Redis's clock, and keeps a set of the sessions in which it runs a
 * turn: a session is added before the claim and removed after the end. Whose node has been silent for a lease is
 * abandoned, and so is what this node claimed without hearing the answer.
 */
import { randomBytes } from 'node:crypto'
import type { SessionRef } from '#src/chat/session.ts'
import type { Turn, TurnRef } from '#src/chat/store.ts'
import type { Client } from './connection.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'

/** A turn that this node runs. */
export interface Owned extends Pick<Turn, 'n' | 'createdAt' | 'epoch'> {
  /** The key of its log. */
  log: string
  /** The last token that is known to be kept; null when it is not known. */
  seq: number | null
}

export interface Node {
  readonly id: string
  /** Says that a session may be about to have a turn of this node, does `attempt`, and notes the turn that it won. */
  hold<T>(ref: SessionRef, attempt: () => Promise<T>, toOwned: (result: T) => Turn | undefined): Promise<T>
  owned(ref: SessionRef): Owned | undefined
  /**
   * A node runs a turn in this session: says so in that node's name, as what Redis kept of it can be lost. When it is
   * dead, its lease runs out from now on. A failure is mended by the next time.
   */
  remind(ref: SessionRef, node: string): void
  /** The turn of this node whose log it is, also one that an attempt under way is about to win. */
  find(log: string): Promise<(TurnRef & Pick<Turn, 'epoch'>) | undefined>
  /** The turn has ended, or has another owner than the one of this epoch. */
  release(turn: TurnRef, epoch: number): void
  /** The session is gone. */
  forget(ref: SessionRef): void
  abandoned(): Promise<TurnRef[]>
  /** The turns that this node takes for its own, and that are not by what the store says now. */
  lost(): Promise<(TurnRef & Pick<Turn, 'epoch'>)[]>
  close(): Promise<void>
}

export interface NodeParts {
  client: Client
  keys: Keys
  scripts: Scripts
  leaseMs: number
}

const BEATS_PER_LEASE = 3

export async function startNode(parts: NodeParts): Promise<Node> {
  const node = new LeasedNode(parts)
  await node.start()
  return node
}

class LeasedNode implements Node {
  readonly id = randomBytes(12).toString('base64url')
  readonly #parts: NodeParts
  readonly #key: string
  readonly #beatMs: number
  readonly #owned = new Map<string, Owned>()
  /** Attempts under way; and their number, by session. */
  readonly #attempts = new Set<Promise<unknown>>()
  readonly #pending = new Map<string, number>()
  /** Of which a node was reminded since the last beat: that often is enough. */
  readonly #reminded = new Set<string>()
  readonly #onReady = (): void => void this.#beat()
  #timer: NodeJS.Timeout | undefined
  /** Since when every beat has reached the store; null while it is away. */
  #steadySince: number | null = null
  #lastBeatAt = -Infinity

  constructor(parts: NodeParts) {
    this.#parts = parts
    this.#key = parts.keys.running(this.id)
    this.#beatMs = parts.leaseMs / BEATS_PER_LEASE
  }

  async start(): Promise<void> {
    await this.#beat()
    this.#timer = setInterval(() => void this.#beat(), this.#beatMs).unref()
    // Whoever reaps after an outage must find that all who live have said so.
    this.#parts.client.on('ready', this.#onReady)
  }

  async hold<T>(ref: SessionRef, attempt: () => Promise<T>, toOwned: (result: T) => Turn | undefined): Promise<T> {
    const holding = this.#hold(ref, attempt, toOwned)
    this.#attempts.add(holding)
    try {
      return await holding
    } finally {
      this.#attempts.delete(holding)
    }
  }

  async #hold<T>(ref: SessionRef, attempt: () => Promise<T>, toOwned: (result: T) => Turn | undefined): Promise<T> {
    const member = toMember(ref)
    this.#pending.set(member, (this.#pending.get(member) ?? 0) + 1)
    let result: T
    try {
      await this.#add([member])
      result = await attempt()
      const turn = toOwned(result)
      if (turn) this.#own(member, turn)
    } finally {
      // After a failure the session stays in the set: whether there is a turn to be found is not known.
      const pending = this.#pending.get(member)! - 1
      if (pending > 0) this.#pending.set(member, pending)
      else this.#pending.delete(member)
    }
    this.#drop(member)
    return result
  }

  owned(ref: SessionRef): Owned | undefined {
    return this.#owned.get(toMember(ref))
  }

  remind(ref: SessionRef, node: string): void {
    const { scripts, keys } = this.#parts
    const member = toMember(ref)
    if (this.#isHeld(member) || this.#reminded.has(member)) return
    this.#reminded.add(member)
    const reminding = [scripts.hold(keys.running(node), [member]), scripts.enlist(keys.nodes, node)]
    Promise.all(reminding).catch(() => {})
  }

  async find(log: string): Promise<(TurnRef & Pick<Turn, 'epoch'>) | undefined> {
    const found = this.#find(log)
    if (found || this.#attempts.size === 0) return found
    await Promise.allSettled(this.#attempts)
    return this.#find(log)
  }

  #find(log: string): (TurnRef & Pick<Turn, 'epoch'>) | undefined {
    for (const [member, owned] of this.#owned) if (owned.log === log) return { ...toRef(member), ...owned }
    return undefined
  }

  release(turn: TurnRef, epoch: number): void {
    const member = toMember(turn)
    const owned = this.#owned.get(member)
    if (owned?.n !== turn.n || owned.epoch !== epoch) return
    this.#owned.delete(member)
    this.#drop(member)
  }

  forget(ref: SessionRef): void {
    const member = toMember(ref)
    if (this.#owned.delete(member)) this.#drop(member)
  }

  async abandoned(): Promise<TurnRef[]> {
    // A node that has just got its store back gives the others the time of a beat to be heard of, too.
    if (this.#steadySince === null || performance.now() - this.#steadySince < this.#beatMs) return []
    const { scripts, keys, leaseMs } = this.#parts
    const silent = (await scripts.silent(keys.nodes, leaseMs)).filter((id) => id !== this.id)
    const left = await Promise.all([...silent, this.id].map((id) => this.#leftBy(id)))
    return left.flat()
  }

  async lost(): Promise<(TurnRef & Pick<Turn, 'epoch'>)[]> {
    const { client, keys } = this.#parts
    const owned = [...this.#owned].map(([member, turn]) => ({ member, turn, ref: toRef(member) }))
    const now = await Promise.all(owned.map(({ ref }) => client.hmget(keys.session(ref), 'active', 'node')))
    return owned
      .filter(({ turn }, i) => now[i]![0] !== String(turn.n) || now[i]![1] !== this.id)
      .filter(({ member, turn }) => this.#owned.get(member) === turn)
      .map(({ ref, turn }) => ({ ...ref, n: turn.n, epoch: turn.epoch }))
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    const { client, keys } = this.#parts
    client.off('ready', this.#onReady)
    try {
      if ((await client.scard(this.#key)) === 0) await client.zrem(keys.nodes, this.id)
    } catch {
      // Its lease runs out.
    }
  }

  async #beat(): Promise<void> {
    this.#reminded.clear()
    try {
      await this.#sayAlive()
    } catch {
      this.#steadySince = null
    }
  }

  async #sayAlive(): Promise<void> {
    const { scripts, keys, leaseMs } = this.#parts
    await scripts.beat(keys.nodes, this.id)
    // Said again each time, as what Redis kept of it can be lost.
    await this.#add([...this.#owned.keys()])
    const now = performance.now()
    if (this.#steadySince === null || now - this.#lastBeatAt > leaseMs) this.#steadySince = now
    this.#lastBeatAt = now
  }

  #own(member: string, turn: Turn): void {
    const { n, createdAt, epoch } = turn
    const log = this.#parts.keys.log(turn)
    this.#owned.set(member, { n, createdAt, epoch, log, seq: epoch === 1 ? 0 : null })
  }

  async #add(members: string[]): Promise<void> {
    if (members.length === 0) return
    await this.#parts.scripts.hold(this.#key, members)
  }

  /** Takes a session out of the set, unless it has a turn of this node or may get one. A failure is mended later. */
  #drop(member: string): void {
    if (this.#isHeld(member)) return
    this.#parts.client.srem(this.#key, member).catch(() => {})
  }

  #isHeld(member: string): boolean {
    return this.#owned.has(member) || this.#pending.has(member)
  }

  /** The turns that a node has left, of itself those that it does not know of. Cleans up after those that have ended. */
  async #leftBy(id: string): Promise<TurnRef[]> {
    const { client, keys } = this.#parts
    const members = await client.smembers(keys.running(id))
    const left = await Promise.all(members.map((member) => this.#findLeft(id, member)))
    const turns = left.filter((turn) => turn !== undefined)
    if (turns.length === 0 && id !== this.id) await client.zrem(keys.nodes, id)
    return turns
  }

  async #findLeft(id: string, member: string): Promise<TurnRef | undefined> {
    const { client, keys } = this.#parts
    const isKnown = () => id === this.id && this.#isHeld(member)
    if (isKnown()) return undefined
    const ref = toRef(member)
    const [active, node] = await client.hmget(keys.session(ref), 'active', 'node')
    if (isKnown()) return undefined
    if (active && node === id) return { ...ref, n: Number(active) }
    await client.srem(keys.running(id), member)
    return undefined
  }
}

/** A session id has no space in it. */
function toMember({ owner, sessionId }: SessionRef): string {
  return `${sessionId} ${owner}`
}

function toRef(member: string): SessionRef {
  const end = member.indexOf(' ')
  return { owner: member.slice(end + 1), sessionId: member.slice(0, end) }
}
