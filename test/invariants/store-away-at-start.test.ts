/** Redis goes away at the moment in which a turn has begun, before its history was read: the turn waits for it. */
import { expect, it, onTestFinished } from 'vitest'
import { createKeys } from '#src/stores/redis/keys.ts'
import { startSession } from '#test/helper.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { hasRedis, newPrefix, startRedis } from '#test/stores/redis.ts'
import { startProxy } from '#test/stores/redis-proxy.ts'
import { last, send } from './conversation.ts'
import { startUnlimited } from './reading.ts'

it.skipIf(!hasRedis)('a turn that was accepted when Redis went away begins when it is back', async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.close())
  const way = await startProxy(redis.port)
  onTestFinished(() => way.close())
  const hand = byHand()
  const prefix = newPrefix()
  const { url } = await startUnlimited(hand.script, { REDIS_URL: way.url, REDIS_PREFIX: prefix })
  const sessionId = await startSession(url)
  const key = createKeys(prefix).session({ owner: '', sessionId })
  const session = way.holdAnswerTo(key)
  const sending = send(url, sessionId, 'Hi')
  const passSession = await session
  const claim = way.holdAnswerTo(key)
  passSession()
  const passClaim = await claim
  passClaim()
  way.refuse(true)
  const stream = await sending
  expect(stream.status).toBe(200)
  way.refuse(false)
  ;(await hand.next()).finish()
  expect(last(await stream.rest())).toMatchObject({ done: true })
})
