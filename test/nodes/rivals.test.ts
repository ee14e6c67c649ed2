/** Two hundred messages at once into one session, over three nodes and every transport. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call, type Json, startSession } from '#test/helper.ts'
import { asks, history } from '#test/invariants/conversation.ts'
import { byHand, type Hand } from '#test/provider/by-hand.ts'
import { hasRedis } from '#test/stores/redis.ts'
import { Refusal, socketIo, sse, webSocket } from '#test/transports/clients.ts'
import { createEnding, type Nodes, startNodes } from './nodes.ts'

const SENDS = 200

describe.skipIf(!hasRedis)('three nodes', () => {
  let nodes: Nodes
  let hand: Hand
  const ending = createEnding()
  afterAll(ending.end)
  beforeAll(async () => {
    hand = byHand()
    nodes = await startNodes(3, hand.script, { MAX_SOCKETS_PER_IP: '0' }, ending.onOver)
  })

  it(`run one turn of ${SENDS} messages at once, and tell the others which`, async () => {
    const session_id = await startSession(nodes.urls[0]!)
    const lines = await Promise.all(
      [sse, webSocket, socketIo].flatMap((transport) => nodes.urls.map((url) => transport.connect(url))),
    )
    const refused: Json[] = []
    const note = (body: Json) => void (body.code !== undefined && refused.push(body))
    const rivals = Array.from({ length: SENDS }, async (_, index) => {
      const data = { session_id, message: `Rival ${index}` }
      const url = nodes.urls[index % nodes.urls.length]!
      const post = async () => note((await call(`${url}/chat/message`, 'POST', data)).body)
      const send = () =>
        lines[index % lines.length]!.send(data).catch((error: unknown) => {
          if (!(error instanceof Refusal)) throw error
          note(error.frame)
        })
      await (index % 10 === 9 ? post() : send())
    })
    const reply = await hand.next()
    await expect.poll(() => refused.length, { timeout: 20_000 }).toBe(SENDS - 1)
    reply.say('Only one.')
    reply.finish()
    await Promise.all(rivals)
    for (const refusal of refused)
      expect(refusal).toMatchObject({ code: 'turn_in_progress', turn_id: `${session_id}.1` })
    expect(asks(nodes.provider)).toBe(1)
    await expect.poll(() => history(nodes.urls[2]!, session_id)).toHaveLength(2)
  })
})
