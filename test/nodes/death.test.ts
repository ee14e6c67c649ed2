/** A node is killed or frozen: its turns have a definite end on the others, and it has no say in it any more. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toText } from '#test/helper.ts'
import { ask, follow, getTurn, last, transcript, within } from '#test/invariants/conversation.ts'
import type { ServerProcess } from '#test/process.ts'
import { byHand, type Hand, type HeldReply } from '#test/provider/by-hand.ts'
import { hasRedis } from '#test/stores/redis.ts'
import { createEnding, startNodes, startReadTurn } from './nodes.ts'

/** What is promised from the kill to the end. */
const DEFINITE_END_MS = 15_000

/** What a reply has come to when its node is killed, and how it may end then. */
interface Phase {
  say: (reply: HeldReply) => void
  /** Tokens that are seen elsewhere before the kill. */
  seen: number
  ends: string[]
}

const PHASES: Phase[] = [
  { say: () => {}, seen: 0, ends: ['interrupted'] },
  { say: (reply) => reply.say('Half ', 'a '), seen: 2, ends: ['interrupted'] },
  { say: (reply) => (reply.say('All '), reply.finish()), seen: 0, ends: ['interrupted', 'done'] },
]

describe.skipIf(!hasRedis)('a node that dies or freezes', () => {
  let hand: Hand
  let survivor: string
  let victim: ServerProcess
  let frozen: ServerProcess
  const ending = createEnding()
  afterAll(ending.end)
  beforeAll(async () => {
    hand = byHand()
    const { servers } = await startNodes(3, hand.script, { TURN_LEASE_S: '1' }, ending.onOver)
    survivor = servers[0]!.url
    ;[, victim, frozen] = servers as [ServerProcess, ServerProcess, ServerProcess]
  })

  /** A turn that runs on a node and is read there and on the one that stays. */
  const startTurn = ({ url }: ServerProcess) => startReadTurn(hand, url, survivor)

  async function checkUsable(sessionId: string): Promise<void> {
    const again = ask(survivor, sessionId, 'And now?')
    ;(await hand.next()).finish()
    expect(await again).toMatchObject({ status: 200 })
  }

  it('is killed in any phase of a turn, and it ends for readers elsewhere', async () => {
    const turns = []
    for (const phase of PHASES) turns.push({ ...phase, ...(await startTurn(victim)) })
    for (const { say, reply } of turns) say(reply)
    const shown = await Promise.all(turns.map(({ there, seen }) => there.take(seen)))
    victim.kill('SIGKILL')
    const rests = await within(DEFINITE_END_MS, Promise.all(turns.map(({ there }) => there.rest())))
    for (const [i, { sessionId, turnId, ends }] of turns.entries()) {
      const text = toText([...shown[i]!, ...rests[i]!])
      const end = last(rests[i]!)
      const state = String(end.done ? 'done' : end.code)
      expect(ends).toContain(state)
      expect(end.full_text ?? end.partial_text).toBe(text)
      expect(await getTurn(survivor, turnId)).toMatchObject({ state, text })
      const status = state === 'done' ? 'complete' : state
      const said = text === '' ? [] : [`assistant ${status}: ${text}`]
      expect(await transcript(survivor, sessionId)).toEqual(['user complete: Ready?', ...said])
      await checkUsable(sessionId)
    }
  })

  it('and thaws writes nothing more, and gives its readers the end that is kept', async () => {
    const { sessionId, turnId, reply, here, there } = await startTurn(frozen)
    reply.say('Half ')
    for (const stream of [here, there]) await stream.take(1)
    frozen.kill('SIGSTOP')
    const [end] = await within(DEFINITE_END_MS, there.rest())
    expect(end!.data).toMatchObject({ code: 'interrupted', partial_text: 'Half ' })
    // What waits for it when it thaws.
    reply.say('a ', 'reply')
    frozen.kill('SIGCONT')
    await reply.request.closed
    expect((await here.rest()).at(-1)).toEqual(end)
    for (const url of [survivor, frozen.url]) {
      expect(await getTurn(url, turnId)).toMatchObject({ state: 'interrupted', text: 'Half ' })
      expect(toText(await (await follow(url, turnId)).rest())).toBe('Half ')
    }
    expect(await transcript(frozen.url, sessionId)).toEqual(['user complete: Ready?', 'assistant interrupted: Half '])
    await checkUsable(sessionId)
  })
})
