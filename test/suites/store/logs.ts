/** What is kept of a turn's tokens, and for how long. */
import { expect, it } from 'vitest'
import { ChatError } from '#src/chat/errors.ts'
import { tokensOf, TURN_LOG_TTL_MS, type Fixture } from './fixture.ts'
import { newAppend, REF, TEXTS } from './values.ts'

export function describeLogs(to: Fixture): void {
  describeAppend(to)
  describeRepeats(to)
  describeFences(to)
  describeTime(to)
}

function describeAppend(to: Fixture): void {
  it('has the tokens in order', async () => {
    await to.create()
    const turn = await to.start()
    expect(await to.append(turn, 2, ['a', 'b'])).toBe('kept')
    expect(await to.append(turn, 3, ['c'])).toBe('kept')
    expect(await to.append(turn, 13, Array.from('defghijklm'))).toBe('kept')
    expect(tokensOf(await to.turns.read(turn))).toEqual(Array.from('abcdefghijklm'))
  })

  it('takes the tokens of many turns at once, each entry on its own', async () => {
    const turns = []
    for (let i = 0; i < 50; i++) {
      await to.create({ sessionId: `s${i}` })
      turns.push(await to.start({ sessionId: `s${i}` }))
    }
    await to.end(turns[7]!, '')
    const unknown = { ...REF, n: 3, createdAt: to.now }
    const entries = [...turns, unknown].map((turn, i) => newAppend(turn, 1, [`token ${i}`]))
    const outcomes = await to.turns.append(entries)
    expect(outcomes).toEqual(entries.map((_, i) => (i === 7 || i === 50 ? 'fenced' : 'kept')))
    for (const [i, turn] of turns.entries())
      expect(tokensOf(await to.turns.read(turn))).toEqual(i === 7 ? [] : [`token ${i}`])
  })

  it('takes no entries, and entries without tokens', async () => {
    await to.create()
    const turn = await to.start()
    expect(await to.turns.append([])).toEqual([])
    expect(await to.append(turn, 0, [])).toBe('kept')
    await to.append(turn, 1, ['a'])
    expect(await to.append(turn, 1, [])).toBe('kept')
    expect(tokensOf(await to.turns.read(turn))).toEqual(['a'])
  })

  it('is read from any token on, also from the middle of an entry', async () => {
    await to.create()
    const turn = await to.start()
    await to.append(turn, 2, ['a', 'b'])
    await to.append(turn, 5, ['c', 'd', 'e'])
    const read = async (after: number) => (await to.turns.read(turn, after))?.flatMap(({ tokens }) => tokens).join('')
    expect(await Promise.all([0, 1, 2, 3, 4, 5, 6].map(read))).toEqual(['abcde', 'bcde', 'cde', 'de', 'e', '', ''])
    await to.end(turn, 'abcdef', { tail: { seq: 6, tokens: ['f'] } })
    expect(await Promise.all([0, 4, 5, 6].map(read))).toEqual(['abcdef', 'ef', 'f', ''])
  })

  it('takes several entries of one turn', async () => {
    await to.create()
    const turn = await to.start()
    const entries = [newAppend(turn, 1, ['a']), newAppend(turn, 3, ['b', 'c'])]
    expect(await to.turns.append(entries)).toEqual(['kept', 'kept'])
    expect(tokensOf(await to.turns.read(turn))).toEqual(['a', 'b', 'c'])
  })

  it.each(TEXTS)('keeps %s', async (_name, text) => {
    await to.create()
    const turn = await to.start()
    await to.append(turn, 3, [text, '', text])
    expect(tokensOf(await to.turns.read(turn))).toEqual([text, '', text])
  })

  it('does not accept a hole: that is a bug, not a failure of the store', async () => {
    await to.create()
    const turn = await to.start()
    await to.append(turn, 2, ['a', 'b'])
    const hole: unknown = await to.append(turn, 4, ['d']).catch((error: unknown) => error)
    expect(hole).toBeInstanceOf(Error)
    expect(hole).not.toBeInstanceOf(ChatError)
    expect(tokensOf(await to.turns.read(turn))).toEqual(['a', 'b'])
    expect(await to.append(turn, 3, ['c'])).toBe('kept')
  })
}

function describeRepeats(to: Fixture): void {
  it('keeps an entry once that is sent again, as after an answer that was lost', async () => {
    await to.create()
    const turn = await to.start()
    await to.append(turn, 2, ['a', 'b'])
    expect(await to.append(turn, 2, ['a', 'b'])).toBe('kept')
    await to.append(turn, 3, ['c'])
    expect(await to.append(turn, 2, ['a', 'b'])).toBe('kept')
    expect(tokensOf(await to.turns.read(turn))).toEqual(['a', 'b', 'c'])
  })

  it('adds what is new of an entry that it has in part', async () => {
    await to.create()
    const turn = await to.start()
    await to.append(turn, 2, ['a', 'b'])
    expect(await to.append(turn, 4, ['a', 'b', 'c', 'd'])).toBe('kept')
    expect(await to.append(turn, 5, ['d', 'e'])).toBe('kept')
    expect(tokensOf(await to.turns.read(turn))).toEqual(['a', 'b', 'c', 'd', 'e'])
  })
}

function describeFences(to: Fixture): void {
  it('is closed to an owner whose turn was taken over', async () => {
    await to.create()
    const turn = await to.start()
    await to.append(turn, 1, ['a'])
    await to.turns.takeOver(turn)
    expect(await to.append(turn, 2, ['b'], 1)).toBe('fenced')
    expect(await to.append(turn, 1, ['a'], 1)).toBe('fenced')
    expect(await to.append(turn, 2, ['B'], 2)).toBe('kept')
    expect(await to.append(turn, 3, ['c'], 3)).toBe('fenced')
    expect(tokensOf(await to.turns.read(turn))).toEqual(['a', 'B'])
  })

  it('is closed when the turn has ended', async () => {
    await to.create()
    const turn = await to.say('Hello', 'Hi')
    expect(await to.append(turn, 2, ['more'])).toBe('fenced')
    expect(tokensOf(await to.turns.read(turn))).toEqual(['Hi'])
  })

  it('is closed to what is not there, also when it would be a hole', async () => {
    expect(await to.append({ ...REF, n: 1, createdAt: to.now }, 5, ['x'])).toBe('fenced')
    await to.create()
    expect(await to.append({ ...REF, n: 1, createdAt: to.now }, 5, ['x'])).toBe('fenced')
    expect(await to.turns.read({ ...REF, n: 1 })).toBeUndefined()
  })
}

function describeTime(to: Fixture): void {
  it('can be read for its time after the end, and not after that', async () => {
    await to.create()
    const turn = await to.start()
    await to.append(turn, 1, ['H'])
    to.now += 10 * TURN_LOG_TTL_MS
    expect(tokensOf(await to.turns.read(turn))).toEqual(['H'])
    await to.end(turn, 'Hi', { tail: { seq: 2, tokens: ['i'] } })
    to.now += TURN_LOG_TTL_MS
    expect(tokensOf(await to.turns.read(turn))).toEqual(['H', 'i'])
    to.now += 1
    expect(await to.turns.read(turn)).toBeUndefined()
    expect(await to.turns.get(turn)).toMatchObject({ state: 'done', end: { text: 'Hi' } })
    expect(await to.messages()).toHaveLength(2)
  })

  it('of a turn that said nothing is empty, then over', async () => {
    await to.create()
    const turn = await to.say('Hello', '')
    expect(await to.turns.read(turn)).toEqual([])
    to.now += TURN_LOG_TTL_MS + 1
    expect(await to.turns.read(turn)).toBeUndefined()
  })
}
