/** Several stores on one Redis, as of several processes: whose turns are whose, and what the dead leave. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Store } from '#src/chat/store.ts'
import { createKeys } from '#src/stores/redis/keys.ts'
import { linesOf, tokensOf } from '#test/suites/store/fixture.ts'
import { newAppend, newClaim, newSession, newSettlement, REF } from '#test/suites/store/values.ts'
import { hasRedis, keysOf, newPrefix, openStore, type RedisServer, startRedis, startTurn } from './redis.ts'
import { startProxy } from './redis-proxy.ts'

// A worker that has to wait for the processor misses no beat of 400 ms; of 200 it may.
const LEASE_MS = 1_200
const BEAT_MS = LEASE_MS / 3
const RUNNING = { ...REF, n: 1 }

function untilAbandoned(store: Store): Promise<void> {
  return vi.waitFor(async () => expect(await store.turns.abandoned()).toEqual([RUNNING]), {
    timeout: 5 * LEASE_MS,
    interval: 20,
  })
}

describe.skipIf(!hasRedis)('nodes on one Redis', () => {
  let server: RedisServer
  beforeAll(async () => void (server = await startRedis()))
  afterAll(() => server.close())

  /** Opens a store for each node, the first of which has a session with a running turn. */
  async function openNodes(count: number) {
    const prefix = newPrefix()
    const open = (url = server.url): Promise<Store> => openStore(url, { prefix, leaseMs: LEASE_MS })
    const nodes = await Promise.all(Array.from({ length: count }, () => open()))
    await nodes[0]!.sessions.create(newSession())
    return { open, nodes, keys: createKeys(prefix), prefix }
  }

  it('see each other’s sessions, turns and tokens', async () => {
    const { nodes } = await openNodes(2)
    const [one, two] = nodes as [Store, Store]
    const turn = await startTurn(one)
    await one.turns.append([newAppend(turn, 2, ['a', 'b'])])
    expect(await two.turns.get(turn)).toEqual(turn)
    expect(tokensOf(await two.turns.read(turn))).toEqual(['a', 'b'])
    expect(await two.turns.claim(newClaim())).toEqual({ outcome: 'busy', n: 1 })
    expect(await two.turns.append([newAppend(turn, 3, ['c'])])).toEqual(['fenced'])
  })

  it('leave a living node its turns, however long they take', async () => {
    const { nodes } = await openNodes(2)
    await startTurn(nodes[0]!)
    for (const until = Date.now() + 3 * LEASE_MS; Date.now() < until; await delay(BEAT_MS / 2)) {
      for (const node of nodes) expect(await node.turns.abandoned()).toEqual([])
      expect(await nodes[1]!.sessions.get(REF)).toMatchObject({ active: 1 })
    }
  })

  it('find what a dead node has left when its lease is over, and forget that node', async () => {
    const { nodes, keys } = await openNodes(3)
    const [dead, ...living] = nodes as [Store, Store, Store]
    const turn = await startTurn(dead)
    await dead.turns.append([newAppend(turn, 1, ['Half'])])
    await delay(BEAT_MS + 50)
    const diedAt = performance.now()
    await dead.close()
    expect(await living[0].turns.abandoned()).toEqual([])
    for (const node of living) await untilAbandoned(node)
    expect(performance.now() - diedAt).toBeGreaterThan(LEASE_MS - BEAT_MS - 50)

    const taken = (await living[0].turns.takeOver(RUNNING))!
    expect(taken).toMatchObject({ epoch: 2 })
    for (const node of living) expect(await node.turns.abandoned()).toEqual([])
    const end = newSettlement(taken, 'Half', { state: 'interrupted', tail: { seq: 1, tokens: [] } })
    expect(await living[0].turns.settle(end)).toBe('settled')
    expect(await server.client.zcard(keys.nodes)).toBe(2)
    expect(await living[1].turns.claim(newClaim())).toMatchObject({ outcome: 'claimed', turn: { n: 2 } })
  })

  it('fence an owner that was taken for dead, in all that it does', async () => {
    const { nodes } = await openNodes(2)
    const [frozen, other] = nodes as [Store, Store]
    const turn = await startTurn(frozen)
    await frozen.turns.append([newAppend(turn, 1, ['a'])])
    const taken = (await other.turns.takeOver(turn))!
    expect(await frozen.turns.append([newAppend(turn, 2, ['b'])])).toEqual(['fenced'])
    expect(await frozen.turns.settle(newSettlement(turn, 'ab'))).toBe('fenced')
    await other.turns.settle(newSettlement(taken, 'a', { state: 'interrupted', tail: { seq: 1, tokens: [] } }))
    expect(await frozen.turns.append([newAppend(turn, 2, ['b'])])).toEqual(['fenced'])
    expect(await frozen.turns.settle(newSettlement(turn, 'ab'))).toBe('fenced')
    expect(linesOf(await frozen.sessions.messages(REF, { limit: 9 }))).toEqual(['user: Hello', 'assistant: a'])
    expect(tokensOf(await frozen.turns.read(turn))).toEqual(['a'])
  })

  it('let nothing into a log after the end, also when it was sent before', async () => {
    const { nodes, keys } = await openNodes(1)
    const turn = await startTurn(nodes[0]!)
    await nodes[0]!.turns.settle(newSettlement(turn, 'Hi'))
    const late = server.client.xadd(keys.log(turn), 'NOMKSTREAM', '1-99', 't', '["late"]')
    await expect(late).rejects.toThrow('equal or smaller')
    expect(tokensOf(await nodes[0]!.turns.read(turn))).toEqual(['Hi'])
  })

  it('fence an owner whose session was deleted elsewhere, also when it was made anew', async () => {
    const { nodes, keys } = await openNodes(2)
    const [owner, other] = nodes as [Store, Store]
    const turn = await startTurn(owner)
    await other.sessions.delete(REF)
    expect(await owner.turns.append([newAppend(turn, 1, ['a'])])).toEqual(['fenced'])
    await delay(2)
    await other.sessions.create(newSession())
    const anew = await startTurn(other)
    expect(anew).toMatchObject({ n: 1, epoch: 1 })
    expect(await owner.turns.settle(newSettlement(turn, 'a'))).toBe('gone')
    expect(await other.turns.read(anew)).toEqual([])
    expect(await server.client.keys(`${keys.session(REF).replace(':session', '')}:log:*`)).toEqual([keys.log(anew)])
  })

  it('find a turn whose claim was never answered', async () => {
    const { open, nodes } = await openNodes(1)
    const proxy = await startProxy(server.port)
    onTestFinished(() => proxy.close())
    const store = await open(proxy.url)
    const lost = proxy.loseAnswerTo('Hello').then(() => proxy.refuse(true))
    await expect(store.turns.claim(newClaim())).rejects.toMatchObject({ code: 'store_unavailable' })
    await lost
    proxy.refuse(false)
    expect(await nodes[0]!.turns.get(RUNNING)).toMatchObject({ state: 'running' })
    await untilAbandoned(store)
    expect(await store.turns.takeOver(RUNNING)).toMatchObject({ epoch: 2 })
    expect(await store.turns.abandoned()).toEqual([])
  })

  it('take nobody for dead in the first moments after an outage', async () => {
    const { open, nodes } = await openNodes(1)
    const proxy = await startProxy(server.port)
    onTestFinished(() => proxy.close())
    const store = await open(proxy.url)
    await startTurn(nodes[0]!)
    await nodes[0]!.close()
    await delay(BEAT_MS + 50)
    proxy.refuse(true)
    await delay(LEASE_MS)
    await expect(store.turns.abandoned()).resolves.toEqual([])
    proxy.refuse(false)
    await vi.waitFor(() => store.check(), { timeout: 3_000, interval: 5 })
    expect(await store.turns.abandoned()).toEqual([])
    await untilAbandoned(store)
  })

  it('say again what they run when Redis has lost it', async () => {
    const { nodes, keys } = await openNodes(2)
    await startTurn(nodes[0]!)
    const [set] = await server.client.keys(keys.running('*'))
    await server.client.unlink(set!, keys.nodes)
    await vi.waitFor(async () => expect(await server.client.exists(set!, keys.nodes)).toBe(2), { timeout: 2_000 })
    await nodes[0]!.close()
    await untilAbandoned(nodes[1]!)
  })

  it('find what a dead node has left also when Redis has lost it, from the first look at the session on', async () => {
    const { nodes, keys } = await openNodes(2)
    const [dead, living] = nodes as [Store, Store]
    await startTurn(dead)
    await dead.close()
    const [set] = await server.client.keys(keys.running('*'))
    await server.client.unlink(set!, keys.nodes)
    await delay(LEASE_MS + 2 * BEAT_MS)
    expect(await living.turns.abandoned()).toEqual([])
    expect(await living.sessions.get(REF)).toMatchObject({ active: 1 })
    await untilAbandoned(living)
    expect(await living.turns.takeOver(RUNNING)).toMatchObject({ epoch: 2 })
    expect(await living.turns.abandoned()).toEqual([])
  })

  it('leave nothing of themselves when they close with nothing running', async () => {
    const { nodes, keys, prefix } = await openNodes(1)
    await nodes[0]!.turns.settle(newSettlement(await startTurn(nodes[0]!), 'Hi'))
    await nodes[0]!.close()
    expect(await server.client.exists(keys.nodes)).toBe(0)
    await server.client.del(await keysOf(server.client, prefix))
  })

  it('mend the lists of sessions', async () => {
    const { nodes, keys } = await openNodes(1)
    const [store] = nodes as [Store]
    const list = async () => (await store.sessions.list({ owner: 'ada', limit: 9 })).map(({ sessionId }) => sessionId)
    await server.client.zadd(keys.index('ada'), `${-Date.now() - 999}`, 'in-the-making', '-1000', 'never-made')
    expect(await list()).toEqual(['first'])
    expect(await server.client.zrange(keys.index('ada'), '0', '-1')).toEqual(['in-the-making', 'first'])
    await server.client.unlink(keys.index('ada'))
    expect(await list()).toEqual([])
    await startTurn(store)
    expect(await list()).toEqual(['first'])
  })
})
