/** Signing in with an issuer's keys: which are taken, how new ones are found, and what happens while it is away. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Answer, call, startService } from '#test/helper.ts'
import { startServer } from '#test/process.ts'
import { bearer, type Issuer, type Key, makeKey, startIssuer, tokenBy } from '#test/identity/tokens.ts'

const first = makeKey('first')
const second = makeKey('second', 'ES256')
const MINUTE_MS = 60_000

afterEach(() => void vi.useRealTimers())

/** From now on the clock shows so much more; timers and sockets go on as they do. */
function pass(ms: number): void {
  const then = Date.now() + ms
  vi.useFakeTimers({ toFake: ['Date'], now: then })
}

async function start(keys: Key[] = [first], env: Record<string, string> = {}) {
  const issuer = await startIssuer(keys)
  const { url } = await startService({ JWKS_URL: issuer.url, ...env })
  const ask = (token: string): Promise<Answer> => call(`${url}/brains`, 'GET', undefined, bearer(token))
  return { issuer, url, ask }
}

const status = async (asked: Promise<Answer>) => (await asked).status

async function isAwayWith(mood: Issuer['mood']): Promise<Answer> {
  const { issuer, ask } = await start()
  issuer.mood = mood
  return ask(tokenBy(first, 'ann'))
}

describe('an issuer’s keys', () => {
  it('sign people in, RS256 and ES256 alike', async () => {
    const { url } = await start([first, second])
    for (const key of [first, second]) {
      const headers = bearer(tokenBy(key, `user of ${key.kid}`))
      const { body } = await call(`${url}/chat/start`, 'POST', {}, headers)
      expect(body.user_id).toBe(`user of ${key.kid}`)
    }
  })

  it('are asked for once, not with every request, and not before the first', async () => {
    const { issuer, ask } = await start([first, second])
    expect(issuer.asked).toBe(0)
    const asked = Array.from({ length: 20 }, () => status(ask(tokenBy(first, 'ann'))))
    expect(new Set(await Promise.all(asked))).toEqual(new Set([200]))
    expect(await status(ask(tokenBy(second, 'ann')))).toBe(200)
    expect(issuer.asked).toBe(1)
  })

  it('are not asked for because of what cannot be a token of theirs', async () => {
    const { issuer, ask } = await start()
    expect(await status(ask('a.b.c'))).toBe(401)
    expect(await status(ask(tokenBy({ ...first, alg: 'none' as never }, 'ann')))).toBe(401)
    expect(await status(ask(tokenBy({ ...first, alg: 'HS256' as never }, 'ann')))).toBe(401)
    expect(issuer.asked).toBe(0)
  })

  it('need no name while there is one of a kind', async () => {
    const { ask } = await start([first, second])
    expect(await status(ask(tokenBy(first, 'ann', {}, { kid: undefined })))).toBe(200)
  })

  it('are pinned to their algorithm: a key for one kind of signature is none for another', async () => {
    const { ask } = await start([first, second])
    expect(await status(ask(tokenBy({ ...first, kid: 'second' }, 'ann')))).toBe(401)
    expect(await status(ask(tokenBy({ ...second, alg: 'RS256' }, 'ann')))).toBe(401)
  })

  it('must be of the issuer and for the audience that are set', async () => {
    const { ask } = await start([first], { JWT_ISSUER: 'https://id.example.com/', JWT_AUDIENCE: 'chat' })
    const right = { iss: 'https://id.example.com/', aud: ['mail', 'chat'] }
    expect(await status(ask(tokenBy(first, 'ann', right)))).toBe(200)
    for (const wrong of [{ iss: 'https://id.example.com' }, { iss: undefined }, { aud: 'mail' }, { aud: undefined }]) {
      expect(await status(ask(tokenBy(first, 'ann', { ...right, ...wrong })))).toBe(401)
    }
  })
})

/** Returns what a service logs about its issuer at the start. */
async function warnings(env: Record<string, string>): Promise<string[]> {
  const server = await startServer({ JWKS_URL: 'http://127.0.0.1:1/keys.json', ...env })
  server.kill('SIGTERM')
  await server.exited
  return server
    .output()
    .split('\n')
    .filter((line) => line.includes('JWKS_URL'))
}

describe('an issuer who is not pinned', () => {
  it('is warned of once, by what is missing', async () => {
    const [both, ...more] = await warnings({})
    expect(both).toContain('JWT_ISSUER and JWT_AUDIENCE')
    expect(more).toEqual([])
    expect(await warnings({ JWT_ISSUER: 'https://id.example.com' })).toEqual([expect.stringContaining('JWT_AUDIENCE')])
    expect(await warnings({ JWT_ISSUER: 'https://id.example.com', JWT_AUDIENCE: 'chat' })).toEqual([])
  })
})

describe('a change of keys', () => {
  it('is found at once: the new key is taken, and the old one no more', async () => {
    const { issuer, ask } = await start([first])
    expect(await status(ask(tokenBy(first, 'ann')))).toBe(200)
    issuer.keys = [second]
    expect(await status(ask(tokenBy(second, 'ann')))).toBe(200)
    expect(await status(ask(tokenBy(first, 'ann')))).toBe(401)
  })

  it('is found after a while, also when nobody brings a token of a new key', async () => {
    const { issuer, ask } = await start([first])
    expect(await status(ask(tokenBy(first, 'ann')))).toBe(200)
    issuer.keys = [second]
    expect(await status(ask(tokenBy(first, 'ann')))).toBe(200)
    pass(11 * MINUTE_MS)
    await expect.poll(() => status(ask(tokenBy(first, 'ann')))).toBe(401)
  })

  it('is not looked for with every key that someone makes up', async () => {
    const { issuer, ask } = await start([first])
    expect(await status(ask(tokenBy(first, 'ann')))).toBe(200)
    for (let count = 0; count < 50; count++) {
      expect(await status(ask(tokenBy({ ...first, kid: `made up ${count}` }, 'ann')))).toBe(401)
    }
    expect(issuer.asked).toBeLessThanOrEqual(6)
    expect(await status(ask(tokenBy(first, 'ann')))).toBe(200)
    // It costs the next real change a minute at most.
    issuer.keys = [second]
    pass(MINUTE_MS)
    expect(await status(ask(tokenBy(second, 'ann')))).toBe(200)
  })
})

describe('an issuer that is away', () => {
  it.each(['failing', 'talking nonsense', 'silent'] as const)(
    'is not the user’s fault (%s): 503, try again',
    async (mood) => {
      expect(await isAwayWith(mood)).toMatchObject({
        status: 503,
        body: { code: 'store_unavailable', retryable: true, retry_after: 1 },
      })
    },
  )

  it('is known again when it is back', async () => {
    const { issuer, ask } = await start()
    issuer.mood = 'failing'
    expect(await status(ask(tokenBy(first, 'ann')))).toBe(503)
    issuer.mood = 'well'
    pass(1_000)
    expect(await status(ask(tokenBy(first, 'ann')))).toBe(200)
  })

  it('is left alone for a moment, however many ask', async () => {
    const { issuer, ask } = await start()
    issuer.mood = 'failing'
    pass(0)
    for (let count = 0; count < 20; count++) expect(await status(ask(tokenBy(first, 'ann')))).toBe(503)
    expect(issuer.asked).toBe(1)
  })

  it('does not lock those out whose key is known, for an hour', async () => {
    const { issuer, ask } = await start()
    expect(await status(ask(tokenBy(first, 'ann')))).toBe(200)
    issuer.mood = 'failing'
    pass(50 * MINUTE_MS)
    expect(await status(ask(tokenBy(first, 'ann')))).toBe(200)
    expect(await status(ask(tokenBy(second, 'ann')))).toBe(503)
    pass(11 * MINUTE_MS)
    expect(await status(ask(tokenBy(first, 'ann', { exp: Date.now() / 1000 + 60 })))).toBe(503)
  })
})
