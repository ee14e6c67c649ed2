import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Journal } from '#src/chat/journal.ts'
import type { Append, Turn, TurnStore } from '#src/chat/store.ts'
import { TurnLog } from '#src/chat/turn-log.ts'

it('leaves the store alone when the turn that it was to flush has been released', async () => {
  const calls: Append[][] = []
  // Only the call that must not be made: what the journal does to a real store is in the invariants.
  const turns = { append: async (entries: Append[]) => (calls.push(entries), entries.map(() => 'kept')) }
  const journal = new Journal(turns as unknown as TurnStore)
  const log = new TurnLog()
  const turn = { owner: '', sessionId: 's', n: 1, epoch: 1, createdAt: 0 } as Turn
  const journaled = journal.open(turn, log, { onFenced: () => {}, onStoreAway: () => {} })
  log.append(['a', 'b'])
  await Promise.resolve()
  expect(await journal.release(journaled)).toEqual({ seq: 2, tokens: ['a', 'b'] })
  await delay(60)
  expect(calls).toEqual([])
})
