/**
 * The store in Redis 7, or a cluster of it: for a service of many processes.
 *
 * All of a session is in one slot, and what must happen in one step is a script. What is kept when a server dies is what
 * its `appendfsync` says; when it runs out of memory, what has begun can still be ended, read and deleted. It must not
 * evict: `maxmemory-policy noeviction`, as every key here has a time to live, but for those of the settings.
 */
import type { Store } from '#src/chat/store.ts'
import { type Client, guard } from './redis/connection.ts'
import { createKeys } from './redis/keys.ts'
import { startNode } from './redis/node.ts'
import { createNudges } from './redis/nudges.ts'
import { defineScripts } from './redis/scripts.ts'
import { createSessionIndex } from './redis/session-index.ts'
import { createSessionStore } from './redis/sessions.ts'
import { createSettingsStore } from './redis/settings.ts'
import { createTurnStore } from './redis/turns.ts'

export interface RedisStoreOptions {
  /** Connected by `connect`, and closed by the caller that connected it. */
  client: Client
  /** Begins the name of every key. */
  prefix: string
  /** A session that was idle for longer is gone. */
  sessionTtlMs: number
  /** How long a turn's log is kept after its end. */
  turnLogTtlMs: number
  /** How long this process may be silent until its turns are another's to end. */
  leaseMs: number
  /** Epoch milliseconds; `Date.now` by default. */
  now?: () => number
}

/** How long `check` leaves its mark. */
const CHECK_MS = 60_000

export async function openRedisStore({ client, prefix, leaseMs, ...options }: RedisStoreOptions): Promise<Store> {
  const clock = { now: Date.now, ...options }
  const keys = createKeys(prefix)
  const scripts = defineScripts(client, clock)
  const index = createSessionIndex(client, keys, clock)
  const node = await startNode({ client, keys, scripts, leaseMs })
  const nudges = createNudges(client)
  const parts = { client, keys, scripts, clock, index, node, nudges }
  return {
    sessions: createSessionStore(parts),
    turns: createTurnStore(parts),
    settings: createSettingsStore(client, keys),
    check: () => guard(async () => void (await client.set(keys.check(node.id), 1, 'PX', CHECK_MS))),
    close: async () => {
      nudges.close()
      await node.close()
    },
  }
}
