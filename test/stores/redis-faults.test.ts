/** A Redis that dies, stops, is full, or loses its answers. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Store, Turn } from '#src/chat/store.ts'
import { linesOf, tokensOf } from '#test/suites/store/fixture.ts'
import { newAppend, newClaim, newSession, newSettlement, REF } from '#test/suites/store/values.ts'
import { hasRedis, openStore, type RedisPlace, type RedisServer, startCluster, startRedis, startTurn } from './redis.ts'
import { startProxy } from './redis-proxy.ts'

const UNAVAILABLE = { name: 'ChatError', code: 'store_unavailable', retryable: true }

/** What a call may take on a server that does not answer, and what a test waits for a store to come back. */
const TIMEOUT_MS = 2_000
const RECOVERY_MS = 5_000

async function untilBack(store: Store): Promise<void> {
  await vi.waitFor(() => store.check(), { timeout: RECOVERY_MS, interval: 50 })
}

/** Every method, on a session with a running turn; `delete` last. */
function callAll(store: Store, turn: Turn): Record<string, () => Promise<unknown>> {
  const idle = { ...REF, sessionId: 'idle' }
  return {
    check: () => store.check(),
    create: () => store.sessions.create(newSession({ sessionId: 'new' })),
    update: () => store.sessions.update(REF, { title: 'New' }),
    claim: () => store.turns.claim(newClaim(idle)),
    append: () => store.turns.append([newAppend(turn, 1, ['a'])]),
    get: () => store.sessions.get(REF),
    list: () => store.sessions.list({ owner: 'ada', limit: 9 }),
    messages: () => store.sessions.messages(REF, { limit: 9 }),
    turn: () => store.turns.get(turn),
    find: () => store.turns.find(REF, 'c1'),
    read: () => store.turns.read(turn),
    takeOver: () => store.turns.takeOver({ ...turn, n: 9 }),
    settle: () => store.turns.settle(newSettlement(turn, 'a')),
    clear: () => store.sessions.clear(REF),
    delete: () => store.sessions.delete(REF),
  }
}

describe.skipIf(!hasRedis)('a Redis that fails', () => {
  let server: RedisServer
  beforeAll(async () => void (server = await startRedis()))
  afterAll(() => server.close())

  it('is unavailable within the timeout while it is stopped, and comes back by itself', async () => {
    const store = await openStore(server.url)
    await store.sessions.create(newSession())
    const turn = await startTurn(store)
    server.kill('SIGSTOP')
    const startedAt = performance.now()
    const outcomes = await Promise.allSettled(Object.values(callAll(store, turn)).map((call) => call()))
    const took = performance.now() - startedAt
    server.kill('SIGCONT')
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: UNAVAILABLE })
    expect(took).toBeGreaterThan(TIMEOUT_MS - 100)
    expect(took).toBeLessThan(TIMEOUT_MS + 1_000)
    await untilBack(store)
    await store.sessions.create(newSession({ sessionId: 'after' }))
    expect(await startTurn(store, { sessionId: 'after' })).toMatchObject({ n: 1 })
  })

  it('lets what has begun end, be read and be deleted when it is full, and takes nothing new', async () => {
    const store = await openStore(server.url)
    await store.sessions.create(newSession())
    await store.sessions.create(newSession({ sessionId: 'idle' }))
    const turn = await startTurn(store, { clientId: 'c1' })
    await server.client.config('SET', 'maxmemory', '1mb')
    onTestFinished(() => void server.client.config('SET', 'maxmemory', 0).catch(() => {}))
    const refused = new Set(['check', 'create', 'update', 'claim', 'append'])
    for (const [name, call] of Object.entries(callAll(store, turn))) {
      if (refused.has(name)) await expect(call(), name).rejects.toMatchObject(UNAVAILABLE)
      else await expect(call(), name).resolves.not.toThrow()
      if (name === 'settle') {
        expect(linesOf(await store.sessions.messages(REF, { limit: 9 }))).toEqual(['user: Hello', 'assistant: a'])
        expect(tokensOf(await store.turns.read(turn))).toEqual(['a'])
      }
    }
    expect(await store.sessions.get(REF)).toBeUndefined()
    await server.client.config('SET', 'maxmemory', 0)
    await store.check()
    await store.sessions.create(newSession())
    expect(await startTurn(store)).toMatchObject({ n: 1 })
  })

  it('is read while it is a replica, and written to again when it is not', async () => {
    const store = await openStore(server.url)
    await store.sessions.create(newSession())
    await server.client.replicaof('127.0.0.1', 1)
    onTestFinished(() => void server.client.replicaof('NO', 'ONE').catch(() => {}))
    await expect(store.check()).rejects.toMatchObject(UNAVAILABLE)
    await expect(store.turns.claim(newClaim())).rejects.toMatchObject(UNAVAILABLE)
    // The first refusal makes it look for the master by connecting anew, and not the next ones.
    await vi.waitFor(async () => expect(await store.sessions.get(REF)).toBeDefined(), { timeout: RECOVERY_MS })
    for (let i = 0; i < 20; i++) {
      await expect(store.check()).rejects.toMatchObject(UNAVAILABLE)
      expect(await store.sessions.get(REF)).toBeDefined()
    }
    await server.client.replicaof('NO', 'ONE')
    await store.check()
    expect(await startTurn(store)).toMatchObject({ n: 1 })
  })

  it('keeps every token once while its connections are cut again and again', async () => {
    const store = await openStore(server.url)
    await store.sessions.create(newSession())
    const turn = await startTurn(store)
    const cut = async () => Number(await server.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'))
    const cuts: Promise<number>[] = []
    const said = Array.from({ length: 300 }, (_, i) => `token ${i + 1}`)
    for (let seq = 1; seq <= said.length; seq++) {
      const append = newAppend(turn, seq, [said[seq - 1]!])
      // Beside the append: before it, in the middle of it, or after it.
      if (seq % 20 === 0) cuts.push(cut())
      while (
        !(await store.turns.append([append]).then(
          () => true,
          () => false,
        ))
      )
        await delay(5)
    }
    const cutOff = (await Promise.all(cuts)).filter((connections) => connections > 0)
    expect(cutOff.length).toBeGreaterThan(5)
    await untilBack(store)
    expect(tokensOf(await store.turns.read(turn))).toEqual(said)
  })
})

describe.skipIf(!hasRedis)('a Redis that is killed', () => {
  it('has what was acknowledged when it is started again', async () => {
    const server = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always'])
    onTestFinished(() => server.close())
    const store = await openStore(server.url)
    await store.sessions.create(newSession())
    const ended = await startTurn(store, { clientId: 'c1' })
    await store.turns.settle(newSettlement(ended, 'Hi'))
    const running = await startTurn(store)
    const kept: string[] = []
    for (;;) {
      // By count, not by time: a slow disk keeps ten tokens in 100 ms where a fast one keeps hundreds.
      if (kept.length === 20) server.kill('SIGKILL')
      const token = `token ${kept.length + 1} `
      const [outcome] = await store.turns.append([newAppend(running, kept.length + 1, [token])]).catch(() => [])
      if (outcome !== 'kept') break
      kept.push(token)
    }
    await expect(store.check()).rejects.toMatchObject(UNAVAILABLE)
    expect(kept.length).toBeGreaterThanOrEqual(20)
    await server.restart()
    await untilBack(store)
    const tokens = tokensOf(await store.turns.read(running))!
    // The one whose answer was lost may be there too.
    expect(tokens.slice(0, kept.length)).toEqual(kept)
    expect(tokens.length).toBeLessThanOrEqual(kept.length + 1)
    expect(await store.turns.find(REF, 'c1')).toMatchObject({ state: 'done', end: { text: 'Hi' } })
    const rest = newAppend(running, kept.length + 2, [`token ${kept.length + 1} `, 'the end'])
    expect(await store.turns.append([rest])).toEqual(['kept'])
    expect(tokensOf(await store.turns.read(running))).toEqual([...kept, ...rest.tokens])
    const settlement = newSettlement(running, 'all', { tail: { seq: rest.seq, tokens: [] } })
    expect(await store.turns.settle(settlement)).toBe('settled')
  })
})

describe.skipIf(!hasRedis)('an answer of Redis that is lost', () => {
  let server: RedisServer
  beforeAll(async () => void (server = await startRedis()))
  afterAll(() => server.close())

  async function openByProxy() {
    const proxy = await startProxy(server.port)
    onTestFinished(() => proxy.close())
    return { proxy, store: await openStore(proxy.url) }
  }

  it('makes an append be sent again and land once', async () => {
    const { proxy, store } = await openByProxy()
    await store.sessions.create(newSession())
    const turn = await startTurn(store)
    for (let seq = 1; seq <= 5; seq++) {
      const lost = proxy.loseAnswerTo(`token ${seq}`)
      expect(await store.turns.append([newAppend(turn, seq, [`token ${seq}`])])).toEqual(['kept'])
      await lost
      expect(proxy.count(`token ${seq}"`)).toBe(2)
    }
    expect(tokensOf(await store.turns.read(turn))).toEqual([1, 2, 3, 4, 5].map((seq) => `token ${seq}`))
  })

  it('makes a claim be sent again and be one turn, which the claimer knows to be its own', async () => {
    const { proxy, store } = await openByProxy()
    await store.sessions.create(newSession())
    for (const [i, clientId] of [null, 'c1'].entries()) {
      const lost = proxy.loseAnswerTo(`Message ${i}`)
      const turn = await startTurn(store, { clientId, message: `Message ${i}` })
      await lost
      expect(turn).toMatchObject({ n: i + 1, epoch: 1 })
      expect(await store.turns.append([newAppend(turn, 1, ['x'])])).toEqual(['kept'])
      await store.turns.settle(newSettlement(turn, 'x', { tail: { seq: 1, tokens: [] } }))
    }
    const lines = ['user: Message 0', 'assistant: x', 'user: Message 1', 'assistant: x']
    expect(linesOf(await store.sessions.messages(REF, { limit: 9 }))).toEqual(lines)
  })

  it('makes an end be sent again and be one end', async () => {
    const { proxy, store } = await openByProxy()
    await store.sessions.create(newSession())
    const turn = await startTurn(store)
    const lost = proxy.loseAnswerTo('Last words')
    expect(await store.turns.settle(newSettlement(turn, 'Last words'))).toBe('settled')
    await lost
    expect(linesOf(await store.sessions.messages(REF, { limit: 9 }))).toEqual(['user: Hello', 'assistant: Last words'])
    expect(tokensOf(await store.turns.read(turn))).toEqual(['Last words'])
  })
})

describe.skipIf(!hasRedis)('a Redis cluster with a node that is stopped, or killed', () => {
  let cluster: RedisPlace
  beforeAll(async () => void (cluster = await startCluster()))
  afterAll(() => cluster.close())

  it.each(['SIGSTOP', 'SIGKILL'] as const)('fails in time and comes back by itself after %s', async (signal) => {
    const store = await openStore(cluster.url)
    const refs = Array.from({ length: 12 }, (_, i) => ({ ...REF, sessionId: `s${i}` }))
    const create = () => Promise.allSettled(refs.map((ref) => store.sessions.create(newSession(ref))))
    for (const outcome of await create()) expect(outcome).toMatchObject({ status: 'fulfilled' })
    const turns = await Promise.all(refs.map((ref) => startTurn(store, ref)))
    cluster.servers[1]!.kill(signal)
    const startedAt = performance.now()
    const outcomes = await Promise.allSettled(refs.map((ref) => store.sessions.get(ref)))
    expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS + 1_000)
    const failed = outcomes.filter(({ status }) => status === 'rejected')
    expect(failed.length).toBeGreaterThan(0)
    for (const outcome of failed) expect(outcome).toMatchObject({ reason: UNAVAILABLE })
    if (signal === 'SIGSTOP') cluster.servers[1]!.kill('SIGCONT')
    else await cluster.servers[1]!.restart()

    const append = () => store.turns.append(turns.map((turn) => newAppend(turn, 1, ['a'])))
    const kept = await vi.waitFor(append, { timeout: 10_000, interval: 50 })
    // What is killed without a disk has lost what it had.
    if (signal === 'SIGSTOP') expect(new Set(kept)).toEqual(new Set(['kept']))
    else expect(kept).toContain('fenced')
    const all = async () =>
      expect(new Set((await create()).map(({ status }) => status))).toEqual(new Set(['fulfilled']))
    await vi.waitFor(all, { timeout: 10_000, interval: 50 })
  })
})
