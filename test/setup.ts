/** Stands beside every test: a warning of Node's, such as that of too many listeners, fails the test that it comes in. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, afterEach, expect } from 'vitest'
import { warnings } from './warnings.ts'

async function checkWarnings(): Promise<void> {
  await nextTurn()
  expect(warnings.splice(0)).toEqual([])
}

afterEach(checkWarnings)
// What came while the last test cleaned up.
afterAll(checkWarnings)
