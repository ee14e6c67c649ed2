/** A node whose turn was taken by another: its readers get the end that the other gives it, or come back for it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endTakenTurn } from '#src/chat/turn-end.ts'
import { parseTurnId } from '#src/chat/turn-id.ts'
import { startSession, startWithProvider } from '#test/helper.ts'
import { follow, last, NEGOTIATED, send, turnIdOf } from '#test/invariants/conversation.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { hasRedis, newPrefix, openStore, type RedisServer, startRedis } from '#test/stores/redis.ts'

describe.skipIf(!hasRedis)('the readers of a turn that another node has taken', () => {
  let redis: RedisServer
  beforeAll(async () => void (redis = await startRedis()))
  afterAll(() => redis.close())

  /** A turn that was taken over in the middle of its reply, and is not ended yet. */
  async function startTaken() {
    const hand = byHand()
    const place = { REDIS_URL: redis.url, REDIS_PREFIX: newPrefix() }
    const { url, app } = await startWithProvider(hand.script, place)
    const other = await openStore(redis.url, { prefix: place.REDIS_PREFIX })
    const stream = await send(url, await startSession(url), 'Ready?', {}, NEGOTIATED)
    const reply = await hand.next()
    reply.say('Half ')
    await stream.take(1)
    await expect.poll(async () => (await other.turns.read(parseTurnId('', turnIdOf(stream))))?.length).toBe(1)
    const taken = await other.turns.takeOver(parseTurnId('', turnIdOf(stream)))
    await reply.request.closed
    return { url, app, other, stream, taken: taken!, turnId: turnIdOf(stream) }
  }

  it('wait for its end', async () => {
    const { url, app, other, stream, taken, turnId } = await startTaken()
    let isOver = false
    const rest = stream.rest().finally(() => (isOver = true))
    const late = await follow(url, turnId, '', NEGOTIATED)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(isOver).toBe(false)
    await endTakenTurn(other.turns, taken, 'interrupted')
    const [end] = await rest
    expect(end!.id).not.toBeNull()
    expect(end!.data).toMatchObject({ code: 'interrupted', partial_text: 'Half ' })
    expect((await late.rest()).at(-1)).toEqual(end)
    await expect.poll(() => app.chat.running).toBe(0)
  })

  it('are sent away when it takes long, and find it when they come back', async () => {
    const { url, app, other, stream, taken, turnId } = await startTaken()
    expect(await stream.rest()).toMatchObject([{ id: null, data: { code: 'draining', turn_id: turnId } }])
    await expect.poll(() => app.chat.running).toBe(0)
    const back = await follow(url, turnId, '', NEGOTIATED)
    await back.take(1)
    await endTakenTurn(other.turns, taken, 'interrupted')
    expect(last(await back.rest())).toMatchObject({ code: 'interrupted', partial_text: 'Half ' })
  })
})
