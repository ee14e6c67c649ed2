/** The contract of a transport: what a client sees of a turn, whatever it came by. */
import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { byHand } from '#test/provider/by-hand.ts'
import { says } from '#test/provider/openai.ts'
import { answers } from '#test/provider/scripts.ts'
import { call, type Frame, type Json, startSession, startWithProvider, toText } from '#test/helper.ts'
import { Refusal, type Transport } from '#test/transports/clients.ts'

/** The environment that gives a service the store that is meant. */
export type StoreEnv = () => Promise<Record<string, string>>

const HARD_TEXT = ['Grüße, ', '你好 ', '👩‍👩‍👧 ', 'data: x\n\n', '\r\n', '"\\', '\u2028 ', 'end']

/** @param other a transport that turns are begun on, to be finished on `transport` */
export function describeTransport(transport: Transport, other: Transport, storeEnv: StoreEnv): void {
  const start = async (script = says(HARD_TEXT)) => {
    const { url, app, provider } = await startWithProvider(script, await storeEnv())
    return { url, app, provider, line: await transport.connect(url), session_id: await startSession(url) }
  }

  /** A turn in the middle of its reply. */
  const startSpeaking = async (more: Json = {}) => {
    const hand = byHand()
    const { url, app, line, session_id } = await start(hand.script)
    const reading = await line.send({ session_id, message: 'Count', ...more })
    const reply = await hand.next()
    reply.say('One, ', 'two, ')
    const head = await reading.take(2)
    return { url, app, line, session_id, reading, reply, head, hand }
  }

  describe(`${transport.name}, reading`, () => {
    it('gives every token once and in order, then the stored end', async () => {
      const { url, line, session_id } = await start()
      const reading = await line.send({ session_id, message: 'Hello' })
      const frames = await reading.rest()
      expect(reading.sessionId).toBe(session_id)
      expect(toText(frames)).toBe(HARD_TEXT.join(''))
      expect(counts(frames)).toEqual(HARD_TEXT.map((_, index) => index + 1))
      expect(frames.at(-1)?.data).toMatchObject({
        done: true,
        session_id,
        turn_id: reading.turnId,
        full_text: HARD_TEXT.join(''),
        tokens: HARD_TEXT.length,
        finish_reason: 'stop',
      })
      const offsets = frames.map(({ id }) => id!)
      expect(offsets).toEqual(offsets.toSorted())
      expect(new Set(offsets).size).toBe(offsets.length)
      const { body } = await call(`${url}/chat/turns/${reading.turnId}`)
      expect(body).toMatchObject({ state: 'done', text: HARD_TEXT.join(''), offset: offsets.at(-1) })
    })

    it('resumes from any offset and any count', async () => {
      const { url, line, session_id } = await start()
      const first = await line.send({ session_id, message: 'Hello' })
      const frames = await first.rest()
      for (const [index, { id }] of frames.slice(0, -1).entries()) {
        const again = await transport.connect(url)
        expect(await (await again.follow(first.turnId, { after: id! })).rest()).toEqual(frames.slice(index + 1))
        const counted = await again.follow(first.turnId, { after_count: index + 1 })
        expect(await counted.rest()).toEqual(frames.slice(index + 1))
      }
      expect(await (await line.follow(first.turnId, { after_count: 0 })).rest()).toEqual(frames)
      expect(await (await line.follow(first.turnId)).rest()).toEqual(frames)
    })

    it('goes on live after what it replays', async () => {
      const { url, reading, reply, head } = await startSpeaking()
      const late = await (await transport.connect(url)).follow(reading.turnId, { after: head[0]!.id! })
      expect(await late.take(1)).toEqual(head.slice(1))
      reply.say('three.')
      reply.finish()
      const rest = await reading.rest()
      expect(await late.rest()).toEqual(rest)
      expect(toText([...head, ...rest])).toBe('One, two, three.')
    })

    it('refuses an offset that is malformed, another turn’s, or one that the turn never had', async () => {
      const { line, session_id } = await start()
      const first = await line.send({ session_id, message: 'Hello' })
      const last = (await first.rest()).at(-1)!.id!
      const second = await line.send({ session_id, message: 'Again' })
      await second.rest()
      for (const after of ['x', last, `${second.turnId}.1-99999999`]) {
        expect(await refusal(line.follow(second.turnId, { after }))).toMatchObject({ code: 'invalid_request' })
      }
      expect(await refusal(line.follow('nothing'))).toMatchObject({ code: 'turn_not_found' })
    })

    it('serves two readers of one turn, and one that began elsewhere', async () => {
      const { url, session_id, reading, reply, head } = await startSpeaking()
      const same = await (await transport.connect(url)).follow(reading.turnId)
      const foreign = await (await other.connect(url)).follow(reading.turnId)
      reply.say('three.')
      reply.finish()
      const all = [...head, ...(await reading.rest())]
      expect(await same.rest()).toEqual(all)
      expect(toPlain(await foreign.rest())).toEqual(toPlain(all))

      const begun = await (await other.connect(url)).send({ session_id, message: 'Again', if_busy: 'stop' })
      const finished = await (await transport.connect(url)).follow(begun.turnId)
      await (await transport.connect(url)).stop(begun.turnId)
      expect((await finished.rest()).at(-1)?.data).toMatchObject({ finish_reason: 'stopped' })
    })

    it('runs several turns of several sessions at the same time', async () => {
      const { url, line, session_id, reading, reply, hand, head } = await startSpeaking()
      const another = await startSession(url)
      const second = await line.send({ session_id: another, message: 'Count' })
      const secondReply = await hand.next()
      secondReply.say('Eins, ')
      expect(toText(await second.take(1))).toBe('Eins, ')
      reply.say('three.')
      secondReply.say('zwei.')
      reply.finish()
      secondReply.finish()
      expect(toText([...head, ...(await reading.rest())])).toBe('One, two, three.')
      const end = (await second.rest()).at(-1)?.data
      expect(end).toMatchObject({ full_text: 'Eins, zwei.', session_id: another, turn_id: second.turnId })
      expect(session_id).not.toBe(another)
    })

    it.runIf(transport.canPause)(
      'is followed by cursor when it is slow: little waits, and nothing is lost',
      async () => {
        const deltas = Array.from({ length: 8_000 }, (_, index) => `${index} `.padEnd(1_000, '.'))
        const { url, app, session_id } = await start(says(deltas))
        const sockets = new Set<Socket>()
        app.server.on('connection', (socket: Socket) => sockets.add(socket))
        const slow = await transport.connect(url)
        const reading = await slow.send({ session_id, message: 'Hello' })
        slow.pause()
        // A reader that is not slow shows when the turn has ended.
        const fast = await (await other.connect(url)).follow(reading.turnId)
        await fast.rest()
        expect(countWaiting(app, sockets)).toBeLessThan(200_000)
        slow.resume()
        const frames = await reading.rest()
        expect(toText(frames) === deltas.join('')).toBe(true)
        expect(counts(frames).every((count, index) => count === index + 1)).toBe(true)
      },
    )
  })

  describe(`${transport.name}, ends`, () => {
    it('leaves the turn running when its reader vanishes', async () => {
      const { url, app, line, reading, reply, head } = await startSpeaking()
      await untilGone(app, () => line.vanish())
      reply.say('three.')
      reply.finish()
      const late = await (await transport.connect(url)).follow(reading.turnId, { after: head[1]!.id! })
      const rest = await late.rest()
      expect(toText(rest)).toBe('three.')
      expect(rest.at(-1)?.data).toMatchObject({ full_text: 'One, two, three.', finish_reason: 'stop' })
    })

    it('ends the turn with its last reader where it is to', async () => {
      const { url, line, reading, reply } = await startSpeaking({ on_disconnect: 'stop' })
      line.vanish()
      await reply.request.closed
      await expect
        .poll(async () => (await call(`${url}/chat/turns/${reading.turnId}`)).body)
        .toMatchObject({ state: 'stopped', text: 'One, two, ' })
    })

    it('stops', async () => {
      const { line, reading, reply } = await startSpeaking()
      await line.stop(reading.turnId)
      const end = (await reading.rest()).at(-1)?.data
      expect(end).toMatchObject({ done: true, finish_reason: 'stopped', full_text: 'One, two, ' })
      await reply.request.closed
    })

    it('says a provider’s failure in the turn’s last frame', async () => {
      const { reading, reply, head } = await startSpeaking()
      await reply.exchange.reset()
      const frames = await reading.rest()
      expect(frames).toHaveLength(1)
      expect(frames[0]!.data).toMatchObject({
        code: expect.stringMatching(/^brain_/),
        retryable: true,
        turn_id: reading.turnId,
        partial_text: 'One, two, ',
      })
      expect(frames[0]!.id! > head[1]!.id!).toBe(true)
    })

    it('says so when the provider refuses at once', async () => {
      const { line, session_id } = await start(answers(401, '{"error":{"message":"No."}}'))
      const reading = await line.send({ session_id, message: 'Hello' })
      expect((await reading.rest()).at(-1)?.data).toMatchObject({ code: 'brain_rejected', partial_text: '' })
    })

    it('sends the reader away when the session is deleted', async () => {
      const { url, session_id, reading } = await startSpeaking()
      await call(`${url}/chat/sessions/${session_id}`, 'DELETE')
      const [frame, ...more] = await reading.rest()
      expect(frame).toMatchObject({ id: null, data: { code: 'session_not_found', partial_text: 'One, two, ' } })
      expect(more).toEqual([])
    })
  })

  describe(`${transport.name}, sending`, () => {
    it('refuses while the session is busy, with the running turn’s id', async () => {
      const { line, session_id, reading } = await startSpeaking()
      const refused = await refusal(line.send({ session_id, message: 'And?' }))
      expect(refused).toMatchObject({ code: 'turn_in_progress', retryable: true, turn_id: reading.turnId })
    })

    it('refuses what is not right, and goes on', async () => {
      const { line, session_id } = await start()
      const refusals: [Json, string][] = [
        [{ session_id, message: '' }, 'invalid_request'],
        [{ session_id, message: 7 }, 'invalid_request'],
        [{ session_id }, 'invalid_request'],
        [{ session_id, message: '\ud800' }, 'invalid_request'],
        [{ session_id, message: 'a\0b' }, 'invalid_request'],
        [{ session_id, message: 'a'.repeat(10_001) }, 'message_too_long'],
        [{ session_id: 'nobody', message: 'Hello' }, 'session_not_found'],
        [{ session_id: '__proto__', message: 'Hello' }, 'session_not_found'],
        [{ session_id, message: 'Hello', persona: 'constructor' }, 'persona_unknown'],
        [{ session_id, message: 'Hello', brain: '__proto__' }, 'brain_unknown'],
      ]
      for (const [data, code] of refusals) expect(await refusal(line.send(data))).toMatchObject({ code })
      expect(toText(await (await line.send({ session_id, message: 'Hello' })).rest())).toBe(HARD_TEXT.join(''))
    })

    it('joins the turn that the same message made before', async () => {
      const { line, session_id, provider } = await start()
      const data = { session_id, message: 'Hello', client_message_id: 'one' }
      const first = await line.send(data)
      const frames = await first.rest()
      const again = await line.send(data)
      expect(again.turnId).toBe(first.turnId)
      expect(await again.rest()).toEqual(frames)
      expect(provider.requests).toHaveLength(1)
      const refused = await refusal(line.send({ ...data, message: 'Else' }))
      expect(refused).toMatchObject({ code: 'message_id_reused' })
    })
  })
}

function counts(frames: Frame[]): number[] {
  return frames.flatMap(({ data }) => (typeof data.count === 'number' ? [data.count] : []))
}

/** What all transports have in common: sockets name the session and the turn in every frame, and have their extras. */
function toPlain(frames: Frame[]) {
  return frames.map(({ id, data }) => ({ id, token: data.token, done: data.done, full_text: data.full_text }))
}

async function refusal(refused: Promise<unknown>): Promise<Json> {
  const error: unknown = await refused.then(
    () => new Error('It was not refused'),
    (reason: unknown) => reason,
  )
  if (error instanceof Refusal) return error.frame
  throw error
}

/** How much waits in the service for its clients. */
function countWaiting(app: FastifyInstance, sockets: Iterable<Socket>): number {
  const queues = toClients(app).flatMap(({ writeBuffer }) => writeBuffer.map(({ data }) => data?.length ?? 0))
  const buffers = [...sockets].map(({ writableLength }) => writableLength)
  return [...queues, ...buffers].reduce((sum, length) => sum + length, 0)
}

/** Resolves when the service has seen a client go. */
async function untilGone(app: FastifyInstance, leave: () => void): Promise<void> {
  const count = async () => toClients(app).length + (await promisify(app.server.getConnections.bind(app.server))())
  const before = await count()
  leave()
  await expect.poll(count, { interval: 5 }).toBeLessThan(before)
}

function toClients(app: FastifyInstance) {
  return Object.values((app.io.engine as unknown as Engine).clients)
}

interface Engine {
  clients: Record<string, { writeBuffer: { data?: string }[] }>
}
