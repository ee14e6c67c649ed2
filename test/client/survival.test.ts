/** What a reply lives through: cuts, silence, lost answers, sleep, and services that leave. */
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { asks, follow, history, transcript } from '#test/invariants/conversation.ts'
import { says } from '#test/provider/openai.ts'
import { startService, startWithProvider, toProviderEnv } from '#test/helper.ts'
import { withSeed } from '#test/random.ts'
import { STORES } from '#test/stores/each.ts'
import { CUTS, startNetwork } from './proxy.ts'
import { openClient, readAll, startClock, startSpeaking, startTalk, toText, TRANSPORTS, untilSaid } from './talk.ts'

const PIECES = ['😀', '漢字', '\r\n\r\n', 'data: ', 'word ', '"', '\u2028', 'id: 9\n', 'Another, longer one. ', '\n\n']

describe.each(TRANSPORTS)('over %s, a reply', (transport) => {
  it('is whole, every token once and in order, wherever its connections are cut', () =>
    withSeed(async (random) => {
      const tokens = Array.from({ length: 150 }, () => random.pick(PIECES) + random.pick(PIECES))
      const { url, provider } = await startWithProvider(says(tokens, { delayMs: 3 }))
      const network = await startNetwork(url)
      let cuts = 15
      network.limit(() =>
        cuts-- > 0 ? { bytes: random.integer(0, random.pick([300, 2_000, 6_000])), how: random.pick(CUTS) } : undefined,
      )
      const replies = await Promise.all(
        Array.from({ length: 3 }, async () => {
          const client = openClient(network.url, { transport })
          const { session_id } = await client.start()
          return { reply: client.send(session_id, 'Hi'), session_id }
        }),
      )
      for (const { reply, session_id } of replies) {
        const frames = await readAll(reply)
        expect(toText(frames)).toBe(tokens.join(''))
        expect(frames.map(({ count }) => count).slice(1, -1)).toEqual(tokens.map((_, index) => index + 1))
        expect(await reply.done).toMatchObject({ full_text: tokens.join(''), tokens: tokens.length })
        const [, kept] = await history(url, session_id)
        expect(kept).toMatchObject({ content: tokens.join(''), status: 'complete' })
      }
      expect(network.made).toBeGreaterThan(8)
      expect(asks(provider)).toBe(3)
    }))

  it('is asked for once, though the answer to the message was lost', async () => {
    const { client, hand, network, provider, sessionId, url } = await startTalk({ transport })
    for (const message of ['First', 'Second', 'Third']) {
      // The first one opens the socket.
      const lost = message === 'First' ? null : network.loseAnswer()
      const reply = client.send(sessionId, message)
      const said = await hand.next()
      await lost
      said.say('Once')
      said.finish()
      expect(await reply.done).toMatchObject({ full_text: 'Once' })
    }
    expect(asks(provider)).toBe(3)
    expect(await transcript(url, sessionId)).toEqual(
      ['First', 'Second', 'Third'].flatMap((message) => [`user complete: ${message}`, 'assistant complete: Once']),
    )
  })

  it('goes on when its connection says nothing any more', async () => {
    const { network, reply, frames, said } = await startSpeaking({ transport, silenceMs: 800 })
    network.silence()
    said.say('two ')
    await untilSaid(frames, reply, 'two ')
    said.finish()
    expect(await reply.done).toMatchObject({ full_text: 'One two ' })
  })

  it('goes on when the machine has been asleep', async () => {
    const clock = startClock()
    const { network, reply, frames, said } = await startSpeaking({ transport, silenceMs: 800 })
    // That the service was missed before must not count.
    network.cut()
    said.say('two ')
    await untilSaid(frames, reply, 'two ')
    network.silence()
    clock.sleep(3_600_000)
    said.say('three ')
    await untilSaid(frames, reply, 'three ')
    said.finish()
    await reply.done
  })

  it('is given up after so much time without the service, and says how far it came', async () => {
    const { client, network, reply, said } = await startSpeaking({ transport, patienceMs: 500 })
    network.refuse(true)
    network.cut()
    await expect(reply.done).rejects.toMatchObject({
      code: 'connection_lost',
      retryable: true,
      turnId: reply.turnId,
      partialText: 'One ',
    })
    await expect(client.personas()).rejects.toMatchObject({ code: 'connection_lost' })
    network.refuse(false)
    const again = client.follow(reply.turnId!, { after: reply.offset })
    said.finish()
    expect(await again.done).toMatchObject({ full_text: 'One ' })
  })

  it('is finished by a service that is leaving', async () => {
    const { app, client, sessionId, reply, said } = await startSpeaking({ transport })
    const drained = app.chat.drain(30_000)
    app.sockets.drain()
    const refused = client.send(sessionId, 'Late', { if_busy: 'stop' })
    said.say('two')
    said.finish()
    expect(await reply.done).toMatchObject({ full_text: 'One two', finish_reason: 'stop' })
    await drained
    client.close()
    await expect(refused.done).rejects.toMatchObject({ code: 'aborted' })
  })
})

const shared = STORES.filter(({ isShared }) => isShared)

describe.skipIf(shared.length === 0)('a reader that is sent away', () => {
  it.each(TRANSPORTS)('comes back where the turn goes on (%s)', async (transport) => {
    const { hand, provider } = await startTalk()
    const env = { ...(await shared[0]!.env()), ...toProviderEnv(provider) }
    const owner = await startService(env)
    const leaving = await startService(env)
    const network = await startNetwork(leaving.url)
    const client = openClient(owner.url)
    const started = client.send((await client.start()).session_id, 'Hi')
    const said = await hand.next()
    said.say('One ')
    const { turn_id } = await started.started
    const reply = openClient(network.url, { transport }).follow(turn_id)
    const frames = reply[Symbol.asyncIterator]()
    await untilSaid(frames, reply, 'One ')
    network.leadTo(owner.url)
    await leaving.app.close()
    said.say('two ')
    await untilSaid(frames, reply, 'two ')
    said.finish()
    expect(await reply.done).toMatchObject({ full_text: 'One two ' })
  })
})

describe('what the network says of itself', () => {
  it.each(TRANSPORTS)('ends a connection at once, and makes the next one at once (%s)', async (transport) => {
    const listeners = { online: new Set<() => void>(), offline: new Set<() => void>() }
    type Happening = keyof typeof listeners
    const happens = (event: Happening) => {
      for (const listener of listeners[event]) listener()
    }
    const navigator = { onLine: true }
    vi.stubGlobal('addEventListener', (event: Happening, listener: () => void) => listeners[event].add(listener))
    vi.stubGlobal('removeEventListener', (event: Happening, listener: () => void) => listeners[event].delete(listener))
    vi.stubGlobal('navigator', navigator)
    onTestFinished(() => void vi.unstubAllGlobals())
    let connections = 0
    const { client, hand, sessionId, url } = await startTalk({
      transport,
      fetch: (input, init) => {
        connections++
        return fetch(input, init)
      },
      WebSocket: class extends WebSocket {
        constructor(address: string, protocols: string[]) {
          connections++
          super(address, protocols)
        }
      },
    })
    const reply = client.send(sessionId, 'Hi')
    const frames = reply[Symbol.asyncIterator]()
    const said = await hand.next()
    said.say('One ')
    await untilSaid(frames, reply, 'One ')
    const before = connections
    navigator.onLine = false
    happens('offline')
    said.say('two ')
    const other = await follow(url, reply.turnId!)
    await other.take(2)
    expect([reply.text, connections]).toEqual(['One ', before])
    navigator.onLine = true
    happens('online')
    await untilSaid(frames, reply, 'two ')
    expect(connections).toBe(before + 1)
    said.finish()
    await reply.done
    client.close()
    await vi.waitFor(() => expect([listeners.online.size, listeners.offline.size]).toEqual([0, 0]), { timeout: 10_000 })
  })
})
