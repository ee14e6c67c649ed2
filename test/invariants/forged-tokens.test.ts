/** Forged tokens: whatever is wrong with one, it is refused, on every transport and in the same bytes. */
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { call, type Json, startService } from '#test/helper.ts'
import {
  bearer,
  forge,
  hs256,
  inAnHour,
  makeKey,
  SECRET,
  type Signer,
  startIssuer,
  tokenFor,
} from '#test/identity/tokens.ts'
import { openSocketIo } from '#test/transports/clients.ts'

const PINS = { JWT_ISSUER: 'https://id.example.com', JWT_AUDIENCE: 'chat' }
/** Signs with what is no secret. */
const asSecret =
  (key: string | Buffer): Signer =>
  (input) =>
    createHmac('sha256', key).update(input).digest()

const nothing: Signer = () => Buffer.alloc(0)

const claims = (more: Json = {}): Json => ({
  sub: 'ann',
  iss: PINS.JWT_ISSUER,
  aud: PINS.JWT_AUDIENCE,
  exp: inAnHour(),
  ...more,
})

/** What is wrong whoever signs: the claims, under a signature that is right. */
const WRONG_CLAIMS: [string, unknown][] = [
  ['no exp', claims({ exp: undefined })],
  ['exp null', claims({ exp: null })],
  ['exp a text', claims({ exp: String(inAnHour()) })],
  ['exp an array', claims({ exp: [inAnHour()] })],
  ['exp past', claims({ exp: Math.floor(Date.now() / 1000) - 31 })],
  ['exp zero', claims({ exp: 0 })],
  ['exp below zero', claims({ exp: -1 })],
  ['nbf in the future', claims({ nbf: inAnHour() })],
  ['nbf two minutes ahead', claims({ nbf: Math.ceil(Date.now() / 1000) + 120 })],
  ['nbf a text', claims({ nbf: '0' })],
  ['no sub', claims({ sub: undefined })],
  ['sub null', claims({ sub: null })],
  ['sub a number', claims({ sub: 7 })],
  ['sub empty', claims({ sub: '' })],
  ['sub an array', claims({ sub: ['ann'] })],
  ['sub an object', claims({ sub: { toString: 'ann' } })],
  ['sub too long', claims({ sub: 'x'.repeat(257) })],
  ['sub with NUL', claims({ sub: 'ann\0' })],
  ['sub with a line end', claims({ sub: 'ann\r\nx' })],
  ['sub with half a surrogate pair', claims({ sub: 'ann\ud800' })],
  ['no iss', claims({ iss: undefined })],
  ['another iss', claims({ iss: 'https://id.example.com.evil.com' })],
  ['iss an array', claims({ iss: [PINS.JWT_ISSUER] })],
  ['no aud', claims({ aud: undefined })],
  ['another aud', claims({ aud: 'mail' })],
  ['aud of others', claims({ aud: ['mail', 'chat2'] })],
  ['aud an object', claims({ aud: { chat: true } })],
  ['claims in an array', [claims()]],
  ['claims that are a text', 'ann'],
  ['claims that are a number', 7],
  ['claims that are null', null],
]

/** What is wrong with a header or a form, where a secret signs. */
const FORGED: [string, string][] = [
  ['alg none', forge({ alg: 'none' }, claims(), nothing)],
  ['alg None', forge({ alg: 'None' }, claims(), nothing)],
  ['alg none, signed', forge({ alg: 'none' }, claims(), hs256(SECRET))],
  ['no alg', forge({}, claims(), hs256(SECRET))],
  ['alg an array', forge({ alg: ['HS256'] }, claims(), hs256(SECRET))],
  ['alg of the prototype', forge({ alg: 'constructor' }, claims(), hs256(SECRET))],
  ['HS512', forge({ alg: 'HS512' }, claims(), (input) => createHmac('sha512', SECRET).update(input).digest())],
  ['no signature', forge({ alg: 'HS256' }, claims(), nothing)],
  ['an empty secret', forge({ alg: 'HS256' }, claims(), hs256(''))],
  ['another secret', forge({ alg: 'HS256' }, claims(), hs256('another secret that is long enough'))],
  ['half a signature', forge({ alg: 'HS256' }, claims(), (input) => hs256(SECRET)(input).subarray(0, 16))],
  ['a key of its own', forge({ alg: 'HS256', jwk: { kty: 'oct', k: 'eA' } }, claims(), hs256('x'))],
  ['an extension that must be known', forge({ alg: 'HS256', crit: ['x'], x: 1 }, claims(), hs256(SECRET))],
  ['a payload that is not encoded', forge({ alg: 'HS256', crit: ['b64'], b64: false }, claims(), hs256(SECRET))],
  ['another payload', swapPayload(tokenFor('bob', claims()), claims({ sub: 'ann' }))],
  ['four parts', `${tokenFor('ann', claims())}.x`],
  ['two parts', tokenFor('ann', claims()).split('.').slice(0, 2).join('.')],
  ['a header that is no object', `${Buffer.from('"x"').toString('base64url')}.e30.x`],
  ['no base64', '!.!.!'],
  ['nothing', ''],
  ['dots', '..'],
]

function swapPayload(token: string, payload: Json): string {
  const [header, , signature] = token.split('.')
  return `${header}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.${signature}`
}

/** What a service answers to a token: over HTTP, at a WebSocket's upgrade and in its first frame, and on Socket.IO. */
async function answers(url: string, token: string): Promise<unknown[]> {
  const overHttp = await call(`${url}/brains`, 'GET', undefined, bearer(token))
  const { status, body } = overHttp
  const [upgrade, frame, socketIo] = await Promise.all([
    atUpgrade(url, token),
    inFrame(url, token),
    onSocketIo(url, token),
  ])
  return [status, body, upgrade, frame, socketIo]
}

async function atUpgrade(url: string, token: string): Promise<unknown> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers: bearer(token) })
  const response = new Promise<IncomingMessage | null>((resolve) => {
    socket.once('unexpected-response', (_request, refused) => resolve(refused))
    socket.once('open', () => resolve(null))
  })
  const refused = await response
  if (refused) return [refused.statusCode, JSON.parse((await refused.toArray()).join(''))]
  socket.terminate()
  return 'open'
}

async function inFrame(url: string, token: string): Promise<unknown> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
  await once(socket, 'open')
  socket.send(JSON.stringify({ event: 'auth', data: { token } }))
  const [text] = (await once(socket, 'message')) as [Buffer]
  const { event, data } = JSON.parse(text.toString()) as { event: string; data: Json }
  if (event === 'connected') {
    socket.terminate()
    return 'open'
  }
  const [code] = (await once(socket, 'close')) as [number]
  return [code, data]
}

async function onSocketIo(url: string, token: string): Promise<unknown> {
  const socket = openSocketIo(url, ['websocket'], { auth: { token } })
  return new Promise((resolve) => {
    socket.once('connect_error', (error: unknown) => resolve((error as { data: Json }).data))
    socket.once('connect', () => resolve('open'))
  })
}

async function expectRefused(url: string, token: string): Promise<void> {
  const body = { error: 'Sign in: a valid token is needed here.', code: 'unauthorized', retryable: false }
  expect(await answers(url, token)).toEqual([401, body, [401, body], [4401, body], body])
}

async function expectTaken(url: string, token: string): Promise<void> {
  expect(await answers(url, token)).toEqual([200, expect.anything(), 'open', 'open', 'open'])
}

const withSecret = async () => (await startService({ JWT_SECRET: SECRET, ...PINS })).url

/** Claims of an issuer whose clock is half a minute off, either way. */
const ofAnotherClock = (): Json[] => {
  const now = Math.floor(Date.now() / 1000)
  return [{ exp: now - 25 }, { nbf: now + 25, iat: now + 25 }]
}

describe('with a secret', () => {
  it('takes a token that is right: the matrix below is refused for what is wrong with it', async () => {
    const url = await withSecret()
    await expectTaken(url, forge({ alg: 'HS256' }, claims(), hs256(SECRET)))
    await expectTaken(
      url,
      forge({ alg: 'HS256', kid: '../../x' }, claims({ nbf: 0, aud: ['chat', 'x'] }), hs256(SECRET)),
    )
  })

  it('takes one from a clock that is half a minute off', async () => {
    const url = await withSecret()
    for (const off of ofAnotherClock()) await expectTaken(url, forge({ alg: 'HS256' }, claims(off), hs256(SECRET)))
  })

  it.each([
    ...WRONG_CLAIMS.map(([what, wrong]) => [what, forge({ alg: 'HS256' }, wrong, hs256(SECRET))] as const),
    ...FORGED,
    ['more than a head holds', tokenFor('ann', claims({ x: 'x'.repeat(12_000) }))] as const,
  ])('refuses %s', async (what, token) => {
    const url = await withSecret()
    if (what !== 'more than a head holds') return expectRefused(url, token)
    expect(token.length).toBeGreaterThan(16_000)
    expect(await inFrame(url, `${token}${'x'.repeat(500)}`)).toMatchObject([4401, { code: 'unauthorized' }])
  })
})

describe('with an issuer’s keys', () => {
  const rsa = makeKey('rsa')
  const ec = makeKey('ec', 'ES256')
  const right = (header: Json = {}, of: unknown = claims(), signer = rsa.signer) =>
    forge({ alg: 'RS256', kid: 'rsa', ...header }, of, signer)
  const service = async () => (await startService({ JWKS_URL: (await startIssuer([rsa, ec])).url, ...PINS })).url
  const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string
  const der = rsa.publicKey.export({ type: 'spki', format: 'der' })
  const jwk = rsa.publicKey.export({ format: 'jwk' })

  it('takes a token that is right', async () => {
    const url = await service()
    await expectTaken(url, right())
    await expectTaken(url, right({ alg: 'ES256', kid: 'ec' }, claims(), ec.signer))
  })

  it('takes one from a clock that is half a minute off', async () => {
    const url = await service()
    for (const off of ofAnotherClock()) await expectTaken(url, right({}, claims(off)))
  })

  it.each(WRONG_CLAIMS)('refuses %s', async (_what, wrong) => {
    await expectRefused(await service(), right({}, wrong))
  })

  it.each([
    ['the public key as a secret', () => right({ alg: 'HS256' }, claims(), asSecret(pem))],
    ['the public key without its last line end', () => right({ alg: 'HS256' }, claims(), asSecret(pem.trim()))],
    ['the public key’s bytes as a secret', () => right({ alg: 'HS256' }, claims(), asSecret(der))],
    ['the public key’s JSON as a secret', () => right({ alg: 'HS256' }, claims(), asSecret(JSON.stringify(jwk)))],
    ['alg none', () => right({ alg: 'none' }, claims(), nothing)],
    ['no signature', () => right({}, claims(), nothing)],
    ['an empty secret', () => right({ alg: 'HS256' }, claims(), asSecret(''))],
    ['PS256', () => right({ alg: 'PS256' })],
    ['RS512', () => right({ alg: 'RS512' })],
    ['another key of the same name', () => right({}, claims(), makeKey('rsa').signer)],
    ['the other key’s name', () => right({ kid: 'ec' })],
    ['the other key’s algorithm', () => right({ alg: 'ES256' })],
    ['a kid that nobody has', () => right({ kid: 'nobody' })],
    ['a kid that is a path', () => right({ kid: '../../../../dev/null' })],
    ['a kid that is an address', () => right({ kid: 'http://127.0.0.1:1/keys' })],
    ['a kid of the prototype', () => right({ kid: '__proto__' })],
    ['a kid of SQL', () => right({ kid: "x' UNION SELECT 'secret" })],
    ['a kid that is empty', () => right({ kid: '' })],
    ['a kid that is an array', () => right({ kid: ['rsa'] })],
    ['a kid that is a number', () => right({ kid: 7 })],
    ['a kid that is null', () => right({ kid: null })],
    ['a key in the token itself', () => ownKey()],
    ['an address of keys in the token itself', () => right({ jku: 'http://127.0.0.1:1/keys', kid: 'nobody' })],
  ])('refuses %s', async (_what, token) => {
    await expectRefused(await service(), token())
  })

  /** A token that brings the key which it is signed with. */
  function ownKey(): string {
    const own = makeKey('own')
    return right({ kid: 'own', jwk: own.publicKey.export({ format: 'jwk' }) }, claims(), own.signer)
  }
})
