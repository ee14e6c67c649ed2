/** A deletion between two looks of another node at the same turn: its readers hear that it is gone. */
import { expect, it, onTestFinished } from 'vitest'
import { createKeys } from '#src/stores/redis/keys.ts'
import { call, startService, startSession, startWithProvider, toProviderEnv } from '#test/helper.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { hasRedis, newPrefix, startRedis } from '#test/stores/redis.ts'
import { startProxy } from '#test/stores/redis-proxy.ts'
import { send, turnIdOf } from './conversation.ts'

const ID = { client_message_id: 'one' }

/** Each looks at the session's keys so often until it has found the turn. */
const READERS = [
  {
    who: 'who follows',
    looks: 1,
    ask: (url: string, sessionId: string) => call(`${url}/chat/turns/${sessionId}.1/stream`),
  },
  {
    who: 'who sends again',
    looks: 3,
    ask: (url: string, sessionId: string) =>
      call(`${url}/chat/stream`, 'POST', { session_id: sessionId, message: 'Hi', ...ID }),
  },
]

it.skipIf(!hasRedis).each(READERS)('$who a turn that is deleted at that moment gets 404', async ({ looks, ask }) => {
  const redis = await startRedis()
  onTestFinished(() => redis.close())
  const way = await startProxy(redis.port)
  onTestFinished(() => way.close())
  const hand = byHand()
  const shared = { REDIS_PREFIX: newPrefix(), TURN_LEASE_S: '10' }
  const { url, provider } = await startWithProvider(hand.script, { REDIS_URL: redis.url, ...shared })
  const { url: elsewhere } = await startService({ REDIS_URL: way.url, ...shared, ...toProviderEnv(provider) })
  const sessionId = await startSession(url)
  const stream = await send(url, sessionId, 'Hi', ID)
  await hand.next()
  await call(`${elsewhere}/chat/turns/${turnIdOf(stream)}`)

  // What the last look before the log's finds is old when it is heard of.
  const key = createKeys(shared.REDIS_PREFIX).session({ owner: '', sessionId })
  let held = way.holdAnswerTo(key)
  const reading = ask(elsewhere, sessionId)
  for (let look = 1; look < looks; look++) {
    const release = await held
    held = way.holdAnswerTo(key)
    release()
  }
  const release = await held
  expect(await call(`${url}/chat/sessions/${sessionId}`, 'DELETE')).toMatchObject({ status: 200 })
  release()
  expect(await reading).toMatchObject({ status: 404, body: { code: 'turn_not_found' } })
})
