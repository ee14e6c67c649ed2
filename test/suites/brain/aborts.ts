/** Whoever aborts closes the provider's connection at once. */
import { performance } from 'node:perf_hooks'
import { describe, expect, it } from 'vitest'
import type { Script } from '#test/provider/provider.ts'
import { isSilent, sends } from '#test/provider/scripts.ts'
import { never, read, setUp, toRequest, type BrainSubject } from './subject.ts'

/** A stop closes the provider's connection within 1 s, wherever it comes from; the brain's own share of that. */
const CLOSED_WITHIN_MS = 500

export function describeBrainAborts(subject: BrainSubject): void {
  const { dialect, name } = subject
  const { frames, terminal } = dialect.encode({ deltas: ['a', 'b', 'c'] })
  const half = Buffer.from(frames.join('')).subarray(0, Buffer.byteLength(frames.slice(0, terminal).join('')) - 20)

  const phases: [string, Script, string][] = [
    ['before the headers', isSilent(), ''],
    ['after the headers, before the first byte', sends([], { ending: 'stall' }), ''],
    ['before the first token', sends([dialect.noise[0]!], { ending: 'stall' }), ''],
    ['in a stall between two tokens', sends(frames.slice(0, terminal - 1), { ending: 'stall' }), 'ab'],
    ['in the middle of a token', sends([half], { ending: 'stall' }), 'ab'],
  ]

  describe(`${name}: abort`, () => {
    it.each(phases)('%s', async (_, script, said) => {
      const { brain, provider } = await setUp(subject)
      // The script's end is the sign that its bytes have been seen.
      const sent = Promise.withResolvers<void>()
      provider.script(async (exchange) => {
        await script(exchange)
        await exchange.flushed()
        sent.resolve()
      })
      const stop = new AbortController()
      const reason = { why: 'any value may be a reason' }
      const reading = read(brain, toRequest(), stop.signal)
      const { closed } = await provider.nextRequest()
      await sent.promise
      expect(provider.connections).toBe(1)

      const start = performance.now()
      stop.abort(reason)
      const { error, text } = await reading
      await closed
      expect(performance.now() - start).toBeLessThan(CLOSED_WITHIN_MS)
      expect(error).toBe(reason)
      expect(text).toBe(said)
      expect(provider.requests).toHaveLength(1)
    })

    it('from within what hears it', async () => {
      const { brain, provider } = await setUp(subject)
      provider.script(sends(frames.slice(0, terminal), { ending: 'stall' }))
      const stop = new AbortController()
      const reading = read(brain, toRequest(), stop.signal, (parts) => {
        if (parts.length > 0) stop.abort(new Error('stopped'))
      })
      const { closed } = await provider.nextRequest()
      await closed
      expect((await reading).error).toBe(stop.signal.reason)
    })

    it('before it is asked: no request is made', async () => {
      const { brain, provider } = await setUp(subject)
      await read(brain, toRequest(), AbortSignal.abort())
      await brain.check(AbortSignal.abort(new Error('stopped'))).catch(() => {})
      expect(provider.requests).toHaveLength(0)
    })

    it('leaves the next reply alone', async () => {
      const { brain, provider } = await setUp(subject)
      provider.script(sends(frames.slice(0, terminal), { ending: 'stall' }))
      const stop = new AbortController()
      const reading = read(brain, toRequest(), stop.signal)
      await provider.nextRequest()
      stop.abort()
      await reading
      provider.script(sends(frames))
      expect(await read(brain, toRequest(), never())).toMatchObject({ text: 'abc', error: undefined })
    })
  })

  describe(`${name}: a reply that fails`, () => {
    it.each([
      ['an error frame', dialect.errorFrame],
      ['half JSON', dialect.halfFrame],
    ])('closes the connection: %s', async (_, frame) => {
      const { brain, provider } = await setUp(subject)
      provider.script(sends([frame], { ending: 'stall' }))
      await read(brain, toRequest(), never())
      const start = performance.now()
      await provider.requests[0]!.closed
      expect(performance.now() - start).toBeLessThan(CLOSED_WITHIN_MS)
    })
  })
}
