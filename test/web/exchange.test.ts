/** A conversation as the page takes it from the history that the service keeps. */
import { describe, expect, it } from 'vitest'
import type { Message } from '#src/client/index.ts'
import { toExchanges } from '#src/web/state/exchange.ts'
import { call, startService, startSession } from '#test/helper.ts'

/** Says the first, and has each of the others in its place: an edit, or the same anew. */
async function toHistory([first, ...others]: readonly string[]): Promise<Message[]> {
  const { url } = await startService()
  const session = await startSession(url)
  await say(`${url}/chat/stream`, { session_id: session, message: first })
  for (const [index, message] of others.entries()) {
    await say(`${url}/chat/turns/${session}.${index + 1}/regenerate`, { message })
  }
  return (await call(`${url}/chat/sessions/${session}`)).body.messages as Message[]
}

/** Reads the reply to its end. */
async function say(url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  expect(await response.text()).toContain('"done":true')
}

describe('an earlier reply', () => {
  it.each([
    [['One', 'One'], ['One']],
    [
      ['One', 'Two', 'Three'],
      ['One', 'Two'],
    ],
    [
      ['One', 'Two', 'One'],
      ['One', 'Two'],
    ],
    // A question is kept once, and not when it is the one that stands: either may be meant.
    [
      ['One', 'One', 'Two'],
      ['One', null],
    ],
    [
      ['One', 'Two', 'Two'],
      ['One', null],
    ],
  ] as const)('has the question that it was an answer to, of %j', async (said, questions) => {
    const [exchange] = toExchanges(await toHistory(said), null, [])
    expect(exchange!.earlier.value.map(({ question }) => question)).toEqual(questions)
    expect(exchange!.question.value).toBe(said.at(-1))
  })

  it('keeps the question that the page knows of it', async () => {
    const history = await toHistory(['One', 'Two', 'Two'])
    const [exchange] = toExchanges(history, null, [])
    exchange!.earlier.value = exchange!.earlier.value.map((one) => ({ ...one, question: one.question ?? 'Two' }))
    const [again] = toExchanges(history, null, [exchange!])
    expect(again!.earlier.value.map(({ question }) => question)).toEqual(['One', 'Two'])
  })
})
