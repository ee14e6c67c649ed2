/** A turn has one end, and whoever reads it sees that one, whatever ends it at the same time. */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { call, type Frame, startSession, toText } from '#test/helper.ts'
import { says } from '#test/provider/openai.ts'
import type { Script } from '#test/provider/provider.ts'
import { createRandom, type Random, withSeed } from '#test/random.ts'
import { STORES } from '#test/stores/each.ts'
import { getTurn, history, NEGOTIATED } from './conversation.ts'
import { attach, parseBare, parseNegotiated, startOn } from './reading.ts'

const ROUNDS = 120
const AT_ONCE = 10
const TOKENS = ['One, ', 'two, ', 'three, ', 'four, ', 'five.']

/** A reply that waits in its midst until whoever acts on it then has been answered. */
interface Hold {
  reached: PromiseWithResolvers<void>
  answered: PromiseWithResolvers<void>
}

type Holds = Map<string, Hold>

/** Replies whose speed is their round's: the message says which. */
function toScript(seed: number, holds: Holds): Script {
  return (exchange) => {
    const { messages } = exchange.request.body as { messages: { content: string }[] }
    const index = messages.at(-1)!.content
    const random = createRandom(seed + Number(index))
    const before = (token: number) => {
      const hold = token === 3 ? holds.get(index) : undefined
      hold?.reached.resolve()
      return hold?.answered.promise ?? delay(random.integer(0, 3), undefined, { signal: exchange.signal })
    }
    return says(TOKENS, { before })(exchange)
  }
}

interface Round {
  url: string
  sessionId: string
  turnId: string
  random: Random
  hold?: Hold
}

/** One reader to its end: at most one frame that is no token, and that one last. */
async function readToEnd({ url, turnId, random }: Round): Promise<Frame | number> {
  await delay(random.integer(0, 8))
  const isBare = random.next() < 0.5
  const part = await attach({ url: `${url}/chat/turns/${turnId}/stream`, headers: isBare ? {} : NEGOTIATED })
  // It came too late: the session is gone.
  if (part.status !== 200) return part.status
  return checkEnd(isBare ? parseBare(part.bytes) : parseNegotiated(part.bytes), part.isWhole)
}

function checkEnd(frames: Frame[], isWhole: boolean): Frame {
  const ends = frames.filter(({ data }) => data.token === undefined)
  expect(isWhole, 'the response is ended by the server').toBe(true)
  expect(ends, JSON.stringify(frames)).toHaveLength(1)
  expect(frames.at(-1)).toBe(ends[0])
  const [{ data }] = ends as [Frame]
  // What was said before a dismissal may be a part; the text of an end is all of it.
  expect(data.full_text ?? data.partial_text, JSON.stringify(frames)).toBe(toText(frames))
  return frames.at(-1)!
}

interface Acted {
  stopped: boolean
  deleted: boolean
}

/** Stop, delete, both or neither, twice at times, in any order and at any moment. */
async function act({ url, sessionId, turnId, random, hold }: Round, sending: Promise<unknown>): Promise<Acted> {
  const acts = random.pick([
    [],
    ['stop'],
    ['delete'],
    ['stop', 'delete'],
    ['stop', 'stop'],
    ['delete', 'delete', 'stop'],
    ...(hold ? [] : [['delete', 'after the end']]),
  ])
  const answers = await Promise.all(
    acts
      .filter((name) => name !== 'after the end')
      .map(async (name) => {
        if (hold) await hold.reached.promise
        else await delay(random.integer(0, random.pick([4, 15, 60])))
        if (acts.includes('after the end')) await sending
        if (name === 'stop') return { name, ...(await call(`${url}/chat/turns/${turnId}/stop`, 'POST')) }
        return { name, ...(await call(`${url}/chat/sessions/${sessionId}`, 'DELETE')) }
      }),
  )
  for (const { status } of answers) expect([200, 404]).toContain(status)
  const deletes = answers.filter(({ name }) => name === 'delete')
  expect(deletes.filter(({ status }) => status === 200).length).toBe(deletes.length > 0 ? 1 : 0)
  return { stopped: answers.some(({ body }) => body.stopped === true), deleted: deletes.length > 0 }
}

async function playRound(url: string, index: number, seed: number, holds: Holds): Promise<string> {
  const random = createRandom(seed - index)
  const sessionId = await startSession(url)
  const round: Round = { url, sessionId, turnId: `${sessionId}.1`, random }
  if (random.next() < 0.3) {
    round.hold = { reached: Promise.withResolvers(), answered: Promise.withResolvers() }
    holds.set(String(index), round.hold)
  }
  const sending = attach({ url: `${url}/chat/stream`, body: { session_id: sessionId, message: String(index) } })
  const [sent, acted, ...readers] = await Promise.all([
    sending,
    act(round, sending).finally(round.hold?.answered.resolve),
    ...Array.from({ length: 4 }, () => readToEnd(round)),
  ])
  // The session was deleted before it was said anything.
  if (sent.status === 404) return 'refused'
  expect(sent.status).toBe(200)
  const seen = [checkEnd(parseBare(sent.bytes), sent.isWhole), ...readers.filter((end) => typeof end !== 'number')]
  const refused = readers.filter((status) => typeof status === 'number')
  const ends = seen.map(({ data }) => data).filter(({ code }) => code !== 'session_not_found')
  for (const end of ends) expect(end).toEqual(ends[0])
  if (acted.deleted) {
    expect((await call(`${url}/chat/turns/${round.turnId}`)).status).toBe(404)
    for (const status of refused) expect([404, 410]).toContain(status)
    return ends.length > 0 ? 'ended, then deleted' : 'deleted'
  }
  // Readers come before the turn is claimed, too.
  for (const status of refused) expect(status).toBe(404)
  await expectStored(round, seen, acted)
  return acted.stopped ? 'stopped' : 'done'
}

/** What is stored is what all readers saw, and what a late one sees. */
async function expectStored({ url, sessionId, turnId }: Round, seen: Frame[], { stopped }: Acted): Promise<void> {
  const [end] = seen.map(({ data }) => data)
  const state = stopped ? 'stopped' : 'done'
  expect(end).toMatchObject({ done: true, finish_reason: stopped ? 'stopped' : 'stop' })
  expect(await getTurn(url, turnId)).toMatchObject({ state, text: end!.full_text })
  const status = stopped ? 'stopped' : 'complete'
  const replies = (await history(url, sessionId)).slice(1)
  expect(replies).toEqual(end!.full_text === '' ? [] : [expect.objectContaining({ status, content: end!.full_text })])
  const late = await attach({ url: `${url}/chat/turns/${turnId}/stream` })
  expect(checkEnd(parseBare(late.bytes), late.isWhole).data).toEqual(end)
}

describe.each(STORES)('one end, on $name,', (store) => {
  it(`is what every reader sees in ${ROUNDS} rounds of stop, done and delete at once`, () =>
    withSeed(async (_random, seed) => {
      const holds: Holds = new Map()
      const { url } = await startOn(store, toScript(seed, holds))
      const outcomes: string[] = []
      for (let first = 0; first < ROUNDS; first += AT_ONCE) {
        const rounds = Array.from({ length: AT_ONCE }, (_, index) => playRound(url, first + index, seed, holds))
        outcomes.push(...(await Promise.all(rounds)))
      }
      // Else the rounds did not play what they are meant to.
      for (const outcome of ['done', 'stopped', 'deleted', 'ended, then deleted']) {
        expect(outcomes.filter((name) => name === outcome).length, outcome).toBeGreaterThan(0)
      }
    }))

  it('comes to a late reader, whose stream is then closed', async () => {
    const { url } = await startOn(store, says('Hello there!'))
    const sessionId = await startSession(url)
    await call(`${url}/chat/message`, 'POST', { session_id: sessionId, message: 'Hi' })
    for (const query of ['', '?after_count=1', '?after_count=2', '?after_count=3', '?after_count=99']) {
      const { bytes, isWhole } = await attach({ url: `${url}/chat/turns/${sessionId}.1/stream${query}` })
      const frames = parseBare(bytes)
      expect(frames.at(-1)?.data).toMatchObject({ done: true, full_text: 'Hello there!' })
      expect(frames.filter(({ data }) => data.done)).toHaveLength(1)
      expect(isWhole).toBe(true)
    }
  })
})
