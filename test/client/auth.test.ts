/** Tokens: whose they are, when they are asked for again, and when not. */
import { describe, expect, it } from 'vitest'
import { ReparteeError } from '#src/client/index.ts'
import { startService } from '#test/helper.ts'
import { SIGNED_IN, tokenFor, tokenUntil } from '#test/identity/tokens.ts'
import { openClient, startTalk, TRANSPORTS, untilSaid } from './talk.ts'

describe.each(TRANSPORTS)('over %s, a token', (transport) => {
  it('says who it is', async () => {
    const { url } = await startService(SIGNED_IN)
    const client = openClient(url, { transport, token: tokenFor('ann') })
    const session = await client.start()
    expect(session.user_id).toBe('ann')
    expect(await client.send(session.session_id, 'Hello').done).toMatchObject({ finish_reason: 'stop' })
    const other = openClient(url, { transport, token: async () => tokenFor('bob') })
    const refused = { code: 'session_not_found' }
    await expect(other.send(session.session_id, 'Hello').done).rejects.toMatchObject(refused)
  })

  it('that expires in the middle of a reply is followed by another one', async () => {
    const given: string[] = []
    const refusals: (string | undefined)[] = []
    const token = (refused?: string) => {
      refusals.push(refused)
      // The first is for the session, the second for the reply.
      const next = given.length < 2 ? tokenUntil('ann', 2) : tokenFor('ann')
      given.push(next)
      return next
    }
    const { client, hand, sessionId } = await startTalk({ transport, token }, SIGNED_IN)
    const reply = client.send(sessionId, 'Hi')
    const frames = reply[Symbol.asyncIterator]()
    const said = await hand.next()
    said.say('One ')
    await untilSaid(frames, reply, 'One ')
    while (given.length < 3) await new Promise((resolve) => setTimeout(resolve, 50))
    said.say('two')
    await untilSaid(frames, reply, 'two')
    said.finish()
    expect(await reply.done).toMatchObject({ full_text: 'One two' })
    expect(refusals).toEqual([undefined, undefined, given[1]])
  })

  it('that is refused is asked for once more, and a fixed one is not', async () => {
    const { url } = await startService(SIGNED_IN)
    const { session_id } = await openClient(url, { token: tokenFor('ann') }).start()
    const asked: (string | undefined)[] = []
    const token = (refused?: string) => {
      asked.push(refused)
      return asked.length === 1 ? 'old' : 'older'
    }
    const client = openClient(url, { transport, token })
    await expect(client.send(session_id, 'Hi').done).rejects.toMatchObject({ code: 'unauthorized' })
    expect(asked).toEqual([undefined, 'old'])
    await expect(client.personas()).rejects.toMatchObject({ code: 'unauthorized', status: 401, retryable: false })
    expect(asked.length).toBe(4)
    const fixed = openClient(url, { transport, token: 'old' })
    await expect(fixed.send(session_id, 'Hi').done).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('that the app cannot get now is asked for again, unless it says that there is none', async () => {
    const { url } = await startService(SIGNED_IN)
    let asked = 0
    const client = openClient(url, {
      transport,
      token: async () => {
        asked++
        if (asked % 2 === 1) throw new TypeError('fetch failed')
        return tokenFor('ann')
      },
    })
    const { session_id } = await client.start()
    await client.send(session_id, 'Hello').done
    expect(asked).toBe(4)
    const signedOut = new ReparteeError('Signed out.', { code: 'unauthorized' })
    const nobody = openClient(url, { transport, token: () => Promise.reject(signedOut) })
    await expect(nobody.send(session_id, 'Hi').done).rejects.toMatchObject({ code: 'unauthorized' })
  })
})
