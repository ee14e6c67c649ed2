/** Stop stops: soon, with what was said kept. A disconnect is not a stop, unless the turn is to end with its readers. */
import { type ClientRequest, request as httpRequest } from 'node:http'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { byHand } from '#test/provider/by-hand.ts'
import { isSilent } from '#test/provider/scripts.ts'
import { says } from '#test/provider/openai.ts'
import { call, type Json, type Service, type Stream, startSession, toText } from '#test/helper.ts'
import { STORES, type TestStore } from '#test/stores/each.ts'
import { ask, asks, follow, getTurn, last, send, transcript, turnIdOf, within } from './conversation.ts'
import { startOn } from './reading.ts'

function stopTurn(url: string, turnId: string) {
  return call(`${url}/chat/turns/${turnId}/stop`, 'POST')
}

/** A turn in the middle of its reply. */
async function startSpeaking(store: TestStore, more: Json = {}, session: Json = {}) {
  const hand = byHand()
  const { app, url, provider } = await startOn(store, hand.script)
  const sessionId = await startSession(url, session)
  const stream = await send(url, sessionId, 'Count', more)
  const reply = await hand.next()
  reply.say('One, ', 'two, ')
  await stream.take(2)
  return { app, url, provider, sessionId, stream, reply, hand, turnId: turnIdOf(stream) }
}

/** Resolves when the service has seen this many connections close. */
async function untilServerSees(app: Service['app'], closes: number, leave: () => void): Promise<void> {
  const count = promisify(app.server.getConnections.bind(app.server))
  const before = await count()
  leave()
  await expect.poll(() => count(), { interval: 5 }).toBeLessThanOrEqual(before - closes)
}

/** Waits for the whole answer on a connection of its own, until it is destroyed. */
function askAndLeave(url: string, sessionId: string): ClientRequest {
  const headers = { 'content-type': 'application/json' }
  const request = httpRequest(`${url}/chat/message`, { method: 'POST', headers, agent: false })
  request.on('error', () => {})
  return request.end(JSON.stringify({ session_id: sessionId, message: 'Count' }))
}

/** Waits until a turn is in that state. */
async function untilState(url: string, turnId: string, state: string): Promise<Json> {
  // A follower hears of the end as soon as it is stored.
  await (await follow(url, turnId)).rest()
  const turn = await getTurn(url, turnId)
  expect(turn.state).toBe(state)
  return turn
}

describe.each(STORES)('stop, on $name,', (store) => {
  it('ends a turn in the middle, with its text kept, for all readers', async () => {
    const { url, sessionId, stream, reply, turnId, hand } = await startSpeaking(store)
    const second = await follow(url, turnId)
    const whole = ask(url, sessionId, 'Count', { client_message_id: 'none' })
    expect((await whole).status).toBe(409)
    const { status, body } = await stopTurn(url, turnId)
    expect(status).toBe(200)
    expect(body).toEqual({ stopped: true, turn_id: turnId, state: 'stopped', partial_text: 'One, two, ' })
    // The answer came after the end was stored.
    expect(await getTurn(url, turnId)).toMatchObject({ state: 'stopped', text: 'One, two, ', finish_reason: 'stopped' })
    await within(1000, reply.request.closed)
    for (const reader of [stream, second]) {
      const end = last(await reader.rest())
      expect(end).toMatchObject({ done: true, finish_reason: 'stopped', full_text: 'One, two, ', tokens: 2 })
    }
    expect(await transcript(url, sessionId)).toEqual(['user complete: Count', 'assistant stopped: One, two, '])

    // What the provider still says does not reach the next turn.
    reply.say('three, ')
    const next = ask(url, sessionId, 'Go on')
    const nextReply = await hand.next()
    nextReply.say('Three.')
    nextReply.finish()
    expect((await next).body).toMatchObject({ message: 'Three.', finish_reason: 'stop' })
  })

  it('ends a turn before its first token, also before the provider has answered at all', async () => {
    for (const script of [byHand().script, isSilent()]) {
      const { url, provider } = await startOn(store, script)
      const sessionId = await startSession(url)
      const stream = await send(url, sessionId, 'Count')
      const request = await provider.nextRequest()
      const { body } = await stopTurn(url, turnIdOf(stream))
      expect(body).toMatchObject({ stopped: true, state: 'stopped', partial_text: '' })
      await within(1000, request.closed)
      const [end, ...more] = await stream.rest()
      expect(end!.data).toMatchObject({ done: true, finish_reason: 'stopped', full_text: '', tokens: 0 })
      expect(more).toEqual([])
      expect(await transcript(url, sessionId)).toEqual(['user complete: Count'])
      provider.script(says('Yes.'))
      expect((await ask(url, sessionId, 'Count')).body).toMatchObject({ message: 'Yes.' })
    }
  })

  it('ends a turn at the very moment of its acceptance', async () => {
    const { url, provider } = await startOn(store, byHand().script)
    for (let round = 0; round < 10; round++) {
      const sessionId = await startSession(url)
      const sending = send(url, sessionId, 'Count')
      const stopped = await call(`${url}/chat/sessions/${sessionId}/stop`, 'POST')
      const stream = await sending
      // Either it came before there was anything to stop, or it has stopped it.
      if (stopped.body.stopped === false) await stopTurn(url, turnIdOf(stream))
      expect((await stream.rest()).map(({ data }) => data.finish_reason)).toEqual(['stopped'])
    }
    for (const request of provider.requests) await within(1000, request.closed)
  })

  it('keeps the usage that was reported until then', async () => {
    const { url, stream, reply, turnId } = await startSpeaking(store)
    reply.count(11, 2)
    reply.say('three, ')
    await stream.take(1)
    await stopTurn(url, turnId)
    const counts = { input_tokens: 11, output_tokens: 2, cost_usd: expect.any(Number) }
    expect(last(await stream.rest())).toMatchObject(counts)
    expect(await getTurn(url, turnId)).toMatchObject(counts)
  })

  it('ends the running turn of a session', async () => {
    const { url, sessionId, stream, turnId } = await startSpeaking(store)
    const { body } = await call(`${url}/chat/sessions/${sessionId}/stop`, 'POST')
    expect(body).toEqual({ stopped: true, turn_id: turnId, state: 'stopped', partial_text: 'One, two, ' })
    expect(last(await stream.rest())).toMatchObject({ finish_reason: 'stopped' })
  })

  it('gives a reader of the whole answer what was said', async () => {
    const hand = byHand()
    const { url } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const whole = ask(url, sessionId, 'Count')
    ;(await hand.next()).say('One, ')
    await (await follow(url, `${sessionId}.1`)).take(1)
    await stopTurn(url, `${sessionId}.1`)
    expect(await whole).toMatchObject({ status: 200, body: { message: 'One, ', finish_reason: 'stopped' } })
  })

  it('may come many times at once', async () => {
    const { url, sessionId, stream, turnId } = await startSpeaking(store)
    const stops = await Promise.all(Array.from({ length: 20 }, () => stopTurn(url, turnId)))
    for (const { status, body } of stops) {
      expect(status).toBe(200)
      expect(body).toMatchObject({ turn_id: turnId, state: 'stopped', partial_text: 'One, two, ' })
    }
    expect((await stream.rest()).filter(({ data }) => data.done)).toHaveLength(1)
    expect(await transcript(url, sessionId)).toHaveLength(2)
  })

  it('does nothing to a turn that has ended, and says how it stands', async () => {
    const { url } = await startOn(store, says('Yes.'))
    const sessionId = await startSession(url)
    await ask(url, sessionId, 'Ready?')
    const turnId = `${sessionId}.1`
    const nothing = { stopped: false, turn_id: turnId, state: 'done', partial_text: 'Yes.' }
    expect(await stopTurn(url, turnId)).toMatchObject({ status: 200, body: nothing })
    expect(await call(`${url}/chat/sessions/${sessionId}/stop`, 'POST')).toMatchObject({
      status: 200,
      body: { stopped: false },
    })
    expect(await getTurn(url, turnId)).toMatchObject({ state: 'done', finish_reason: 'stop' })
  })

  it('is 404 for what does not exist', async () => {
    const { url } = await startOn(store)
    const sessionId = await startSession(url)
    expect(await stopTurn(url, `${sessionId}.1`)).toMatchObject({ status: 404, body: { code: 'turn_not_found' } })
    expect(await stopTurn(url, 'nonsense')).toMatchObject({ status: 404, body: { code: 'turn_not_found' } })
    expect(await call(`${url}/chat/sessions/nowhere/stop`, 'POST')).toMatchObject({
      status: 404,
      body: { code: 'session_not_found' },
    })
  })

  it('and the natural end agree on one end', async () => {
    const hand = byHand()
    const { url } = await startOn(store, hand.script)
    for (let round = 0; round < 20; round++) {
      const sessionId = await startSession(url)
      const stream = await send(url, sessionId, 'Count')
      const reply = await hand.next()
      reply.say('One.')
      await stream.take(1)
      reply.finish()
      const { body } = await stopTurn(url, turnIdOf(stream))
      const ends = await stream.rest()
      expect(ends).toHaveLength(1)
      expect(last(ends).finish_reason).toBe(body.stopped ? 'stopped' : 'stop')
      expect(body.state).toBe(body.stopped ? 'stopped' : 'done')
      expect((await transcript(url, sessionId)).at(-1)).toMatch(body.stopped ? /stopped: One/ : /complete: One/)
    }
  })
})

describe.each(STORES)('a disconnect, on $name,', (store) => {
  it.each(['fin', 'reset'] as const)('of all readers (%s) does not stop the turn', async (how) => {
    const { app, url, stream, reply, turnId, sessionId } = await startSpeaking(store)
    const second = await follow(url, turnId)
    await untilServerSees(app, 2, () => {
      stream.leave(how)
      second.leave(how)
    })
    reply.say('three.')
    reply.finish()
    expect(await untilState(url, turnId, 'done')).toMatchObject({ text: 'One, two, three.' })
    expect(await transcript(url, sessionId)).toEqual(['user complete: Count', 'assistant complete: One, two, three.'])
  })

  it('of whoever waits for the whole answer does not stop the turn', async () => {
    const hand = byHand()
    const { app, url, provider } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const whole = askAndLeave(url, sessionId)
    const reply = await hand.next()
    await untilServerSees(app, 1, () => whole.destroy())
    reply.say('One.')
    reply.finish()
    expect(await untilState(url, `${sessionId}.1`, 'done')).toMatchObject({ text: 'One.' })
    expect(asks(provider)).toBe(1)
  })

  describe.each([
    ['the send', async () => startSpeaking(store, { on_disconnect: 'stop' })],
    ['the start of the session', async () => startSpeaking(store, {}, { on_disconnect: 'stop' })],
  ])('with on_disconnect "stop" from %s', (_from, startTurn) => {
    it('stops the turn when the last reader leaves', async () => {
      const { app, url, stream, reply, turnId, sessionId } = await startTurn()
      const second = await follow(url, turnId)
      await untilServerSees(app, 1, () => stream.leave())
      reply.say('three, ')
      expect(toText(await second.take(3))).toBe('One, two, three, ')
      second.leave()
      await within(1000, reply.request.closed)
      expect(await untilState(url, turnId, 'stopped')).toMatchObject({ text: 'One, two, three, ' })
      expect(await transcript(url, sessionId)).toEqual(['user complete: Count', 'assistant stopped: One, two, three, '])
    })

    it('lets a turn finish whose readers stay', async () => {
      const { stream, reply } = await startTurn()
      reply.finish()
      expect(last(await stream.rest())).toMatchObject({ finish_reason: 'stop' })
    })
  })

  it('stops the next turn when the session was changed to it, and not the running one', async () => {
    const { app, url, stream, reply, turnId, sessionId, hand } = await startSpeaking(store)
    const patched = await call(`${url}/chat/sessions/${sessionId}`, 'PATCH', { on_disconnect: 'stop' })
    expect(patched).toMatchObject({ status: 200, body: { active_turn_id: turnId } })
    await untilServerSees(app, 1, () => stream.leave())
    reply.finish()
    await untilState(url, turnId, 'done')

    const next = await send(url, sessionId, 'Again')
    const nextReply = await hand.next()
    nextReply.say('One, ')
    await next.take(1)
    next.leave()
    await within(1000, nextReply.request.closed)
    await untilState(url, turnIdOf(next), 'stopped')
  })

  it('can be said to go on for one turn of a session that stops', async () => {
    const from = await startSpeaking(store, { on_disconnect: 'continue' }, { on_disconnect: 'stop' })
    const { app, url, stream, reply, turnId } = from
    await untilServerSees(app, 1, () => stream.leave())
    reply.finish()
    await untilState(url, turnId, 'done')
  })

  it('stops the turn of whoever waits for the whole answer and leaves', async () => {
    const hand = byHand()
    const { url } = await startOn(store, hand.script)
    const sessionId = await startSession(url, { on_disconnect: 'stop' })
    const whole = askAndLeave(url, sessionId)
    const reply = await hand.next()
    whole.destroy()
    await within(1000, reply.request.closed)
    await untilState(url, `${sessionId}.1`, 'stopped')
  })

  it('stops a turn before its first token', async () => {
    const hand = byHand()
    const { url } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const stream: Stream = await send(url, sessionId, 'Count', { on_disconnect: 'stop' })
    const reply = await hand.next()
    stream.leave('reset')
    await within(1000, reply.request.closed)
    expect(await untilState(url, turnIdOf(stream), 'stopped')).toMatchObject({ text: '' })
  })
})
