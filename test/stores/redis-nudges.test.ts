/** What nodes tell each other: that there is more of a turn, and what is asked of whoever runs it. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Asked, Store, TurnIdentity, TurnNews, TurnRef } from '#src/chat/store.ts'
import { createKeys } from '#src/stores/redis/keys.ts'
import { newAppend, newSession, newSettlement, REF } from '#test/suites/store/values.ts'
import { hasRedis, newPrefix, openStore, type RedisPlace, startCluster, startSingle, startTurn } from './redis.ts'
import { startProxy } from './redis-proxy.ts'

/** News of a turn as they come. */
function listen(store: Store, turn: TurnIdentity) {
  const news: TurnNews[] = []
  return { news, unwatch: store.turns.watch(turn, (latest) => void news.push(latest)) }
}

/** What a node is asked, as it comes. */
function heed(store: Store): [TurnRef, Asked][] {
  const heard: [TurnRef, Asked][] = []
  store.turns.onAsked(({ owner, sessionId, n }, what) => void heard.push([{ owner, sessionId, n }, what]))
  return heard
}

async function untilHeard<T>(list: T[], expected: T[]): Promise<void> {
  await vi.waitFor(() => expect(list).toEqual(expected), { timeout: 5_000, interval: 5 })
}

for (const [name, start] of [
  ['one Redis', startSingle],
  ['a Redis cluster', startCluster],
] as const) {
  describe.skipIf(!hasRedis)(`nodes on ${name}`, () => {
    let place: RedisPlace
    beforeAll(async () => void (place = await start()))
    afterAll(() => place.close())

    async function openNodes(count: number) {
      const prefix = newPrefix()
      const nodes = await Promise.all(Array.from({ length: count }, () => openStore(place.url, { prefix })))
      await nodes[0]!.sessions.create(newSession())
      return { nodes, keys: createKeys(prefix), prefix }
    }

    /** How many connections listen to a channel, on all servers. */
    async function listeners(channel: string): Promise<number> {
      const counts = await Promise.all(place.servers.map(({ client }) => client.pubsub('NUMSUB', channel)))
      return counts.reduce((sum, [, count]) => sum + Number(count), 0)
    }

    const cutSubscribers = () =>
      Promise.all(place.servers.map(({ client }) => client.call('CLIENT', 'KILL', 'TYPE', 'pubsub')))

    it('hear of a turn’s tokens, its end and its deletion on another node, and look once when they begin', async () => {
      const { nodes } = await openNodes(2)
      const [one, two] = nodes as [Store, Store]
      const turn = await startTurn(one)
      const { news } = listen(two, turn)
      await untilHeard(news, ['changed'])
      await one.turns.append([newAppend(turn, 1, ['a'])])
      await untilHeard(news, ['changed', 'more'])
      await one.turns.settle(newSettlement(turn, 'ab', { tail: { seq: 2, tokens: ['b'] } }))
      await untilHeard(news, ['changed', 'more', 'changed'])
      const next = await startTurn(one)
      const ofNext = listen(two, next)
      await untilHeard(ofNext.news, ['changed'])
      await one.sessions.delete(REF)
      await untilHeard(ofNext.news, ['changed', 'changed'])
      expect(news).toHaveLength(3)
    })

    it('share one subscription to a turn, and give it back when nobody watches any more', async () => {
      const { nodes, keys } = await openNodes(2)
      const [one, two] = nodes as [Store, Store]
      const turn = await startTurn(one)
      const [first, second] = [listen(two, turn), listen(two, turn)]
      await vi.waitFor(async () => expect(await listeners(keys.log(turn))).toBe(1), { timeout: 5_000 })
      await untilHeard(first.news, ['changed'])
      first.unwatch()
      first.unwatch()
      await one.turns.append([newAppend(turn, 1, ['a'])])
      await untilHeard(second.news, ['changed', 'more'])
      expect(first.news).toEqual(['changed'])
      second.unwatch()
      await vi.waitFor(async () => expect(await listeners(keys.log(turn))).toBe(0), { timeout: 5_000 })
      // At once again: the connection does what it is told in that order.
      const again = listen(two, turn)
      await untilHeard(again.news, ['changed'])
      again.unwatch()
      const last = listen(two, turn)
      await untilHeard(last.news, ['changed'])
      expect(await listeners(keys.log(turn))).toBe(1)
    })

    it('ask whoever runs a turn, and nobody else', async () => {
      const { nodes } = await openNodes(3)
      const [owner, asker, other] = nodes as [Store, Store, Store]
      const [heard, askers, others] = nodes.map(heed) as [ReturnType<typeof heed>, unknown[], unknown[]]
      const first = await startTurn(owner)
      const ref = { ...REF, n: 1 }
      expect(await asker.turns.askToStop({ ...REF, n: 2 })).toBe(false)
      expect(await asker.turns.askToStop(ref)).toBe(true)
      await untilHeard(heard, [[ref, 'stop']])
      // It is asked only: the turn is still its owner's to end.
      expect(await owner.turns.append([newAppend(first, 1, ['a'])])).toEqual(['kept'])
      const taken = (await asker.turns.takeOver(ref))!
      await vi.waitFor(() => expect(heard.at(-1)).toEqual([ref, 'leave']), { timeout: 10_000 })
      await asker.turns.settle(newSettlement(taken, 'a', { state: 'stopped', tail: { seq: 1, tokens: [] } }))
      expect(await asker.turns.askToStop(ref)).toBe(false)
      await startTurn(owner)
      await other.sessions.delete(REF)
      await vi.waitFor(() => expect(heard.at(-1)).toEqual([{ ...REF, n: 2 }, 'forget']), { timeout: 10_000 })
      expect(await asker.turns.askToStop({ ...REF, n: 2 })).toBe(false)
      expect(heard).toHaveLength(3)
      expect([...askers, ...others]).toEqual([])
    })

    it('look again when their connection was cut, and hear on', async () => {
      const { nodes, keys } = await openNodes(2)
      const [one, two] = nodes as [Store, Store]
      const turn = await startTurn(one)
      const heard = heed(one)
      const { news } = listen(two, turn)
      await untilHeard(news, ['changed'])
      await cutSubscribers()
      await untilHeard(news, ['changed', 'changed'])
      await one.turns.append([newAppend(turn, 1, ['a'])])
      await untilHeard(news, ['changed', 'changed', 'more'])
      expect(await listeners(keys.log(turn))).toBe(1)
      await vi.waitFor(
        async () => {
          await two.turns.askToStop(turn)
          expect(heard).not.toEqual([])
        },
        { timeout: 5_000 },
      )
      // Their turns are theirs: nobody is asked to leave one.
      expect(new Set(heard.map(([, what]) => what))).toEqual(new Set(['stop']))
    })
  })
}

describe.skipIf(!hasRedis)('a node that could not be reached', () => {
  it('finds out by itself, and connects anew', async () => {
    const { servers, url, ...place } = await startSingle()
    onTestFinished(() => place.close())
    const proxy = await startProxy(servers[0]!.port)
    onTestFinished(() => proxy.close())
    const prefix = newPrefix()
    const [one, two] = await Promise.all([openStore(url, { prefix }), openStore(proxy.url, { prefix })])
    await one.sessions.create(newSession())
    const turn = await startTurn(one)
    const { news } = listen(two, turn)
    await untilHeard(news, ['changed'])
    // From here on the connection that listens is silent, and nobody closes it.
    await proxy.holdAnswerTo('ping')
    await vi.waitFor(() => expect(news).toEqual(['changed', 'changed']), { timeout: 10_000, interval: 20 })
    await one.turns.append([newAppend(turn, 1, ['a'])])
    await untilHeard(news, ['changed', 'changed', 'more'])
  })

  it.each([
    ['taken over', 1],
    ['deleted', 0],
  ] as const)('is told when it is back that its turn was %s', async (how, kept) => {
    const { servers, url, ...place } = await startSingle()
    onTestFinished(() => place.close())
    const proxy = await startProxy(servers[0]!.port)
    onTestFinished(() => proxy.close())
    const prefix = newPrefix()
    const [away, other] = await Promise.all([openStore(proxy.url, { prefix }), openStore(url, { prefix })])
    const heard = heed(away)
    await away.sessions.create(newSession())
    await away.sessions.create(newSession({ sessionId: 'second' }))
    const turn = await startTurn(away)
    const untouched = await startTurn(away, { sessionId: 'second' })
    proxy.refuse(true)
    if (how === 'deleted') await other.sessions.delete(REF)
    else expect(await other.turns.takeOver(turn)).toMatchObject({ epoch: 2 })
    // Long enough that the connection that listens, which is tried more often, is back before the one that looks.
    await delay(1_000)
    proxy.refuse(false)
    await untilHeard(heard, [[{ ...REF, n: 1 }, 'leave']])
    expect(await servers[0]!.client.exists(createKeys(prefix).session(REF))).toBe(kept)
    expect(await away.turns.append([newAppend(turn, 1, ['late'])])).toEqual(['fenced'])
    expect(await away.turns.append([newAppend(untouched, 1, ['mine'])])).toEqual(['kept'])
  })
})
