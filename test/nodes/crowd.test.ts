/** Many readers on three nodes, one of which is killed: everyone is back soon, and nobody misses or repeats a token. */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { startSession, toText, type Frame } from '#test/helper.ts'
import { follow, NEGOTIATED, send, turnIdOf, within } from '#test/invariants/conversation.ts'
import { byHand, type HeldReply } from '#test/provider/by-hand.ts'
import { hasRedis } from '#test/stores/redis.ts'
import { startNodes } from './nodes.ts'

const TURNS = 60
const READERS = 600

/** What is promised from the kill until everyone reads again. */
const BACK_MS = 10_000

/** Milliseconds until another node is tried. */
const RETRY_MS = 50

interface Reader {
  turnId: string
  frames: Frame[]
  /** Whether its node was killed while it read. */
  isCut: boolean
  /** Resolves when it has read so many frames; again, for the next number, when it is asked again. */
  has(count: number): Promise<void>
  /** Resolves when it reads on another node. */
  back: Promise<void>
  ended: Promise<void>
}

/** Reads a turn to its end, from one node after the other. */
function read(urls: readonly string[], first: number, turnId: string): Reader {
  const frames: Frame[] = []
  const back = Promise.withResolvers<void>()
  let onFrame: (() => void) | null = null
  const reader: Reader = {
    turnId,
    frames,
    isCut: false,
    back: back.promise,
    has: (count) =>
      new Promise((resolve) => {
        const look = (onFrame = () => void (frames.length >= count && resolve()))
        look()
      }),
    ended: run(),
  }
  return reader

  async function run(): Promise<void> {
    for (let node = first; ; node = (node + 1) % urls.length) {
      const last = frames.at(-1)?.id
      const headers = { ...NEGOTIATED, ...(last && { 'last-event-id': last }) }
      const stream = await follow(urls[node]!, turnId, '', headers).catch(() => null)
      if (stream?.status === 200) {
        if (node !== first) back.resolve()
        for (let [frame] = await stream.take(1); frame; [frame] = await stream.take(1)) {
          frames.push(frame)
          onFrame?.()
        }
        if (frames.at(-1)?.data.token === undefined) return
      }
      reader.isCut = true
      await delay(RETRY_MS)
    }
  }
}

describe.skipIf(!hasRedis)('three nodes, one of which is killed', () => {
  it(
    `have all of ${READERS} readers back within 10 s, and none misses or repeats a token`,
    {
      timeout: 90_000,
    },
    async () => {
      const hand = byHand()
      const { servers, urls } = await startNodes(3, hand.script, { TURN_LEASE_S: '1' })
      const turns: { turnId: string; node: number; reply: HeldReply }[] = []
      for (let index = 0; index < TURNS; index++) {
        const node = index % urls.length
        const stream = await send(urls[node]!, await startSession(urls[node]!), `Turn ${index}`, {}, NEGOTIATED)
        turns.push({ turnId: turnIdOf(stream), node, reply: await hand.next() })
        stream.leave()
      }
      const readers = Array.from({ length: READERS }, (_, index) => {
        const turn = turns[index % TURNS]!
        return read(urls, Math.floor(index / TURNS) % urls.length, turn.turnId)
      })
      const sayAll = (text: string) => turns.forEach(({ reply }) => reply.say(text))
      for (const text of ['One, ', 'two 🙂, ', 'three, ']) sayAll(text)
      await Promise.all(readers.map((reader) => reader.has(3)))

      servers[0]!.kill('SIGKILL')
      await servers[0]!.exited
      const living = turns.filter(({ node }) => node !== 0)
      for (const { reply } of living) reply.say('four, ')
      const cut = () => readers.filter(({ isCut }) => isCut)
      await expect.poll(() => cut().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(READERS / 3)
      await within(BACK_MS, Promise.all(cut().map(({ back }) => back)))
      for (const { reply } of living) {
        reply.say('five.')
        reply.finish()
      }
      await Promise.all(readers.map(({ ended }) => ended))

      const isLiving = new Map(turns.map(({ turnId, node }) => [turnId, node !== 0]))
      for (const { turnId, frames } of readers) {
        const tokens = frames.slice(0, -1)
        const { data: end } = frames.at(-1)!
        expect(tokens.map(({ data }) => data.count)).toEqual(tokens.map((_, index) => index + 1))
        const whole = isLiving.get(turnId) ? 'One, two 🙂, three, four, five.' : 'One, two 🙂, three, '
        expect(toText(tokens)).toBe(whole)
        expect(end).toMatchObject(
          isLiving.get(turnId) ? { done: true, full_text: whole } : { code: 'interrupted', partial_text: whole },
        )
      }
    },
  )
})
