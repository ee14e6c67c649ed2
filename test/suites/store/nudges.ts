/** What every store must do of telling other processes, also one that is never shared. */
import { expect, it } from 'vitest'
import type { Fixture } from './fixture.ts'
import { newAppend, REF } from './values.ts'

export function describeNudges(store: Fixture): void {
  it('asks nobody to stop what does not run', async () => {
    expect(await store.turns.askToStop({ ...REF, n: 1 })).toBe(false)
    await store.create()
    expect(await store.turns.askToStop({ ...REF, n: 1 })).toBe(false)
    const turn = await store.say('Hello', 'Hi')
    expect(await store.turns.askToStop(turn)).toBe(false)
    expect(await store.turns.get(turn)).toMatchObject({ state: 'done' })
  })

  it('ends nothing by asking', async () => {
    await store.create()
    const turn = await store.start()
    expect(await store.turns.askToStop(turn)).toBe(true)
    expect(await store.append(turn, 1, ['a'])).toBe('kept')
    expect(await store.turns.get(turn)).toMatchObject({ state: 'running', epoch: 1 })
    expect(await store.end(turn, 'a')).toBe('settled')
  })

  it('watches what is there, and what is not, until it is told to leave it', async () => {
    await store.create()
    const turn = await store.start()
    const leave = store.turns.watch(turn, () => {})
    const leaveNone = store.turns.watch({ ...turn, n: 99 }, () => {})
    await store.turns.append([newAppend(turn, 1, ['a'])])
    for (const give of [leave, leave, leaveNone]) give()
    await store.end(turn, 'a')
  })
}
