/** A stream shows that it lives, and nothing in the service holds back what was said. */
import { describe, expect, it } from 'vitest'
import { byHand, type HeldReply } from '#test/provider/by-hand.ts'
import { isSilent } from '#test/provider/scripts.ts'
import { openStream, startSession, type Stream } from '#test/helper.ts'
import { call } from '#test/helper.ts'
import { STORES, type TestStore } from '#test/stores/each.ts'
import { asks, follow, last, NEGOTIATED, send, turnIdOf, within } from './conversation.ts'
import { startOn } from './reading.ts'

const KINDS = [
  ['bare', {}],
  ['negotiated', NEGOTIATED],
] as const

/** Milliseconds until the stream has so many heartbeats. */
async function heartbeatAfter(stream: Stream, since: number, count: number): Promise<number> {
  const pings = () => stream.raw.split(': ping\n\n').length - 1
  while (pings() < count) await stream.changed()
  return performance.now() - since
}

describe.each(STORES)('the head of a stream, on $name,', (store) => {
  it.each(KINDS)(
    'comes as soon as the turn is accepted, before the provider has said anything (%s)',
    async (_kind, headers) => {
      const { url, provider } = await startOn(store, isSilent())
      const session_id = await startSession(url)
      const stream = await openStream(`${url}/chat/stream`, { session_id, message: 'Hi' }, headers)
      expect([stream.status, turnIdOf(stream)]).toEqual([200, `${session_id}.1`])
      // What the user said is stored by then.
      const { body } = await call(`${url}/chat/sessions/${session_id}`)
      expect(body).toMatchObject({ message_count: 1, active_turn_id: `${session_id}.1` })
      const followed = await follow(url, turnIdOf(stream), '', headers)
      expect(followed.status).toBe(200)
      await provider.nextRequest()
      expect(asks(provider)).toBe(1)
      await call(`${url}/chat/sessions/${session_id}/stop`, 'POST')
      for (const reader of [stream, followed])
        expect(last(await reader.rest())).toMatchObject({ finish_reason: 'stopped' })
    },
  )

  it('brings the opening comment with it, which browsers wait for', async () => {
    const { url } = await startOn(store, isSilent())
    const stream = await openStream(
      `${url}/chat/stream`,
      { session_id: await startSession(url), message: 'Hi' },
      NEGOTIATED,
    )
    while (stream.raw.length < 512) await stream.changed()
    expect(stream.raw).toMatch(/^:.{511,}\nid: .+\n\n$/)
  })
})

describe.each(STORES)('a token, on $name,', (store) => {
  it.each(KINDS)('comes while the provider is silent after it (%s)', async (_kind, headers) => {
    const hand = byHand()
    const { url } = await startOn(store, hand.script)
    const stream = await send(url, await startSession(url), 'Hi', {}, headers)
    const reply = await hand.next()
    for (let number = 1; number <= 20; number++) {
      reply.say(`${number} `)
      const [frame] = await within(2_000, stream.take(1))
      expect(frame!.data).toEqual({ token: `${number} `, count: number })
    }
    reply.finish()
    expect(last(await within(2_000, stream.rest()))).toMatchObject({ done: true, tokens: 20 })
  })
})

/** Streams on which nothing is said, or nothing more than a word, until each has had its heartbeat. */
async function keepSilent(store: TestStore): Promise<void> {
  const hand = byHand()
  const { url } = await startOn(store, hand.script)
  const openings: Promise<{ stream: Stream; reply: HeldReply; isSpeaking: boolean }>[] = []
  for (const [, headers] of KINDS) {
    for (const isSpeaking of [false, true]) {
      const stream = await send(url, await startSession(url), 'Hi', {}, headers)
      openings.push(hand.next().then((reply) => ({ stream, reply, isSpeaking })))
    }
  }
  const open = await Promise.all(openings)
  const waits = open.map(async ({ stream, reply, isSpeaking }) => {
    const followed = await follow(url, turnIdOf(stream))
    if (isSpeaking) {
      reply.say('Well, ')
      await Promise.all([stream.take(1), followed.take(1)])
    }
    const since = performance.now()
    const silences = await Promise.all([heartbeatAfter(stream, since, 1), heartbeatAfter(followed, since, 1)])
    for (const silence of silences) {
      expect(silence).toBeLessThan(15_000)
      expect(silence).toBeGreaterThan(10_000)
    }
    // The stream goes on as if nothing had been.
    reply.say('here.')
    reply.finish()
    expect(last(await stream.rest())).toMatchObject({ full_text: isSpeaking ? 'Well, here.' : 'here.' })
    expect(last(await followed.rest())).toMatchObject({ done: true })
  })
  await Promise.all(waits)
}

describe('a silent stream', () => {
  it('has a heartbeat within 15 s, before the first token and between two', async () => {
    // All at once, as it takes its time.
    await Promise.all(STORES.map((store) => keepSilent(store)))
  })
})
