/** A short look; `npm run test:fuzz` takes its time. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { withSeed } from '#test/random.ts'
import { STORES } from '#test/stores/each.ts'
import { judge, judgeFrames } from './exchange.ts'
import { fuzz, MAX_GROWN_MB } from './fuzz.ts'

describe.each(STORES)('whatever is sent to it ($name)', (place) => {
  it('is answered or refused, and nothing fails, hangs or is quoted in the log', async () => {
    await withSeed(async (random, seed) => {
      // One store signed in and the other open, by turns: a sign-in makes no difference to a store.
      const isSignedIn = place.isShared === random.next() < 0.5
      const store = await place.lastingEnv()
      const report = await fuzz({ seed, connections: 150, isSignedIn, store, onOver: onTestFinished })
      expect([...report.faults]).toEqual([])
      expect(report.slowestHealthMs).toBeLessThan(5_000)
      expect(report.grownMb).toBeLessThanOrEqual(MAX_GROWN_MB)
    })
  })
})

it('failures are seen', () => {
  const refusal = '{"error":"No.","code":"invalid_request"}'
  expect(judge(answer(400, refusal) + answer(404, '{"error":{"message":"No.","code":"not_found"}}'))).toEqual([])
  expect(judge(answer(200, '{}') + answer(500, '{"error":"No.","code":"internal"}'))).toEqual(['500 internal'])
  expect(judge(answer(400, '{"message":"No."}'))).toEqual(["400 without an error's shape"])
  expect(judge('No.')).toEqual(['no HTTP'])
  expect(judgeFrames('data: {"error":"No.","code":"internal"}')).toEqual(['says internal'])
})

function answer(status: number, body: string): string {
  return `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\n\r\n${body}`
}
