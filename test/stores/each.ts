/** Every store that a promise must hold on: `describe.each(STORES)('… ($name)', (store) => …)`. */
import { existsSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Redis } from 'ioredis'
import { expect, inject } from 'vitest'
import { makeDirectory } from '#test/process.ts'
import { hasRedis, keysOf, newPrefix } from './redis.ts'

type Env = Record<string, string>

export interface TestStore {
  name: string
  /** Whether several services may use one place at the same time. */
  isShared: boolean
  /** The environment of a service whose conversations are in a place of their own. */
  env(): Promise<Env>
  /** As `env`, with a place that outlives the process. */
  lastingEnv(): Promise<Env>
  /** Everything that is kept in a place of `lastingEnv`, but for what a service keeps of itself. None may be using it. */
  rows(env: Env): Promise<string[]>
  /** That a place of `lastingEnv` is whole, as a killed process has left it. */
  checkWhole(env: Env): Promise<void>
}

const sqlite: TestStore = {
  name: 'SQLite',
  isShared: false,
  env: async () => ({ SQLITE_PATH: ':memory:' }),
  lastingEnv: async () => ({ SQLITE_PATH: join(await makeDirectory(), 'chat.db') }),
  rows: async ({ SQLITE_PATH: path = '' }) => rowsOfDatabase(path),
  checkWhole: ({ SQLITE_PATH: path = '' }) => checkDatabase(path),
}

/** The one server of all tests, on which each service has keys of its own. */
const url = inject('redisUrl')
let own: Redis | undefined
const connect = (): Redis => (own ??= new Redis(url))

const onRedis: TestStore = {
  name: 'Redis',
  isShared: true,
  env: async () => ({ REDIS_URL: url, REDIS_PREFIX: newPrefix() }),
  // A dead process's turns are ended when its lease is over: `redis-restart.test.ts` has that of the default.
  lastingEnv: async () => ({ ...(await onRedis.env()), TURN_LEASE_S: '1' }),
  rows: async ({ REDIS_PREFIX: prefix = '' }) => rowsOfRedis(connect(), prefix),
  async checkWhole({ REDIS_PREFIX: prefix = '' }) {
    for (const key of await keysOf(connect(), prefix)) expect(await connect().pttl(key), key).toBeGreaterThan(0)
  },
}

export const STORES: TestStore[] = hasRedis ? [sqlite, onRedis] : [sqlite]

function rowsOfDatabase(path: string): string[] {
  const database = new DatabaseSync(path)
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  const rows = tables.flatMap(({ name }) =>
    database
      .prepare(`SELECT * FROM "${String(name)}"`)
      .all()
      .map((row) => `${String(name)} ${JSON.stringify(row)}`),
  )
  database.close()
  return rows
}

/** Looks at a copy, so that whatever opens the file next finds it as it was left. */
async function checkDatabase(path: string): Promise<void> {
  const copy = join(await makeDirectory(), 'copy.db')
  await copyFile(path, copy)
  if (existsSync(`${path}-wal`)) await copyFile(`${path}-wal`, `${copy}-wal`)
  const database = new DatabaseSync(copy)
  const { integrity_check: outcome } = database.prepare('PRAGMA integrity_check').get()!
  const orphans = database.prepare('PRAGMA foreign_key_check').all()
  database.close()
  expect({ outcome, orphans }).toEqual({ outcome: 'ok', orphans: [] })
}

/** What is in the sessions' slots, and in the lists of sessions. */
async function rowsOfRedis(client: Redis, prefix: string): Promise<string[]> {
  const keys = await keysOf(client, prefix)
  const ofSessions = keys.filter((key) => /^[^:]+:(\{|sessions:)/.test(key))
  return Promise.all(ofSessions.map(async (key) => `${key} ${JSON.stringify(await valueOf(client, key))}`))
}

async function valueOf(client: Redis, key: string): Promise<unknown> {
  switch (await client.type(key)) {
    case 'hash':
      return client.hgetall(key)
    case 'zset':
      return client.zrange(key, '0', '-1')
    case 'stream':
      return client.xrange(key, '-', '+')
    default:
      throw new Error(`nothing is known of the kind of ${key}`)
  }
}
