/** A master that Sentinels name: found at the start, and again when another has taken its place. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { makeDirectory } from '#test/process.ts'
import { newAppend, newSession, newSettlement, REF } from '#test/suites/store/values.ts'
import { connectTo, findFreePort, hasRedis, newPrefix, openStore, refusalOf, startRedis, startTurn } from './redis.ts'

const NAME = 'the-master'
const URL = 'redis://:hunter2@'

/** Starts a Sentinel that asks for a password of its own, and watches a master. */
async function startSentinel(masterPort: number, password: string): Promise<string> {
  const port = await findFreePort()
  const config = join(await makeDirectory(), 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    'requirepass guard',
    `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} 1`,
    `sentinel auth-pass ${NAME} ${password}`,
    `sentinel down-after-milliseconds ${NAME} 500`,
    `sentinel failover-timeout ${NAME} 2000`,
  ]
  writeFileSync(config, lines.join('\n'))
  const child = spawn('redis-server', [config, '--sentinel'], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  while (!String((await once(child.stdout, 'data'))[0]).includes('+monitor master'));
  child.stdout.resume()
  return `127.0.0.1:${port}`
}

async function startWatched() {
  const passwords = ['--requirepass', 'pw', '--masterauth', 'pw']
  const master = await startRedis(passwords, 'pw')
  onTestFinished(() => master.close())
  const replica = await startRedis([...passwords, '--replicaof', `127.0.0.1 ${master.port}`], 'pw')
  onTestFinished(() => replica.close())
  await vi.waitFor(async () => expect(await replica.client.info('replication')).toContain('master_link_status:up'), {
    timeout: 30_000,
  })
  const sentinel = await startSentinel(master.port, 'pw')
  return { master, replica, sentinel }
}

describe.skipIf(!hasRedis)('a Redis behind Sentinels', () => {
  it('is used, and after a failover the one that has taken its place', async () => {
    const { master, replica, sentinel } = await startWatched()
    const prefix = newPrefix()
    const sentinels = `127.0.0.1:1,:guard@${sentinel}`
    const open = async () => {
      const client = await connectTo('redis://:pw@', { prefix, sentinels, master: NAME })
      onTestFinished(() => client.disconnect())
      return openStore('', { client, prefix })
    }
    const [one, two] = [await open(), await open()]
    await one.sessions.create(newSession())
    await one.turns.settle(newSettlement(await startTurn(one), 'Before'))
    expect(await master.client.dbsize()).toBeGreaterThan(0)
    await master.client.wait(1, 5_000)
    // The Sentinel finds the replica by asking the master.
    await vi.waitFor(async () => expect(await askSentinel(sentinel)).toContain(String(replica.port)), {
      timeout: 30_000,
    })
    master.kill('SIGKILL')
    const turn = await vi.waitFor(() => startTurn(two), { timeout: 30_000, interval: 100 })
    expect(await replica.client.info('replication')).toContain('role:master')
    const news: string[] = []
    await vi.waitFor(async () => expect(await one.sessions.get(REF)).toBeDefined(), { timeout: 30_000 })
    one.turns.watch(turn, (what) => void news.push(what))
    await vi.waitFor(() => expect(news).toContain('changed'), { timeout: 30_000 })
    expect(await two.turns.append([newAppend(turn, 1, ['After'])])).toEqual(['kept'])
    await vi.waitFor(() => expect(news).toContain('more'), { timeout: 10_000 })
  })

  it('gets a sentence when no Sentinel answers, one asks for a password, or none knows the name', async () => {
    const server = await startRedis()
    onTestFinished(() => server.close())
    const sentinel = await startSentinel(server.port, 'pw')
    expect(await refusalOf(URL, { sentinels: '127.0.0.1:1', master: NAME })).toMatch(
      /^REDIS_SENTINELS: Redis at 127\.0\.0\.1 .*nothing listens there/,
    )
    expect(await refusalOf(URL, { sentinels: sentinel, master: NAME })).toMatch(
      /^REDIS_SENTINELS: .*asks for a password/,
    )
    expect(await refusalOf(URL, { sentinels: `:guard@${sentinel}`, master: 'nobody' })).toMatch(
      /^REDIS_SENTINELS: .*REDIS_MASTER/,
    )
    expect(await refusalOf(URL, { sentinels: `127.0.0.1:${server.port}`, master: NAME })).toMatch(
      /^REDIS_SENTINELS: .*no Sentinel/,
    )
  })
})

async function askSentinel(address: string): Promise<string> {
  const client = new Redis(`redis://:guard@${address}`)
  try {
    return JSON.stringify(await client.call('SENTINEL', 'replicas', NAME))
  } finally {
    client.disconnect()
  }
}
