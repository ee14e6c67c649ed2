/** How turns end, and whose they are to end. */
import { expect, it } from 'vitest'
import { tokensOf, type Fixture } from './fixture.ts'
import { errorOf, newSettlement, REF, TEXTS } from './values.ts'

export function describeSettlements(to: Fixture): void {
  describeSettle(to)
  describeTail(to)
  describeRepeat(to)
}

function describeSettle(to: Fixture): void {
  it('ends the turn: tail, event, reply, state and the session, all in one', async () => {
    await to.create()
    const turn = await to.start({ clientId: 'c1' })
    to.now += 1500
    const settlement = newSettlement(turn, 'Hi')
    expect(await to.turns.settle(settlement)).toBe('settled')
    const ended = { ...turn, state: 'done', endedAt: to.now, end: settlement.end }
    expect(await to.turns.get(turn)).toEqual(ended)
    expect(await to.turns.find(REF, 'c1')).toEqual(ended)
    expect(tokensOf(await to.turns.read(turn))).toEqual(['Hi'])
    expect(await to.messages()).toHaveLength(2)
    expect(await to.sessions.get(REF)).toMatchObject({ active: null, last: 1, updatedAt: to.now })
  })

  it.each(['stopped', 'failed', 'interrupted'] as const)('gives back the end of a %s turn as it was', async (state) => {
    await to.create()
    const turn = await to.start()
    const settlement = newSettlement(turn, 'Half', { state })
    await to.turns.settle(settlement)
    expect(await to.turns.get(turn)).toMatchObject({ state, end: settlement.end })
  })

  it('gives back the end of a turn that said nothing', async () => {
    await to.create()
    const turn = await to.start()
    await to.turns.settle(newSettlement(turn, '', { state: 'failed' }))
    expect((await to.turns.get(turn))?.end).toEqual(errorOf(turn, ''))
    expect(await to.turns.read(turn)).toEqual([])
  })

  it('gives back the end of a turn that was replaced', async () => {
    await to.create()
    const turn = await to.say('Hello', 'One')
    await to.say('Hello', 'Two', { replaces: 1 })
    expect(await to.turns.get(turn)).toMatchObject({ state: 'done', end: { text: 'One' } })
    expect(tokensOf(await to.turns.read(turn))).toEqual(['One'])
  })

  it.each(TEXTS)('gives back %s', async (_name, text) => {
    await to.create()
    const turn = await to.start()
    await to.end(turn, text)
    expect((await to.turns.get(turn))?.end?.text).toBe(text)
    expect(tokensOf(await to.turns.read(turn))).toEqual([text])
  })

  it('leaves the session’s next turn alone', async () => {
    await to.create()
    const first = await to.start()
    const settlement = newSettlement(first, 'One')
    await to.turns.settle(settlement)
    const second = await to.start()
    expect(await to.turns.settle(settlement)).toBe('settled')
    expect(await to.end(first, 'One', { state: 'failed' })).toBe('fenced')
    expect(await to.sessions.get(REF)).toMatchObject({ active: 2 })
    expect(await to.turns.get(second)).toEqual(second)
  })

  it('finds what is gone', async () => {
    await to.create()
    const turn = await to.start()
    expect(await to.end({ ...turn, n: 2 }, 'x')).toBe('gone')
    await to.sessions.delete(REF)
    expect(await to.end(turn, 'x')).toBe('gone')
    expect(await to.sessions.get(REF)).toBeUndefined()
  })
}

function describeTail(to: Fixture): void {
  const cases: [string, number, string[], string[]][] = [
    ['nothing when all was journaled', 3, [], ['a', 'b', 'c']],
    ['what was not journaled', 5, ['d', 'e'], ['a', 'b', 'c', 'd', 'e']],
    ['what is new of a tail that was journaled in part', 4, ['b', 'c', 'd'], ['a', 'b', 'c', 'd']],
    ['nothing of a tail that was journaled', 3, ['b', 'c'], ['a', 'b', 'c']],
    ['nothing of a tail that was journaled long ago', 2, ['a', 'b'], ['a', 'b', 'c']],
  ]
  it.each(cases)('adds %s', async (_name, seq, tokens, expected) => {
    await to.create()
    const turn = await to.start()
    await to.append(turn, 3, ['a', 'b', 'c'])
    expect(await to.end(turn, expected.join(''), { tail: { seq, tokens } })).toBe('settled')
    expect(tokensOf(await to.turns.read(turn))).toEqual(expected)
  })
}

function describeRepeat(to: Fixture): void {
  it('changes nothing when it is repeated', async () => {
    await to.create()
    const turn = await to.start()
    const settlement = newSettlement(turn, 'Hi')
    await to.turns.settle(settlement)
    const seen = async (): Promise<unknown[]> => [
      await to.turns.get(turn),
      await to.turns.read(turn),
      await to.sessions.get(REF),
      await to.messages(),
    ]
    const before = await seen()
    to.now += 1000
    expect(await to.turns.settle(structuredClone(settlement))).toBe('settled')
    expect(await seen()).toEqual(before)
  })

  it('settles once for many at the same time', async () => {
    await to.create()
    const settlement = newSettlement(await to.start(), 'Hi')
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => to.turns.settle(settlement)))
    expect(new Set(outcomes)).toEqual(new Set(['settled']))
    expect(await to.messages()).toHaveLength(2)
  })

  it('keeps the first of two ends, and fences the other', async () => {
    await to.create()
    const turn = await to.start()
    const ends = [
      newSettlement(turn, 'Hi'),
      newSettlement(turn, 'Hi', { state: 'stopped' }),
      newSettlement(turn, 'Hi', { state: 'failed' }),
      newSettlement(turn, 'Hi', { state: 'interrupted' }),
    ]
    const outcomes = await Promise.all(ends.map((end) => to.turns.settle(end)))
    expect(outcomes.toSorted()).toEqual(['fenced', 'fenced', 'fenced', 'settled'])
    const kept = ends[outcomes.indexOf('settled')]!
    expect(await to.turns.get(turn)).toMatchObject({ state: kept.state, end: kept.end })
    expect(await to.turns.settle(kept)).toBe('settled')
    expect(await to.messages()).toHaveLength(2)
  })
}

export function describeOwnership(to: Fixture): void {
  it('makes a running turn the caller’s, in the next epoch', async () => {
    await to.create()
    const turn = await to.start()
    await to.append(turn, 1, ['Half'])
    expect(await to.turns.takeOver(turn)).toEqual({ ...turn, epoch: 2 })
    expect(await to.turns.takeOver(turn)).toEqual({ ...turn, epoch: 3 })
    expect(await to.turns.get(turn)).toEqual({ ...turn, epoch: 3 })
    expect(await to.sessions.get(REF)).toMatchObject({ active: 1 })
  })

  it('fences the owner before', async () => {
    await to.create()
    const turn = await to.start()
    await to.append(turn, 1, ['Half'])
    const taken = (await to.turns.takeOver(turn))!
    expect(await to.end(turn, 'Whole')).toBe('fenced')
    expect(await to.end({ ...turn, epoch: 3 }, 'Whole')).toBe('fenced')
    const tail = { seq: 1, tokens: [] }
    const mine = newSettlement(taken, 'Half', { state: 'interrupted', tail })
    expect(await to.turns.settle(mine)).toBe('settled')
    expect(await to.end(turn, 'Whole')).toBe('fenced')
    expect(await to.turns.get(turn)).toMatchObject({ epoch: 2, state: 'interrupted', end: mine.end })
    expect((await to.messages()).at(-1)).toMatchObject({ content: 'Half', status: 'interrupted' })
  })

  it('finds nothing to take where nothing runs', async () => {
    await to.create()
    expect(await to.turns.takeOver({ ...REF, n: 1 })).toBeUndefined()
    const turn = await to.say('Hello', 'Hi')
    expect(await to.turns.takeOver(turn)).toBeUndefined()
    expect(await to.turns.get(turn)).toMatchObject({ epoch: 1, state: 'done' })
  })

  it('has no abandoned turns while their owner lives', async () => {
    await to.create()
    const turn = await to.start()
    expect(await to.turns.abandoned()).toEqual([])
    await to.turns.takeOver(turn)
    expect(await to.turns.abandoned()).toEqual([])
  })
}
