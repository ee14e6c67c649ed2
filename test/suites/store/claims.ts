/** Who gets to run a turn, and which one. */
import { expect, it } from 'vitest'
import type { Claimed } from '#src/chat/store.ts'
import type { Fixture } from './fixture.ts'
import { newClaim, REF } from './values.ts'

export function describeClaims(to: Fixture): void {
  describeClaim(to)
  describeOrder(to)
  describeCrowd(to)
}

function describeClaim(to: Fixture): void {
  it('makes a turn that runs, in its first epoch', async () => {
    await to.create()
    to.now += 1000
    const asked = { brain: 'ollama', model: 'small', persona: 'poet', onDisconnect: 'stop' } as const
    const claimed = await to.turns.claim(newClaim({ ...asked, clientId: 'c1', digest: 'abc' }))
    const turn = { ...REF, ...asked, n: 1, epoch: 1, state: 'running', clientId: 'c1', digest: 'abc' }
    const times = { createdAt: to.now, endedAt: null, end: null }
    expect(claimed).toEqual({ outcome: 'claimed', turn: { ...turn, ...times } })
    expect(await to.turns.get({ ...REF, n: 1 })).toEqual({ ...turn, ...times })
    expect(await to.turns.find(REF, 'c1')).toEqual({ ...turn, ...times })
    expect(await to.turns.read({ ...REF, n: 1 })).toEqual([])
  })

  it('gives a title to a session that has none', async () => {
    await to.create()
    await to.say('Hello', 'Hi', { title: 'First words' })
    await to.say('Hello', 'Hi', { title: 'Second words' })
    expect(await to.sessions.get(REF)).toMatchObject({ title: 'First words' })
    await to.create({ sessionId: 'named', title: 'A name' })
    await to.start({ sessionId: 'named', title: 'First words' })
    expect(await to.sessions.get({ ...REF, sessionId: 'named' })).toMatchObject({ title: 'A name' })
  })

  it('counts turns from 1, in each session', async () => {
    await to.create()
    await to.create({ sessionId: 'second' })
    for (const n of [1, 2, 3]) expect((await to.say('Hello', 'Hi')).n).toBe(n)
    expect((await to.say('Hello', 'Hi', { sessionId: 'second' })).n).toBe(1)
    expect((await to.say('Hello', 'Hi', { replaces: 3 })).n).toBe(4)
  })

  it('is free again when the turn has ended, however it ended', async () => {
    await to.create()
    for (const state of ['done', 'stopped', 'failed', 'interrupted'] as const)
      expect(await to.end(await to.start(), '', { state })).toBe('settled')
    expect(await to.sessions.get(REF)).toMatchObject({ active: null, last: 4 })
  })

  it('lets the turns of other sessions be', async () => {
    await to.create()
    await to.create({ sessionId: 'second' })
    await to.start({ clientId: 'c1' })
    const other = await to.turns.claim(newClaim({ sessionId: 'second', clientId: 'c1' }))
    expect(other).toMatchObject({ outcome: 'claimed', turn: { sessionId: 'second', n: 1 } })
  })

  it('knows nothing of turns that are not there', async () => {
    expect(await to.turns.get({ ...REF, n: 1 })).toBeUndefined()
    await to.create()
    for (const n of [0, 1, -1, 2 ** 40]) expect(await to.turns.get({ ...REF, n })).toBeUndefined()
    expect(await to.turns.find(REF, 'c1')).toBeUndefined()
    expect(await to.turns.find(REF, 'constructor')).toBeUndefined()
  })
}

function describeOrder(to: Fixture): void {
  it('looks for the session first', async () => {
    expect(await to.turns.claim(newClaim({ clientId: 'c1', replaces: 1 }))).toEqual({ outcome: 'missing' })
  })

  it('then for the client id, also while a turn runs', async () => {
    await to.create()
    const turn = await to.start({ clientId: 'c1' })
    const again = newClaim({ clientId: 'c1', digest: 'other', message: 'Other', replaces: 7 })
    expect(await to.turns.claim(again)).toEqual({ outcome: 'known', turn })
    await to.end(turn, 'Hi')
    const ended = await to.turns.claim(again)
    expect(ended).toMatchObject({
      outcome: 'known',
      turn: { n: 1, state: 'done', digest: 'digest', end: { text: 'Hi' } },
    })
    const running = await to.start({ clientId: 'c2' })
    expect(await to.turns.claim(again)).toEqual(ended)
    expect(await to.turns.claim(newClaim({ clientId: 'c2' }))).toEqual({ outcome: 'known', turn: running })
    expect(await to.messages()).toHaveLength(3)
  })

  it('then for a running turn', async () => {
    await to.create()
    await to.say('Hello', 'Hi')
    await to.start()
    const busy = { outcome: 'busy', n: 2 }
    expect(await to.turns.claim(newClaim())).toEqual(busy)
    expect(await to.turns.claim(newClaim({ clientId: 'c1', replaces: 1 }))).toEqual(busy)
    expect(await to.turns.find(REF, 'c1')).toBeUndefined()
    expect(await to.messages()).toHaveLength(3)
  })

  it('then for what it replaces', async () => {
    await to.create()
    expect(await to.turns.claim(newClaim({ replaces: 1 }))).toEqual({ outcome: 'not_last' })
    await to.say('Hello', 'One')
    await to.say('Hello', 'Two')
    for (const replaces of [0, 1, 3]) {
      expect(await to.turns.claim(newClaim({ replaces, clientId: 'c1' }))).toEqual({ outcome: 'not_last' })
    }
    expect(await to.turns.find(REF, 'c1')).toBeUndefined()
    expect(await to.turns.claim(newClaim({ replaces: 2 }))).toMatchObject({ outcome: 'claimed', turn: { n: 3 } })
  })

  it('tells any two client ids apart', async () => {
    await to.create()
    const ids = ['', ' ', 'a', 'A', 'a:b', '😀', '__proto__', 'constructor', "'", '1', '01']
    for (const [i, clientId] of ids.entries()) expect((await to.say('Hello', 'Hi', { clientId })).n).toBe(i + 1)
    for (const [i, clientId] of ids.entries()) expect((await to.turns.find(REF, clientId))?.n).toBe(i + 1)
  })
}

function describeCrowd(to: Fixture): void {
  it('is given to one of 200 at the same time; the others are told whom they wait for', async () => {
    await to.create()
    const claims = Array.from({ length: 200 }, (_, i) => to.turns.claim(newClaim({ clientId: `c${i}` })))
    const outcomes = outcomesOf(await Promise.all(claims))
    expect(outcomes.get('claimed')).toHaveLength(1)
    expect(outcomes.get('busy')).toEqual(Array.from({ length: 199 }, () => ({ outcome: 'busy', n: 1 })))
    expect(await to.messages()).toHaveLength(1)
  })

  it('makes one turn of 200 that are sent with the same client id', async () => {
    await to.create()
    const claims = Array.from({ length: 200 }, () => to.turns.claim(newClaim({ clientId: 'c1' })))
    const outcomes = outcomesOf(await Promise.all(claims))
    expect(outcomes.get('claimed')).toHaveLength(1)
    const known = outcomes.get('known')
    expect(known).toHaveLength(199)
    expect(new Set(known?.map((claimed) => JSON.stringify(claimed))).size).toBe(1)
    expect(await to.messages()).toHaveLength(1)
  })

  it('replaces a turn once', async () => {
    await to.create()
    await to.say('Hello', 'One')
    const claims = Array.from({ length: 20 }, () => to.turns.claim(newClaim({ replaces: 1 })))
    expect(outcomesOf(await Promise.all(claims)).get('claimed')).toHaveLength(1)
    expect(await to.messages()).toHaveLength(1)
  })
}

function outcomesOf(claims: Claimed[]): Map<string, Claimed[]> {
  return Map.groupBy(claims, ({ outcome }) => outcome)
}
