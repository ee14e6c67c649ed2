/** A user of Redis with rights of its own: those that the README lists are enough, and each of them is needed. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { call, startSession } from '#test/helper.ts'
import { startServer } from '#test/process.ts'
import { newAppend, newSession } from '#test/suites/store/values.ts'
import {
  createUser,
  hasRedis,
  newPrefix,
  openStore,
  refusalOf,
  type RedisServer,
  startCluster,
  startRedis,
  startTurn,
} from './redis.ts'

const LIMITED = { RATE_LIMIT_PER_MINUTE: '30', MAX_TURNS_PER_USER: '8' }

describe.skipIf(!hasRedis)('a user of Redis', () => {
  let server: RedisServer
  beforeAll(async () => void (server = await startRedis()))
  afterAll(() => server.close())

  /** What users were refused, except INFO, which the start tries once for every user. */
  async function refused(): Promise<unknown[]> {
    const entries = (await server.client.call('ACL', 'LOG')) as unknown[][]
    return entries.map((entry) => entry[entry.indexOf('object') + 1]).filter((what) => what !== 'info')
  }

  it('with the rights that the README lists can run the service, on several nodes and with limits', async () => {
    const prefix = newPrefix()
    const env = { REDIS_URL: await createUser(server, prefix), REDIS_PREFIX: prefix, ...LIMITED }
    await server.client.call('ACL', 'LOG', 'RESET')
    const [one, two] = await Promise.all([startServer(env), startServer({ ...env, CONFIG_BRAIN_PACE_MS: '100' })])
    const session_id = await startSession(one.url)
    const ask = (url: string) => call(`${url}/chat/message`, 'POST', { session_id, message: 'Hello' })
    expect(await ask(one.url)).toMatchObject({ status: 200 })
    const { body } = await ask(two.url)
    expect(body).toMatchObject({ turn_id: `${session_id}.2` })
    expect(await call(`${one.url}/brain/switch`, 'POST', { brain: 'config' })).toMatchObject({ status: 200 })
    expect(await call(`${two.url}/chat/sessions`)).toMatchObject({ status: 200 })
    expect(await call(`${two.url}/ready`)).toMatchObject({ status: 200 })
    expect(await call(`${one.url}/chat/sessions/${session_id}`, 'DELETE')).toMatchObject({ status: 200 })
    expect(await refused()).toEqual([])
  })

  it('hears what other nodes say', async () => {
    const prefix = newPrefix()
    const url = await createUser(server, prefix)
    const [one, two] = await Promise.all([openStore(url, { prefix }), openStore(url, { prefix })])
    await one.sessions.create(newSession())
    const turn = await startTurn(one)
    const news: string[] = []
    two.turns.watch(turn, (what) => void news.push(what))
    await vi.waitFor(() => expect(news).toEqual(['changed']), { timeout: 10_000 })
    await one.turns.append([newAppend(turn, 1, ['a'])])
    await vi.waitFor(() => expect(news).toEqual(['changed', 'more']), { timeout: 10_000 })
  })

  it('that lacks one of them ends the start with a sentence', async () => {
    const prefix = newPrefix()
    const url = await createUser(server, prefix)
    const described = (await server.client.call('ACL', 'GETUSER', 'repartee')) as string[]
    const commands = described[described.indexOf('commands') + 1]!.match(/(?<=\+)\w+/g)!
    expect(commands.length).toBeGreaterThan(30)
    for (const command of commands) {
      await createUser(server, prefix, `-${command}`)
      const said = await refusalOf(url, { prefix })
      expect(said, command).toMatch(/^REDIS_URL: Redis at 127\.0\.0\.1 cannot be used: its user .*README.* NOPERM\)\.$/)
    }
    for (const [rights, what] of [
      [['resetkeys', '~other:*'], 'keys'],
      [['resetkeys', `%R~${prefix}:*`], 'keys'],
      [['resetchannels'], 'channels'],
      [['resetchannels', `&${prefix}:asked:*`], 'channels'],
      [['resetchannels', `&${prefix}:{*`], 'channels'],
    ] as const) {
      await createUser(server, prefix, ...rights)
      expect(await refusalOf(url, { prefix })).toMatch(new RegExp(`its user lacks rights to the ${what}`))
    }
    await createUser(server, prefix)
    expect(await refusalOf(url, { prefix })).toBe('it can be used')
  })

  it('needs one more for another database, and some more in a cluster', async () => {
    const prefix = newPrefix()
    const url = await createUser(server, prefix)
    expect(await refusalOf(`${url}/3`, { prefix })).toMatch(/may not run SELECT:.*NOPERM/)
    await createUser(server, prefix, '+select')
    expect(await refusalOf(`${url}/3`, { prefix })).toBe('it can be used')

    const cluster = await startCluster()
    onTestFinished(() => cluster.close())
    const [first] = cluster.servers
    const inCluster = (...more: string[]) => Promise.all(cluster.servers.map((one) => createUser(one, prefix, ...more)))
    await inCluster()
    expect(await refusalOf(`redis://repartee:pw@127.0.0.1:${first!.port}`, { prefix })).toMatch(/may not run CLUSTER/)
    const [clusterUrl] = await inCluster('+cluster|slots', '+cluster|info', '+asking')
    const store = await openStore(clusterUrl!, { prefix })
    await Promise.all(Array.from({ length: 12 }, (_, i) => store.sessions.create(newSession({ sessionId: `s${i}` }))))
  })
})
