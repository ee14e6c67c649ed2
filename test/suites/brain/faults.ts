/** Each way in which a provider fails has its code, is told once, and is not tried again. */
import { describe, expect, it } from 'vitest'
import { ChatError } from '#src/chat/errors.ts'
import { REFUSING_URL, type Script } from '#test/provider/provider.ts'
import { answers, answersPage, hangsUp, sends } from '#test/provider/scripts.ts'
import { never, read, setUp, toRequest, type BrainSubject } from './subject.ts'

interface Expected {
  code: string
  retryable: boolean
  retryAfter?: number
  text?: string
}

const REJECTED = { code: 'brain_rejected', retryable: false }
const LIMITED = { code: 'brain_rate_limited', retryable: true }
const AWAY = { code: 'brain_unavailable', retryable: true }
const BAD = { code: 'brain_bad_response', retryable: true }

export function describeBrainFaults(subject: BrainSubject): void {
  const { dialect, name } = subject
  const refuses = (status: number, headers?: Record<string, string>) =>
    answers(status, dialect.encodeError(status), headers)
  const some = dialect.encode({ deltas: ['a', 'b'], finish: null }).frames

  const faults: [string, Script, Expected][] = [
    ['400', refuses(400), REJECTED],
    ['401', refuses(401), REJECTED],
    ['403', refuses(403), REJECTED],
    ['404', refuses(404), REJECTED],
    ['422', refuses(422), REJECTED],
    ['408', refuses(408), { code: 'brain_timeout', retryable: true }],
    ['429', refuses(429), LIMITED],
    ['429 with Retry-After in seconds', refuses(429, { 'retry-after': '17' }), { ...LIMITED, retryAfter: 17 }],
    ['429 with retry-after-ms', refuses(429, { 'retry-after-ms': '250' }), { ...LIMITED, retryAfter: 0.25 }],
    [
      '429 with Retry-After of the past',
      refuses(429, { 'retry-after': new Date(0).toUTCString() }),
      { ...LIMITED, retryAfter: 0 },
    ],
    ['429 with Retry-After that says nothing', refuses(429, { 'retry-after': 'soon' }), LIMITED],
    ['500', refuses(500), AWAY],
    ['502 with a page', answers(502, '<html>Bad gateway</html>', { 'content-type': 'text/html' }), AWAY],
    ['503 with Retry-After', refuses(503, { 'retry-after': '3' }), { ...AWAY, retryAfter: 3 }],
    ['529', refuses(529), AWAY],
    ['a redirect', answers(307, '', { location: 'http://127.0.0.1:1/' }), BAD],
    ['HTML with 200', answersPage(), BAD],
    ['an empty body', answers(200, ''), BAD],
    ['JSON with 200', answers(200, dialect.encodeError(500)), BAD],
    ['FIN before the headers', hangsUp('fin'), AWAY],
    ['RST before the headers', hangsUp('reset'), AWAY],
    ['half JSON', sends([...some, dialect.halfFrame], { ending: 'stall' }), { ...BAD, text: 'ab' }],
    ['an error frame', sends([...some, dialect.errorFrame], { ending: 'stall' }), { ...AWAY, text: 'ab' }],
    ['FIN in the middle', sends(some, { ending: 'fin' }), { ...AWAY, text: 'ab' }],
    ['RST in the middle', sends(some, { ending: 'reset' }), { ...AWAY, text: 'ab' }],
    ['no terminal marker', sends(some), { ...BAD, text: 'ab' }],
  ]

  describe(`${name}: faults`, () => {
    it.each(faults)('%s', async (_, script, expected) => {
      const { brain, provider } = await setUp(subject)
      provider.script(script)
      const { error, text } = await read(brain, toRequest(), never())
      expect(error).toBeInstanceOf(ChatError)
      const { code, retryable, retryAfter } = error as ChatError
      const { text: said = '', ...facts } = expected
      expect({ code, retryable, retryAfter, text }).toEqual({ retryAfter: undefined, ...facts, text: said })
      expect(provider.requests).toHaveLength(1)
    })

    it('429 with Retry-After as a date', async () => {
      const { brain, provider } = await setUp(subject)
      const inTwoMinutes = new Date(Date.now() + 120_000).toUTCString()
      provider.script(refuses(429, { 'retry-after': inTwoMinutes }))
      const { error } = await read(brain, toRequest(), never())
      expect((error as ChatError).retryAfter).toBeGreaterThan(60)
      expect((error as ChatError).retryAfter).toBeLessThanOrEqual(120)
    })

    it('nobody listening', async () => {
      const { error } = await read(subject.makeBrain(REFUSING_URL + dialect.basePath), toRequest(), never())
      expect(error).toMatchObject({ ...AWAY, cause: { code: 'ECONNREFUSED' } })
    })

    it('an endless line', async () => {
      const { brain, provider } = await setUp(subject)
      const piece = Buffer.alloc(1 << 20, 'a')
      let sent = 0
      provider.script(async (exchange) => {
        exchange.write('data: "')
        for (; !exchange.signal.aborted; sent++) {
          exchange.write(piece)
          await exchange.flushed()
        }
      })
      const { error } = await read(brain, toRequest(), never())
      expect(error).toMatchObject(BAD)
      expect(sent).toBeLessThan(64)
      await provider.requests[0]!.closed
    })

    it('keeps the provider’s words, the key and the prompt to itself', async () => {
      const { brain, provider } = await setUp(subject)
      const secret = 'sk-SECRET said PROMPT'
      for (const status of [400, 401, 404, 429, 500]) {
        provider.script(answers(status, JSON.stringify({ error: { message: secret, type: secret, code: secret } })))
        const { error } = await read(brain, toRequest('PROMPT'), never())
        expect(error).toBeInstanceOf(ChatError)
        const { message, cause, stack, details } = error as ChatError
        const seen = [message, String(cause), JSON.stringify(cause), stack, JSON.stringify(details)].join('\n')
        expect(seen).not.toMatch(/SECRET|PROMPT/)
      }
    })

    it('is well again after each of them', async () => {
      const { brain, provider } = await setUp(subject)
      const good = sends(dialect.encode({ deltas: ['fine'] }).frames)
      for (const [, script] of faults) {
        provider.script(script)
        await read(brain, toRequest(), never())
        provider.script(good)
        expect(await read(brain, toRequest(), never())).toMatchObject({ text: 'fine', error: undefined })
      }
    })
  })

  describe(`${name}: check`, () => {
    const unwell: [string, Script, Partial<Expected>][] = [
      ['a refused key', refuses(401), REJECTED],
      ['a failing provider', refuses(503), AWAY],
      ['a page', answersPage(), BAD],
      ['a connection that breaks', hangsUp('reset'), AWAY],
    ]
    it.each(unwell)('says that it is not well: %s', async (_, script, expected) => {
      const { brain, provider } = await setUp(subject)
      provider.scriptCheck(script)
      await expect(brain.check(never())).rejects.toMatchObject({ name: 'ChatError', ...expected })
      expect(provider.requests).toHaveLength(1)
    })

    it('ends with its signal', async () => {
      const { brain, provider } = await setUp(subject)
      provider.scriptCheck(() => {})
      const stop = new AbortController()
      const checked = brain.check(stop.signal)
      const refused = expect(checked).rejects.toThrow('enough')
      const { closed } = await provider.nextRequest()
      stop.abort(new Error('enough'))
      await refused
      await closed
    })
  })
}
