/** The contract of `SessionStore`: what every store must do, whatever it is made of. */
import { describe, expect, it } from 'vitest'
import type { Session } from '#src/chat/session.ts'
import { describeClearAndDelete } from './store/clear-and-delete.ts'
import { DAY_MS, SESSION_TTL_MS, TURN_LOG_TTL_MS, type Fixture, type OpenStore, useStore } from './store/fixture.ts'
import { REF, TEXTS } from './store/values.ts'
import { describeMessages } from './store/messages.ts'

const SOMEBODY_ELSE = { ...REF, owner: 'eve' }

export function describeSessionStore(name: string, open: OpenStore): void {
  describe(`${name} as a session store`, () => {
    describe('a session', () => describeSession(useStore(open)))
    describe('a list of sessions', () => describeList(useStore(open)))
    describe('time', () => describeExpiry(useStore(open)))
    describe('an ephemeral session', () => describeEphemeral(useStore(open)))
    describe('another owner', () => describeOwners(useStore(open)))
    describe('messages', () => describeMessages(useStore(open)))
    describe('clear and delete', () => describeClearAndDelete(useStore(open)))
  })
}

function describeSession(to: Fixture): void {
  it('is returned as it was made', async () => {
    const chosen = { persona: 'poet', brain: 'claude', model: { brain: 'claude', model: 'claude “own”' } }
    const facts = { userId: 'Ada L.', title: 'Notes', ...chosen, onDisconnect: 'stop' } as const
    const made = await to.create(facts)
    const times = { createdAt: to.now, updatedAt: to.now }
    expect(made).toEqual({ ...REF, ...facts, ...times, ephemeral: false, messageCount: 0, active: null, last: null })
    expect(await to.sessions.get(REF)).toEqual(made)
  })

  it('is undefined while nobody made it', async () => {
    expect(await to.sessions.get(REF)).toBeUndefined()
    expect(await to.sessions.update(REF, { title: 'x' })).toBeUndefined()
  })

  it('is returned unchanged when it is made again', async () => {
    const made = await to.create()
    to.now += 1000
    expect(await to.create({ persona: 'poet', title: 'Other', userId: 'bob' })).toEqual(made)
    expect(await to.sessions.get(REF)).toEqual(made)
  })

  it('is made once by many at the same time', async () => {
    const made = await Promise.all(Array.from({ length: 50 }, (_, i) => to.create({ title: `${i}` })))
    expect(new Set(made.map((session) => session.title)).size).toBe(1)
    expect(await to.sessions.list({ owner: 'ada', limit: 10 })).toHaveLength(1)
  })

  it('changes what the patch names, and no more', async () => {
    const made = await to.create({ brain: 'claude' })
    to.now += 1000
    const changed = { ...made, updatedAt: to.now }
    expect(await to.sessions.update(REF, { title: 'New' })).toEqual({ ...changed, title: 'New' })
    expect(await to.sessions.update(REF, { brain: null })).toEqual({ ...changed, title: 'New', brain: null })
    const rest = { persona: 'poet', onDisconnect: 'stop', brain: 'ollama', model: { brain: 'x', model: 'y' } } as const
    expect(await to.sessions.update(REF, rest)).toEqual({ ...changed, title: 'New', ...rest })
    await to.sessions.update(REF, { model: null })
    expect(await to.sessions.get(REF)).toEqual({ ...changed, title: 'New', ...rest, model: null })
  })

  it('shows its running turn, its last turn and the number of its messages', async () => {
    await to.create()
    to.now += 1000
    const turn = await to.start()
    const running = { active: 1, last: 1, messageCount: 1, updatedAt: to.now }
    expect(await to.sessions.get(REF)).toMatchObject(running)
    to.now += 1000
    await to.end(turn, 'Hi')
    expect(await to.sessions.get(REF)).toMatchObject({ active: null, last: 1, messageCount: 2, updatedAt: to.now })
  })

  it('can be changed during a turn', async () => {
    await to.create()
    await to.start()
    expect(await to.sessions.update(REF, { persona: 'poet' })).toMatchObject({ persona: 'poet', active: 1, last: 1 })
  })

  it.each(TEXTS)('keeps %s in its title', async (_name, title) => {
    await to.create({ title })
    expect((await to.sessions.get(REF))?.title).toBe(title)
  })

  it('knows no names but its own', async () => {
    expect(await to.sessions.get({ owner: 'constructor', sessionId: '__proto__' })).toBeUndefined()
    await to.create({ sessionId: '__proto__' })
    expect(await to.sessions.get({ ...REF, sessionId: '__proto__' })).toMatchObject({ sessionId: '__proto__' })
    expect(await to.sessions.get({ ...REF, sessionId: 'toString' })).toBeUndefined()
  })

  it('is found when the store is checked', async () => {
    await expect(to.store.check()).resolves.toBeUndefined()
  })
}

function describeList(to: Fixture): void {
  it('begins with the latest updated', async () => {
    for (const sessionId of ['a', 'b', 'c']) {
      await to.create({ sessionId })
      to.now += 1
    }
    expect(idsOf(await to.sessions.list({ owner: 'ada', limit: 10 }))).toEqual(['c', 'b', 'a'])
    await to.start({ sessionId: 'a' })
    to.now += 1
    await to.sessions.update({ owner: 'ada', sessionId: 'b' }, { title: 'x' })
    expect(idsOf(await to.sessions.list({ owner: 'ada', limit: 10 }))).toEqual(['b', 'a', 'c'])
  })

  it('shows each session as `get` does', async () => {
    await to.create()
    await to.start()
    expect(await to.sessions.list({ owner: 'ada', limit: 1 })).toEqual([await to.sessions.get(REF)])
  })

  it('goes on strictly after a position, through ties in time', async () => {
    for (let i = 0; i < 25; i++) {
      await to.create({ sessionId: `s${String((i * 7) % 25).padStart(2, '0')}` })
      if (i % 10 === 9) to.now += 1
    }
    const all = await to.sessions.list({ owner: 'ada', limit: 100 })
    expect(all).toEqual(all.toSorted((a, b) => b.updatedAt - a.updatedAt || (a.sessionId < b.sessionId ? -1 : 1)))
    const paged: Session[] = []
    for (;;) {
      const last = paged.at(-1)
      const page = await to.sessions.list({ owner: 'ada', limit: 4, ...(last && { after: last }) })
      if (page.length === 0) break
      paged.push(...page)
    }
    expect(paged).toEqual(all)
    expect(paged).toHaveLength(25)
  })

  it('goes on after a session that is gone by now', async () => {
    for (const sessionId of ['a', 'b', 'c']) await to.create({ sessionId })
    const after = { updatedAt: to.now, sessionId: 'b' }
    await to.sessions.delete({ owner: 'ada', sessionId: 'b' })
    expect(idsOf(await to.sessions.list({ owner: 'ada', limit: 9, after }))).toEqual(['c'])
  })

  it('is of one user when it is asked for', async () => {
    await to.create({ owner: '', sessionId: 'a', userId: 'ann' })
    await to.create({ owner: '', sessionId: 'b', userId: 'bob' })
    await to.create({ owner: '', sessionId: 'c', userId: 'ann' })
    expect(idsOf(await to.sessions.list({ owner: '', limit: 9 }))).toEqual(['a', 'b', 'c'])
    expect(idsOf(await to.sessions.list({ owner: '', userId: 'ann', limit: 9 }))).toEqual(['a', 'c'])
    const after = { updatedAt: to.now, sessionId: 'a' }
    expect(idsOf(await to.sessions.list({ owner: '', userId: 'ann', limit: 9, after }))).toEqual(['c'])
    expect(await to.sessions.list({ owner: '', userId: 'carl', limit: 9 })).toEqual([])
  })

  it('has nothing of what is deleted', async () => {
    await to.create()
    await to.sessions.delete(REF)
    expect(await to.sessions.list({ owner: 'ada', limit: 9 })).toEqual([])
  })
}

function describeExpiry(to: Fixture): void {
  it('keeps a session that was idle for just as long as it may be', async () => {
    await to.create()
    to.now += SESSION_TTL_MS
    expect(await to.sessions.get(REF)).toBeDefined()
  })

  it('counts from the last thing that happened', async () => {
    await to.create()
    to.now += SESSION_TTL_MS - DAY_MS
    await to.say('Hello', 'Hi')
    to.now += SESSION_TTL_MS - DAY_MS
    await to.sessions.update(REF, { title: 'x' })
    to.now += SESSION_TTL_MS - DAY_MS
    expect(await to.messages()).toHaveLength(2)
  })

  it('makes a session that was idle for longer as one that never was', async () => {
    await to.create({ title: 'Old' })
    const turn = await to.say('Hello', 'Hi', { clientId: 'c1' })
    to.now += SESSION_TTL_MS + 1
    expect(await to.sessions.get(REF)).toBeUndefined()
    expect(await to.sessions.list({ owner: 'ada', limit: 9 })).toEqual([])
    expect(await to.messages()).toEqual([])
    expect(await to.sessions.update(REF, { title: 'x' })).toBeUndefined()
    expect(await to.sessions.clear(REF)).toBe('missing')
    expect(await to.turns.get(turn)).toBeUndefined()
    expect(await to.turns.find(REF, 'c1')).toBeUndefined()
    expect(await to.turns.claim({ ...turn, message: 'x', title: 'x', replaces: null })).toEqual({ outcome: 'missing' })
    expect(await to.sessions.delete(REF)).toBe(false)
  })

  it('lets a new session have the id of one that has expired', async () => {
    await to.create({ title: 'Old' })
    await to.say('Hello', 'Hi', { clientId: 'c1' })
    to.now += SESSION_TTL_MS + 1
    expect(await to.create()).toMatchObject({ title: null, messageCount: 0, createdAt: to.now, last: null })
    expect(await to.messages()).toEqual([])
    expect(await to.turns.find(REF, 'c1')).toBeUndefined()
  })

  it('waits for a turn that runs', async () => {
    await to.create()
    const turn = await to.start()
    to.now += SESSION_TTL_MS + 1
    expect(await to.sessions.get(REF)).toMatchObject({ active: 1 })
    expect(await to.end(turn, 'At last')).toBe('settled')
    expect(await to.messages()).toHaveLength(2)
  })
}

function describeEphemeral(to: Fixture): void {
  it('is as any other, but in no list', async () => {
    const made = await to.create({ ephemeral: true })
    expect(made).toMatchObject({ ephemeral: true, active: null })
    await to.say('Hello', 'Hi')
    await to.sessions.update(REF, { title: 'x' })
    expect(await to.sessions.get(REF)).toMatchObject({ ephemeral: true, title: 'x', messageCount: 2 })
    expect(await to.sessions.clear(REF)).toBe('cleared')
    await to.create({ sessionId: 'listed' })
    expect(idsOf(await to.sessions.list({ owner: 'ada', limit: 9 }))).toEqual(['listed'])
    expect(idsOf(await to.sessions.list({ owner: 'ada', userId: 'ada', limit: 9 }))).toEqual(['listed'])
  })

  it('is kept as long as the log of its turn, and no longer', async () => {
    await to.create({ ephemeral: true })
    to.now += TURN_LOG_TTL_MS
    const turn = await to.start()
    to.now += TURN_LOG_TTL_MS + 1
    expect(await to.sessions.get(REF)).toMatchObject({ active: 1 })
    await to.end(turn, 'Hi')
    to.now += TURN_LOG_TTL_MS
    expect(await to.messages()).toHaveLength(2)
    expect(await to.turns.read(turn)).toBeDefined()
    to.now += 1
    expect(await to.sessions.get(REF)).toBeUndefined()
    expect(await to.messages()).toEqual([])
    expect(await to.turns.get(turn)).toBeUndefined()
    expect(await to.sessions.delete(REF)).toBe(false)
  })

  it('lets an ordinary one have its id when it is gone', async () => {
    await to.create({ ephemeral: true })
    to.now += TURN_LOG_TTL_MS + 1
    expect(await to.create()).toMatchObject({ ephemeral: false, createdAt: to.now })
    expect(idsOf(await to.sessions.list({ owner: 'ada', limit: 9 }))).toEqual(['first'])
  })
}

function describeOwners(to: Fixture): void {
  it('finds nothing, by any method', async () => {
    await to.create()
    await to.say('Hello', 'Hi', { clientId: 'c1' })
    const turn = await to.start({ clientId: 'c2' })
    await to.append(turn, 1, ['Secret'])
    const before = [await to.sessions.get(REF), await to.messages(), await to.turns.read(turn)]
    const theirs = { ...turn, ...SOMEBODY_ELSE }

    expect(await to.sessions.get(SOMEBODY_ELSE)).toBeUndefined()
    expect(await to.sessions.list({ owner: 'eve', limit: 9 })).toEqual([])
    expect(await to.sessions.list({ owner: 'eve', userId: 'ada', limit: 9 })).toEqual([])
    expect(await to.sessions.list({ owner: '', limit: 9 })).toEqual([])
    expect(await to.sessions.update(SOMEBODY_ELSE, { title: 'Mine' })).toBeUndefined()
    expect(await to.messages(SOMEBODY_ELSE)).toEqual([])
    expect(await to.sessions.clear(SOMEBODY_ELSE)).toBe('missing')
    expect(await to.sessions.delete(SOMEBODY_ELSE)).toBe(false)
    expect(await to.turns.get(theirs)).toBeUndefined()
    expect(await to.turns.find(SOMEBODY_ELSE, 'c1')).toBeUndefined()
    expect(await to.turns.read(theirs)).toBeUndefined()
    expect(await to.turns.takeOver(theirs)).toBeUndefined()
    expect(await to.append(theirs, 2, ['x'])).toBe('fenced')
    expect(await to.end(theirs, 'x')).toBe('gone')
    expect(await to.turns.claim({ ...theirs, message: 'x', title: 'x', replaces: null })).toEqual({
      outcome: 'missing',
    })

    expect([await to.sessions.get(REF), await to.messages(), await to.turns.read(turn)]).toEqual(before)
  })

  it('may have a session of the same id', async () => {
    await to.create({ title: 'Ada’s' })
    await to.create({ ...SOMEBODY_ELSE, userId: 'eve', title: 'Eve’s' })
    await to.say('I am Ada', 'Hello Ada', { clientId: 'c1' })
    const turn = await to.say('I am Eve', 'Hello Eve', { ...SOMEBODY_ELSE, clientId: 'c1' })
    expect(turn).toMatchObject({ owner: 'eve', n: 1 })
    expect((await to.messages())[1]?.content).toBe('Hello Ada')
    expect((await to.messages(SOMEBODY_ELSE))[1]?.content).toBe('Hello Eve')
    expect(await to.sessions.delete(REF)).toBe(true)
    expect(await to.sessions.get(SOMEBODY_ELSE)).toMatchObject({ title: 'Eve’s', messageCount: 2 })
  })

  it('is not found by joining names differently', async () => {
    await to.create({ owner: 'a', sessionId: 'b_c' })
    expect(await to.sessions.get({ owner: 'a_b', sessionId: 'c' })).toBeUndefined()
    expect(await to.sessions.get({ owner: 'a:b', sessionId: '_c' })).toBeUndefined()
    expect(await to.sessions.get({ owner: '', sessionId: 'a:b_c' })).toBeUndefined()
  })
}

function idsOf(sessions: Session[]): string[] {
  return sessions.map((session) => session.sessionId)
}
