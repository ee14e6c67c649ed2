/**
 * Places for turns that run at the same time, counted for all nodes together: a sorted set for each payer, in which a
 * node says again and again which turns it still runs. What a dead node has left there stops to count with its lease.
 */
import { randomBytes } from 'node:crypto'
import { type Places, toPlace } from '#src/chat/limits.ts'
import { type Client, guard } from './connection.ts'
import type { Keys } from './keys.ts'
import { defineScript } from './scripts.ts'

export interface RedisPlacesOptions {
  client: Client
  keys: Pick<Keys, 'places'>
  /** For each payer. */
  max: number
  leaseMs: number
}

const BEATS_PER_LEASE = 3

export function createRedisPlaces({ client, keys, max, leaseMs }: RedisPlacesOptions): Places & { close(): void } {
  const take = defineScript(client, 'take-place')
  const keep = defineScript(client, 'keep-places')
  const lease = Math.ceil(leaseMs)
  /** For each key the members that are this node's. */
  const held = new Map<string, Set<string>>()

  const beat = () => {
    // One that cannot be said now is said again in a third of a lease.
    for (const [key, members] of held) keep(key, lease, ...members).catch(() => {})
  }
  const timer = setInterval(beat, leaseMs / BEATS_PER_LEASE).unref()

  function hold(key: string, member: string): () => void {
    const members = held.get(key) ?? new Set()
    held.set(key, members.add(member))
    return () => {
      members.delete(member)
      if (members.size === 0 && held.get(key) === members) held.delete(key)
      client.zrem(key, member).catch(() => {})
    }
  }

  return {
    async take(payer, session) {
      const key = keys.places(payer)
      const turn = randomBytes(9).toString('base64url')
      const place = toPlace(session)
      const isTaken = (await guard(() => take(key, lease, max, turn, place))) === 1
      return isTaken ? hold(key, `${turn} ${place}`) : undefined
    },
    close: () => clearInterval(timer),
  }
}
