/** Tokens made by hand, true and forged, and an issuer that publishes its keys. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { CLOCK_SKEW_S } from '#src/identity/tokens.ts'
import type { Json } from '#test/helper.ts'

export const SECRET = 'a secret for tests that is long enough'

/** The environment of a service that people sign in to. */
export const SIGNED_IN = { JWT_SECRET: SECRET }

export type Signer = (input: string) => Buffer

export const hs256 =
  (secret: string): Signer =>
  (input) =>
    createHmac('sha256', secret).update(input).digest()

export const rs256 =
  (key: KeyObject): Signer =>
  (input) =>
    sign('sha256', Buffer.from(input), key)

export const es256 =
  (key: KeyObject): Signer =>
  (input) =>
    sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })

const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')

/** A token as whoever has the signer can make it. */
export function forge(header: Json, claims: unknown, signer: Signer): string {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${signer(input).toString('base64url')}`
}

export const inAnHour = () => Math.floor(Date.now() / 1000) + 3600

/** A user's token, as the service takes it. */
export function tokenFor(sub: string, more: Json = {}): string {
  return forge({ alg: 'HS256', typ: 'JWT' }, { sub, exp: inAnHour(), ...more }, hs256(SECRET))
}

/** Makes a user's token that is accepted for so many seconds more, with the clock skew included. */
export function tokenUntil(sub: string, seconds: number): string {
  return tokenFor(sub, { exp: Date.now() / 1000 + seconds - CLOCK_SKEW_S })
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** The head of a user's request. */
export const as = (sub: string, more: Json = {}) => bearer(tokenFor(sub, more))

export interface Key {
  kid: string
  alg: 'RS256' | 'ES256'
  publicKey: KeyObject
  signer: Signer
}

export function makeKey(kid: string, alg: Key['alg'] = 'RS256'): Key {
  const { publicKey, privateKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid, alg, publicKey, signer: alg === 'RS256' ? rs256(privateKey) : es256(privateKey) }
}

/** A user's token of one of an issuer's keys. */
export function tokenBy({ kid, alg, signer }: Key, sub: string, more: Json = {}, header: Json = {}): string {
  return forge({ alg, kid, ...header }, { sub, exp: inAnHour(), ...more }, signer)
}

export interface Issuer {
  url: string
  /** What it publishes. */
  keys: Key[]
  /** How it answers: as it should, with 500, or not at all. */
  mood: 'well' | 'failing' | 'silent' | 'talking nonsense'
  /** How often it was asked. */
  asked: number
}

function toPublished({ kid, alg, publicKey }: Key): object {
  return { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }
}

/** Serves a set of keys until the test ends. */
export async function startIssuer(keys: Key[]): Promise<Issuer> {
  const issuer: Issuer = { url: '', keys, mood: 'well', asked: 0 }
  const server = createServer((_request, response) => {
    issuer.asked++
    if (issuer.mood === 'failing') response.writeHead(500).end('{}')
    if (issuer.mood === 'talking nonsense') response.end('<html>')
    if (issuer.mood === 'well') response.end(JSON.stringify({ keys: issuer.keys.map(toPublished) }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  issuer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys.json`
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return issuer
}
