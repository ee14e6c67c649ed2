/** What Redis loses of a log is never jumped over: its readers are told so, and the session can be used again. */
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Redis } from 'ioredis'
import { call, startSession, toProviderEnv, toText } from '#test/helper.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { keysOf } from '#test/stores/redis.ts'
import { STORES } from '#test/stores/each.ts'
import { ask, follow, last, NEGOTIATED, send, turnIdOf } from './conversation.ts'
import { startUnlimited } from './reading.ts'

/** A turn of three tokens that runs on one node and is read on another. */
async function startFollowed() {
  const hand = byHand()
  const env = await STORES.find(({ name }) => name === 'Redis')!.lastingEnv()
  const { url, provider } = await startUnlimited(hand.script, env)
  const { url: elsewhere } = await startUnlimited(undefined, { ...env, ...toProviderEnv(provider) })
  const sessionId = await startSession(url)
  const stream = await send(url, sessionId, 'Count', {}, NEGOTIATED)
  const reply = await hand.next()
  const reader = await follow(elsewhere, turnIdOf(stream), '', NEGOTIATED)
  for (const token of ['one ', 'two ', 'three ']) {
    reply.say(token)
    await reader.take(1)
  }
  const client = new Redis(env.REDIS_URL!)
  onTestFinished(() => client.disconnect())
  const keys = await keysOf(client, env.REDIS_PREFIX!)
  const log = keys.find((key) => key.includes(':log:'))!
  return { url, elsewhere, sessionId, turnId: turnIdOf(stream), stream, reply, reader, hand, client, keys, log }
}

describe.skipIf(STORES.length < 2)('a log of which Redis has lost', () => {
  it('the beginning is 410 for who asks for that, and read on by who has it', async () => {
    const { elsewhere, turnId, reply, reader, client, log } = await startFollowed()
    expect(await client.xtrim(log, 'MAXLEN', 1)).toBeGreaterThan(0)
    reply.say('four.')
    expect(toText(await reader.take(1))).toBe('four.')
    reply.finish()
    expect(last(await reader.rest())).toMatchObject({ done: true, full_text: 'one two three four.' })
    for (const query of ['', '?after_count=1'])
      expect(await call(`${elsewhere}/chat/turns/${turnId}/stream${query}`)).toMatchObject({
        status: 410,
        body: { code: 'turn_expired' },
      })
    const rest = await (await follow(elsewhere, turnId, '?after_count=3')).rest()
    expect(rest.map(({ data }) => data.token)).toEqual(['four.', undefined])
  })

  it('what came last is 410 for whoever comes later, and not an end after a hole', async () => {
    const { elsewhere, turnId, reply, reader, client, log } = await startFollowed()
    reply.finish()
    expect(last(await reader.rest())).toMatchObject({ done: true, full_text: 'one two three ' })
    const entries = await client.xrange(log, '-', '+')
    const [id] = entries.findLast(([, [, tokens]]) => tokens !== '[]')!
    expect(await client.xdel(log, id)).toBe(1)
    for (const query of ['', '?after_count=1', '?after_count=2'])
      expect((await call(`${elsewhere}/chat/turns/${turnId}/stream${query}`)).status).toBe(410)
  })

  it('what an entry says is 410 for whoever needs it, and the turn is ended', async () => {
    const { url, elsewhere, turnId, stream, reply, reader, client, log } = await startFollowed()
    // In the place of the fourth and the fifth token.
    await client.xadd(log, '1-5', 't', '["fo')
    reply.say('four ', 'five.')
    reply.finish()
    expect(last(await stream.rest())).toMatchObject({ done: true, full_text: 'one two three four five.' })
    expect(last(await reader.rest())).toMatchObject({ code: 'turn_expired' })
    expect(await call(`${elsewhere}/chat/turns/${turnId}/stream?after_count=3`)).toMatchObject({ status: 410 })
    expect((await call(`${url}/chat/turns/${turnId}`)).body.state).toBe('done')
  })

  it('all ends the turn, and the session can be used again', async () => {
    const { url, elsewhere, sessionId, reply, stream, reader, hand, client, log } = await startFollowed()
    await client.unlink(log)
    reply.say('four.')
    await reply.request.closed
    expect(last(await stream.rest())).toMatchObject({ code: 'draining', retryable: true })
    const again = vi.waitFor(
      async () => {
        const answer = await send(elsewhere, sessionId, 'And now?')
        expect(answer.status).toBe(200)
        return answer
      },
      { timeout: 8_000, interval: 200 },
    )
    const end = last(await reader.rest())
    expect(['turn_expired', 'interrupted']).toContain(end.code)
    const next = await again
    ;(await hand.next()).finish()
    expect(last(await next.rest())).toMatchObject({ done: true })
    expect(await ask(url, sessionId, 'Hi', { brain: 'config' })).toMatchObject({ status: 200 })
  })

  it('all, and everything else, sends its readers away', async () => {
    const { url, elsewhere, turnId, reply, reader, client, keys } = await startFollowed()
    await client.unlink(keys)
    expect(last(await reader.rest())).toMatchObject({ code: 'session_not_found' })
    reply.say('four.')
    await reply.request.closed
    for (const node of [url, elsewhere])
      await vi.waitFor(async () => expect((await call(`${node}/chat/turns/${turnId}`)).status).toBe(404), {
        timeout: 10_000,
      })
  })
})
