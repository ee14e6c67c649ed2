/** What is left of a session that was cleared, and of one that was deleted. */
import { expect, it } from 'vitest'
import { linesOf, tokensOf, type Fixture } from './fixture.ts'
import { newClaim, newSettlement, REF } from './values.ts'

export function describeClearAndDelete(to: Fixture): void {
  describeClear(to)
  describeDelete(to)
}

function describeClear(to: Fixture): void {
  it('clear drops messages, alternatives, texts and logs', async () => {
    await to.create()
    const first = await to.say('Hello', 'One')
    const second = await to.say('Hello', 'Two', { replaces: 1 })
    to.now += 1000
    expect(await to.sessions.clear(REF)).toBe('cleared')
    expect(await to.messages()).toEqual([])
    const session = { messageCount: 0, last: null, active: null, title: 'Hello', updatedAt: to.now }
    expect(await to.sessions.get(REF)).toMatchObject(session)
    for (const turn of [first, second]) {
      expect(await to.turns.read(turn)).toBeUndefined()
      expect(await to.turns.get(turn)).toMatchObject({ state: 'done', end: { type: 'done', text: '' } })
    }
  })

  it('clear keeps turns and client ids, so that a late retry finds its turn', async () => {
    await to.create()
    const turn = await to.start({ clientId: 'c1' })
    const settlement = newSettlement(turn, 'Hi')
    await to.turns.settle(settlement)
    await to.sessions.clear(REF)
    const known = { n: 1, clientId: 'c1', digest: 'digest', state: 'done' }
    expect(await to.turns.find(REF, 'c1')).toMatchObject(known)
    expect(await to.turns.claim(newClaim({ clientId: 'c1' }))).toMatchObject({ outcome: 'known', turn: known })
    expect(await to.turns.settle(settlement)).toBe('settled')
    expect(await to.messages()).toEqual([])
  })

  it('clear lets the session go on with the next number', async () => {
    await to.create()
    await to.say('Hello', 'Hi')
    await to.sessions.clear(REF)
    expect(await to.turns.claim(newClaim({ replaces: 1 }))).toEqual({ outcome: 'not_last' })
    const turn = await to.say('Again', 'Hi again')
    expect(turn.n).toBe(2)
    expect(linesOf(await to.messages())).toEqual(['user: Again', 'assistant: Hi again'])
    expect(await to.sessions.messages(REF, { limit: 9, before: 'first.1.assistant' })).toEqual([])
  })

  it('clear is refused while a turn runs, and changes nothing', async () => {
    await to.create()
    await to.say('Hello', 'Hi')
    const turn = await to.start()
    await to.append(turn, 1, ['a'])
    expect(await to.sessions.clear(REF)).toBe('busy')
    expect(await to.messages()).toHaveLength(3)
    expect(await to.turns.read(turn)).toHaveLength(1)
  })

  it('clear knows a session that is missing, and one that is empty', async () => {
    expect(await to.sessions.clear(REF)).toBe('missing')
    await to.create()
    expect(await to.sessions.clear(REF)).toBe('cleared')
    expect(await to.sessions.clear(REF)).toBe('cleared')
  })
}

function describeDelete(to: Fixture): void {
  it('delete drops all of it', async () => {
    await to.create()
    await to.say('Hello', 'One', { clientId: 'c1' })
    const turn = await to.say('Hello', 'Two', { replaces: 1 })
    expect(await to.sessions.delete(REF)).toBe(true)
    expect(await to.sessions.get(REF)).toBeUndefined()
    expect(await to.messages()).toEqual([])
    expect(await to.turns.get(turn)).toBeUndefined()
    expect(await to.turns.find(REF, 'c1')).toBeUndefined()
    expect(await to.turns.read(turn)).toBeUndefined()
    expect(await to.turns.claim(newClaim())).toEqual({ outcome: 'missing' })
    expect(await to.sessions.delete(REF)).toBe(false)
  })

  it('delete drops a running turn too, and nothing of it comes back', async () => {
    await to.create()
    const turn = await to.start({ clientId: 'c1' })
    await to.append(turn, 1, ['a'])
    expect(await to.sessions.delete(REF)).toBe(true)
    expect(await to.append(turn, 2, ['b'])).toBe('fenced')
    expect(await to.end(turn, 'a', { tail: { seq: 1, tokens: [] } })).toBe('gone')
    expect(await to.turns.takeOver(turn)).toBeUndefined()
    expect(await to.turns.abandoned()).toEqual([])
    expect(await to.turns.read(turn)).toBeUndefined()
    expect(await to.sessions.get(REF)).toBeUndefined()
  })

  it('delete leaves a turn nothing in a session that is made anew with its id', async () => {
    await to.create()
    const turn = await to.start()
    await to.sessions.delete(REF)
    to.now += 1
    await to.create()
    const anew = await to.start()
    expect(await to.append(turn, 1, ['old'])).toBe('fenced')
    expect(await to.end(turn, 'old')).toBe('gone')
    expect(tokensOf(await to.turns.read(anew))).toEqual([])
    expect(await to.end(anew, 'new')).toBe('settled')
  })

  it('delete frees the id for a session that has nothing of the old one', async () => {
    await to.create({ title: 'Old' })
    await to.say('Hello', 'Hi', { clientId: 'c1' })
    await to.sessions.delete(REF)
    expect(await to.create()).toMatchObject({ title: null, messageCount: 0, last: null, active: null })
    expect(await to.messages()).toEqual([])
    expect(await to.turns.claim(newClaim({ clientId: 'c1' }))).toMatchObject({ outcome: 'claimed' })
    expect(linesOf(await to.messages())).toEqual(['user: Hello'])
  })
}
