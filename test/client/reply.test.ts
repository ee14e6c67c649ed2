/** A reply as an app reads it, by each transport. */
import { describe, expect, it, vi } from 'vitest'
import { ReparteeError } from '#src/client/index.ts'
import { getTurn, transcript, untilEnded } from '#test/invariants/conversation.ts'
import { answers } from '#test/provider/scripts.ts'
import { openClient, readAll, startClock, startTalk, toText, TRANSPORTS, untilSaid } from './talk.ts'

const HOUR_MS = 3_600_000

describe.each(TRANSPORTS)('a reply over %s', (transport) => {
  it('is the ids, the tokens and the end', async () => {
    const { client, hand, sessionId } = await startTalk({ transport })
    const reply = client.send(sessionId, 'Hi')
    expect([reply.turnId, reply.text]).toEqual([undefined, ''])
    const said = await hand.next()
    said.say('Hello ', 'data: \n\n🎈')
    said.finish()
    const frames = await readAll(reply)
    const text = 'Hello data: \n\n🎈'
    expect(frames.slice(0, -1)).toEqual([
      expect.objectContaining({ start: true, session_id: sessionId, turn_id: `${sessionId}.1` }),
      { token: 'Hello ', count: 1 },
      { token: 'data: \n\n🎈', count: 2 },
    ])
    expect(frames.at(-1)).toMatchObject({ done: true, full_text: text, tokens: 2, finish_reason: 'stop' })
    expect(frames.at(-1)).not.toHaveProperty('offset')
    expect(await reply.done).toBe(frames.at(-1))
    expect(await reply.started).toBe(frames[0])
    expect(reply).toMatchObject({ text, turnId: `${sessionId}.1`, offset: expect.stringContaining(sessionId) })
  })

  it('comes to its end though nobody iterates, and can be iterated later', async () => {
    const { client, hand, sessionId } = await startTalk({ transport })
    const reply = client.send(sessionId, 'Hi')
    const said = await hand.next()
    const tokens = Array.from({ length: 1_000 }, (_, index) => `${index} `)
    said.say(...tokens)
    said.finish()
    expect(await reply.done).toMatchObject({ full_text: tokens.join(''), tokens: 1_000 })
    const frames = await readAll(reply)
    expect(toText(frames)).toBe(tokens.join(''))
    expect(frames.at(-2)).toMatchObject({ count: 1_000 })
    expect(frames.length).toBeLessThan(300)
  })

  it('fails with what the service says of it', async () => {
    const { client, hand, sessionId } = await startTalk({ transport })
    const reply = client.send(sessionId, 'Hi')
    const said = await hand.next()
    said.say('Hello ')
    await said.exchange.fin()
    const error: unknown = await readAll(reply).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ReparteeError)
    expect(error).toMatchObject({
      name: 'ReparteeError',
      code: 'brain_unavailable',
      retryable: true,
      turnId: reply.turnId,
      partialText: 'Hello ',
    })
    await expect(reply.done).rejects.toBe(error)
    expect(reply.text).toBe('Hello ')
  })

  it('is refused with the status, the code and the running turn', async () => {
    const { client, hand, sessionId } = await startTalk({ transport })
    const first = client.send(sessionId, 'Hi')
    const said = await hand.next()
    await first.started
    const second = client.send(sessionId, 'And?')
    const facts = { code: 'turn_in_progress', turnId: first.turnId }
    await expect(second.done).rejects.toMatchObject(transport === 'sse' ? { ...facts, status: 409 } : facts)
    await expect(second.started).rejects.toMatchObject(facts)
    await expect(client.send('nobody', 'Hi').done).rejects.toMatchObject({ code: 'session_not_found' })
    await expect(client.follow('nobody.1').done).rejects.toMatchObject({ code: 'turn_not_found' })
    said.finish()
    await first.done
  })

  it('stops by its turn and by its session', async () => {
    const { client, hand, sessionId } = await startTalk({ transport })
    for (const by of ['turn', 'session']) {
      const reply = client.send(sessionId, by)
      const said = await hand.next()
      said.say('So far ')
      await untilSaid(reply[Symbol.asyncIterator](), reply, 'So far ')
      const stopped = await client.stop(by === 'turn' ? reply.turnId! : sessionId)
      expect(stopped).toMatchObject({ stopped: true, turn_id: reply.turnId, state: 'stopped', partial_text: 'So far ' })
      expect(await reply.done).toMatchObject({ finish_reason: 'stopped', full_text: 'So far ' })
    }
    expect(await client.stop(sessionId)).toMatchObject({ stopped: false })
  })

  it('is said anew, and to another message', async () => {
    const { client, hand, sessionId } = await startTalk({ transport })
    const say = async (text: string) => {
      const said = await hand.next()
      said.say(text)
      said.finish()
    }
    const first = client.send(sessionId, 'Hi')
    await say('One')
    const { turn_id } = await first.done
    const second = client.regenerate(turn_id)
    await say('Two')
    const again = await second.done
    expect(again.full_text).toBe('Two')
    const third = client.regenerate(again.turn_id, { message: 'Hello' })
    await say('Three')
    expect(await third.done).toMatchObject({ full_text: 'Three' })
    const { messages } = await client.sessions.get(sessionId)
    expect(messages.map(({ content }) => content)).toEqual(['Hello', 'Three'])
    await expect(client.regenerate(turn_id).done).rejects.toMatchObject({ code: 'turn_not_last' })
  })

  it('is left by breaking out, and goes on without its reader', async () => {
    const { client, hand, sessionId, url } = await startTalk({ transport })
    const reply = client.send(sessionId, 'Hi')
    const said = await hand.next()
    said.say('One ')
    for await (const { token } of reply) if (token) break
    await expect(reply.done).rejects.toMatchObject({ code: 'aborted', turnId: reply.turnId, partialText: 'One ' })
    said.say('two')
    said.finish()
    const again = client.follow(reply.turnId!, { after: reply.offset })
    expect(await again.done).toMatchObject({ full_text: 'One two', finish_reason: 'stop' })
    expect(await transcript(url, sessionId)).toEqual(['user complete: Hi', 'assistant complete: One two'])
  })

  it('is left by a signal, at any time, and nothing stays behind', async () => {
    const { client, hand, sessionId, url, network } = await startTalk({ transport })
    const leaving = new AbortController()
    const { signal } = leaving
    const listen = vi.spyOn(signal, 'addEventListener')
    const forget = vi.spyOn(signal, 'removeEventListener')
    const reply = client.send(sessionId, 'Hi', { signal })
    const said = await hand.next()
    await reply.started
    const reading = readAll(reply)
    leaving.abort()
    await expect(reading).rejects.toMatchObject({ code: 'aborted' })
    await expect(client.send(sessionId, 'Late', { signal }).done).rejects.toMatchObject({ code: 'aborted' })
    await expect(client.personas({ signal })).rejects.toMatchObject({ code: 'aborted' })
    await vi.waitFor(() => expect(forget.mock.calls.length).toBe(listen.mock.calls.length), { timeout: 10_000 })
    client.close()
    // Fetch keeps a connection that is done with for a while: this one was not.
    if (transport === 'websocket') await vi.waitFor(() => expect(network.open).toBeLessThan(2), { timeout: 10_000 })
    said.say('On and on')
    said.finish()
    await untilEnded(url, reply.turnId!)
    expect(await getTurn(url, reply.turnId!)).toMatchObject({ state: 'done', text: 'On and on' })
  })

  it('is read from an offset that was kept, from the beginning, and when all of it has been read', async () => {
    const { client, hand, sessionId, network } = await startTalk({ transport })
    const reply = client.send(sessionId, 'Hi')
    const said = await hand.next()
    said.say('One ')
    await untilSaid(reply[Symbol.asyncIterator](), reply, 'One ')
    const offset = reply.offset!
    said.say('two')
    said.finish()
    const done = await reply.done
    const other = openClient(network.url, { transport })
    const rest = other.follow(reply.turnId!, { after: offset })
    expect(toText(await readAll(rest))).toBe('two')
    expect(await rest.done).toEqual(done)
    expect(toText(await readAll(other.follow(reply.turnId!)))).toBe('One two')
    const none = other.follow(reply.turnId!, { after: reply.offset })
    const [, last] = await readAll(none)
    expect(last).toMatchObject({ done: true, full_text: 'One two', tokens: 2, finish_reason: 'stop' })
    // The turn's record has the time of its end to the millisecond, not that of its frame.
    expect(last).toEqual({ ...done, timestamp: expect.any(String) })
    await expect(other.follow(reply.turnId!, { after: 'nonsense' }).done).rejects.toMatchObject({
      code: 'invalid_request',
    })
  })

  it('is its text alone when its tokens are not kept any more', async () => {
    const clock = startClock()
    const { client, hand, sessionId, network } = await startTalk({ transport })
    const reply = client.send(sessionId, 'Hi')
    const said = await hand.next()
    said.say('Hello ', 'there')
    said.finish()
    const done = await reply.done
    const failed = client.send(sessionId, 'And?')
    const half = await hand.next()
    half.say('Half')
    await half.exchange.reset()
    await expect(failed.done).rejects.toMatchObject({ code: 'brain_unavailable' })
    clock.sleep(HOUR_MS + 60_000)
    const later = openClient(network.url, { transport })
    const frames = await readAll(later.follow(done.turn_id))
    expect(frames).toEqual([expect.objectContaining({ start: true, turn_id: done.turn_id }), done])
    await expect(later.follow(failed.turnId!).done).rejects.toMatchObject({
      code: 'brain_unavailable',
      retryable: true,
      turnId: failed.turnId,
      partialText: 'Half',
    })
  })

  it('goes by many on one client, each to its own', async () => {
    const { client, provider } = await startTalk({ transport })
    provider.script((exchange) => answers(400, '{}')(exchange))
    const replies = await Promise.all(
      Array.from({ length: 10 }, async () =>
        client.send((await client.start({ brain: 'config' })).session_id, 'Hello'),
      ),
    )
    const ends = await Promise.all(replies.map(({ done }) => done))
    expect(new Set(ends.map(({ turn_id }) => turn_id)).size).toBe(10)
    for (const [index, reply] of replies.entries()) expect(toText(await readAll(reply))).toBe(ends[index]!.full_text)
  })
})
