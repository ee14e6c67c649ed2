/** A session has one running turn at most, however many senders there are. */
import { describe, expect, it } from 'vitest'
import { byHand } from '#test/provider/by-hand.ts'
import { call, type Json, type Stream, startSession } from '#test/helper.ts'
import { STORES } from '#test/stores/each.ts'
import { ask, asks, getTurn, last, send, transcript, turnIdOf } from './conversation.ts'
import { startOn } from './reading.ts'

describe.each(STORES)('one turn per session, on $name,', (store) => {
  it('lets one of 200 parallel sends through and tells the others which turn runs', async () => {
    const hand = byHand()
    const { url, provider } = await startOn(store, hand.script)
    const session_id = await startSession(url)
    const refused: unknown[] = []
    const replying = hand.next()
    const sends = Array.from({ length: 200 }, async (_, index) => {
      const door = index % 2 === 0 ? 'stream' : 'message'
      const response = await fetch(`${url}/chat/${door}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ session_id, message: `Sender ${index}` }),
      })
      const text = await response.text()
      if (response.status === 409) refused.push(JSON.parse(text))
      // All others must have been refused while this one runs.
      if (refused.length === 199) (await replying).finish()
      return { status: response.status, retryAfter: response.headers.get('retry-after') }
    })
    const answers = await Promise.all(sends)

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(asks(provider)).toBe(1)
    const refusal = { error: expect.any(String), code: 'turn_in_progress', retryable: true, turn_id: `${session_id}.1` }
    expect(refused).toEqual(refused.map(() => refusal))
    expect(refused).toHaveLength(199)
    expect(await transcript(url, session_id)).toEqual([expect.stringMatching(/^user complete: Sender \d+$/)])
  })

  it('refuses on all doors that begin a turn, and stores nothing of what it refused', async () => {
    const hand = byHand()
    const { url, provider } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const stream = await send(url, sessionId, 'First')
    const turn_id = turnIdOf(stream)
    const reply = await hand.next()
    const busy = { status: 409, body: { code: 'turn_in_progress', turn_id } }
    expect(await ask(url, sessionId, 'Second', { client_message_id: 'second' })).toMatchObject(busy)
    expect(await call(`${url}/chat/turns/${turn_id}/regenerate`, 'POST', {})).toMatchObject(busy)
    expect(await call(`${url}/chat/sessions/${sessionId}/clear`, 'POST')).toMatchObject(busy)
    reply.say('Here.')
    reply.finish()
    await stream.rest()
    expect(await transcript(url, sessionId)).toEqual(['user complete: First', 'assistant complete: Here.'])
    expect(asks(provider)).toBe(1)

    const again = send(url, sessionId, 'Second', { client_message_id: 'second' })
    ;(await hand.next()).finish()
    expect(last(await (await again).rest())).toMatchObject({ done: true, turn_id: `${sessionId}.2` })
  })

  it('can be asked to stop the running turn and begin the new one', async () => {
    const hand = byHand()
    const { url, provider } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const first = await send(url, sessionId, 'First')
    const interruptedReply = await hand.next()
    interruptedReply.say('One, ', 'two, ')
    await first.take(2)
    const second = await send(url, sessionId, 'Second', { if_busy: 'stop' })
    const reply = await hand.next()
    expect(last(await first.rest())).toMatchObject({ done: true, finish_reason: 'stopped', full_text: 'One, two, ' })
    await interruptedReply.request.closed
    reply.say('Three.')
    reply.finish()
    expect(last(await second.rest())).toMatchObject({ done: true, finish_reason: 'stop', full_text: 'Three.' })
    expect(await getTurn(url, turnIdOf(first))).toMatchObject({ state: 'stopped', text: 'One, two, ' })
    expect(await transcript(url, sessionId)).toEqual([
      'user complete: First',
      'assistant stopped: One, two, ',
      'user complete: Second',
      'assistant complete: Three.',
    ])
    expect(asks(provider)).toBe(2)
  })

  it('has one running turn also when many senders stop each other', async () => {
    const hand = byHand()
    const { url } = await startOn(store, hand.script)
    const session_id = await startSession(url)
    const sent = await Promise.all(
      Array.from({ length: 20 }, (_, index) => send(url, session_id, `Sender ${index}`, { if_busy: 'stop' })),
    )
    // Whoever loses to others again and again is told that the session is busy.
    const refused = sent.filter(({ status }) => status !== 200)
    for (const stream of refused) expect((await readJson(stream)).code).toBe('turn_in_progress')
    const streams = sent.filter(({ status }) => status === 200)
    expect(streams.length).toBeGreaterThan(1)
    const { body } = await call(`${url}/chat/sessions/${session_id}`)
    const latest = `${session_id}.${streams.length}`
    expect(body).toMatchObject({ active_turn_id: latest, message_count: streams.length })
    await call(`${url}/chat/sessions/${session_id}/stop`, 'POST')
    const ends = await Promise.all(streams.map((stream) => stream.rest()))
    expect(ends.map((frames) => frames.length)).toEqual(streams.map(() => 1))
    expect(ends.map((frames) => last(frames).finish_reason)).toEqual(streams.map(() => 'stopped'))
  })
})

async function readJson(stream: Stream): Promise<Json> {
  await stream.ended
  return JSON.parse(stream.raw) as Json
}
