/** The text is exact however the provider's bytes are cut, and whole only when the provider said so. */
import { describe, expect, it } from 'vitest'
import { ChatError } from '#src/chat/errors.ts'
import { cutEvery, cutEverywhere, sends, type Ending } from '#test/provider/scripts.ts'
import { forEachIndex, never, read, setUp, toRequest, type BrainSubject } from './subject.ts'

const DELTAS = ['👩‍👩‍👧‍👦 é', '日本', '\r\n\r\ndata: [DONE]\n\n', '\r', '\n', 'data:', '"\\u2028\u2028\u0000', ' 🇺🇳.']

/** In each reply, so that a quarter of the replies is enough. */
const CUTS = 4

export function describeBrainText(subject: BrainSubject): void {
  const { dialect, name, step = 1 } = subject
  const cuts = (length: number, every = step) => Math.ceil(length / every)
  const whole = dialect.encode({ deltas: DELTAS })
  const body = Buffer.from(whole.frames.join(''))
  const toMessage = (request: { body: unknown; path: string }) =>
    Number(dialect.toAsked(request.body, request.path).messages.at(-1)?.content)

  describe(`${name}: text`, () => {
    it('is exact with the body cut at every byte', async () => {
      const { brain, provider } = await setUp(subject)
      const every = Math.ceil(body.length / CUTS)
      provider.script((exchange) =>
        sends(cutEvery(body, toMessage(exchange.request), every), { apart: true })(exchange),
      )
      let apart = 0
      await forEachIndex(cuts(every), async (index) => {
        const offset = index * step
        const { text, error, chunks } = await read(brain, toRequest(String(offset)), never())
        expect({ offset, text, error }).toEqual({ offset, text: DELTAS.join(''), error: undefined })
        apart += chunks.length - 1
      })
      // Each cut but the first (at 0) and those in what needs no more reading must have been seen by the brain.
      expect(apart).toBeGreaterThan(cuts(body.length) * 0.8)
    })

    it('is exact byte by byte', async () => {
      const { brain, provider } = await setUp(subject)
      provider.script(sends(cutEverywhere(body), { apart: true }))
      const { text, usage, chunks } = await read(brain, toRequest(), never())
      expect(text).toBe(DELTAS.join(''))
      expect(usage).toEqual({ inputTokens: 7, outputTokens: 3 })
      expect(chunks.length).toBeGreaterThan(body.length * 0.8)
    })

    it('is exact with CRLF between the lines, cut at every byte', async () => {
      const { brain, provider } = await setUp(subject)
      const crlf = Buffer.from(whole.frames.map((frame) => frame.replaceAll('\n', '\r\n')).join(''))
      const every = Math.ceil(crlf.length / CUTS)
      provider.script((exchange) =>
        sends(cutEvery(crlf, toMessage(exchange.request), every), { apart: true })(exchange),
      )
      await forEachIndex(cuts(every), async (index) => {
        const offset = index * step
        const { text, error } = await read(brain, toRequest(String(offset)), never())
        expect({ offset, text, error }).toEqual({ offset, text: DELTAS.join(''), error: undefined })
      })
    })

    it('survives a frame of 5 MB', async () => {
      const { brain, provider } = await setUp(subject)
      const long = 'long 日本 '.repeat(500_000)
      provider.script(sends(dialect.encode({ deltas: ['a', long, 'b'] }).frames))
      const { text, error } = await read(brain, toRequest(), never())
      expect(error).toBeUndefined()
      expect(text === `a${long}b`).toBe(true)
    })

    it('is not touched by keep-alives, unknown events and unknown fields', async () => {
      const { brain, provider } = await setUp(subject)
      const { frames, terminal } = dialect.encode({ deltas: ['a', 'b'] })
      const noisy = frames.flatMap((frame, index) => (index <= terminal ? [...dialect.noise, frame] : [frame]))
      provider.script(sends(noisy))
      const { text, error, finish } = await read(brain, toRequest(), never())
      expect({ text, error, reason: finish?.reason }).toEqual({ text: 'ab', error: undefined, reason: 'stop' })
    })

    it('shows life while the provider says nothing', async () => {
      const { brain, provider } = await setUp(subject)
      provider.script(sends([dialect.noise[0]!, ...dialect.encode({ deltas: ['a'] }).frames], { apart: true }))
      const { chunks } = await read(brain, toRequest(), never())
      expect(chunks[0]).toEqual([])
    })
  })

  describe(`${name}: the terminal marker`, () => {
    const before = Buffer.byteLength(whole.frames.slice(0, whole.terminal).join(''))
    // Each that is closed costs a connection: at every fifth byte, then.
    const cases: [string, Ending, string, number][] = [
      ['ends well', 'end', 'brain_bad_response', step],
      ['is closed by FIN', 'fin', 'brain_unavailable', Math.max(step, 5)],
      ['is closed by RST', 'reset', 'brain_unavailable', Math.max(step, 5)],
    ]

    it.each(cases)('is required when the body %s at any byte', async (_, ending, code, every) => {
      const { brain, provider } = await setUp(subject)
      provider.script((exchange) => sends([body.subarray(0, toMessage(exchange.request))], { ending })(exchange))
      let failed = 0
      await forEachIndex(cuts(body.length, every) + 1, async (index) => {
        const offset = Math.min(index * every, body.length)
        const { text, error, finish } = await read(brain, toRequest(String(offset)), never())
        if (error === undefined) {
          expect({ offset, text, reason: finish?.reason }).toEqual({ offset, text: DELTAS.join(''), reason: 'stop' })
          expect(offset).toBeGreaterThan(before)
          return
        }
        failed++
        expect(error).toBeInstanceOf(ChatError)
        expect((error as ChatError).code).toBe(code)
        expect(finish).toBeUndefined()
        expect(DELTAS.join('').startsWith(text)).toBe(true)
      })
      expect(failed).toBeGreaterThan(cuts(before, every))
      expect(failed).toBeLessThanOrEqual(cuts(body.length, every))
    })

    it.each(dialect.reasons ?? (['stop', 'length', 'content_filter'] as const))(
      'tells the reason %s',
      async (reason) => {
        const { brain, provider } = await setUp(subject)
        provider.script(sends(dialect.encode({ deltas: ['a'], finish: reason }).frames))
        const { finish, error } = await read(brain, toRequest(), never())
        expect(error).toBeUndefined()
        expect(finish?.reason).toBe(reason)
      },
    )

    it('ends the reply though the connection stays open', async () => {
      const { brain, provider } = await setUp(subject)
      provider.script(sends(whole.frames, { ending: 'stall' }))
      const { text, finish, usage } = await read(brain, toRequest(), never())
      expect({ text, reason: finish?.reason }).toEqual({ text: DELTAS.join(''), reason: 'stop' })
      expect(usage).toEqual({ inputTokens: 7, outputTokens: 3 })
    })
  })

  describe(`${name}: usage`, () => {
    it('is what the provider counted', async () => {
      const { brain, provider } = await setUp(subject)
      provider.script(sends(dialect.encode({ deltas: ['a'], usage: { inputTokens: 1234, outputTokens: 0 } }).frames))
      const { usage } = await read(brain, toRequest(), never())
      expect(usage).toEqual({ inputTokens: 1234, outputTokens: 0 })
    })

    it('is unknown when the provider does not count', async () => {
      const { brain, provider } = await setUp(subject)
      provider.script(sends(dialect.encode({ deltas: ['a'], usage: null }).frames))
      const { usage, error } = await read(brain, toRequest(), never())
      expect(error).toBeUndefined()
      expect(usage).toEqual({ inputTokens: null, outputTokens: null })
    })
  })
}
