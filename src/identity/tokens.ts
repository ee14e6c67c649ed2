/**
 * JSON Web Tokens: checked by a shared secret or by the keys that an issuer publishes, and made for development.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8725 what has gone wrong with them elsewhere
 */
import { createSecretKey } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { ChatError } from '#src/chat/errors.ts'
import { type Identity, unauthorized } from './identity.ts'
import { createKeySet } from './key-set.ts'

/** What every token must say beside its signature, when that is given. */
export interface Pins {
  issuer?: string | undefined
  audience?: string | undefined
}

/** Whose token it is. @throws ChatError `unauthorized`, or `store_unavailable` while no key can be had to check it */
export type Verify = (token: string) => Promise<Identity>

/** Seconds by which the clocks of issuers and of this machine may differ: `nbf` and `exp` count only beyond them. */
export const CLOCK_SKEW_S = 30

/** As much as a request's head can hold. */
const MAX_TOKEN_CHARS = 16_384

const Subject = Type.String({ minLength: 1, maxLength: 256, pattern: '^[^\\p{Cc}\\p{Cs}]*$' })

const subject = Compile(Subject)
const claims = Compile(Type.Object({ sub: Subject, exp: Type.Number(), role: Type.Optional(Type.Unknown()) }))

/** Returns what a token says when its signature and what is pinned are right, and throws else. */
export type Decode = (token: string) => Promise<unknown>

/** Reads tokens that are signed with one of an issuer's keys, which are fetched when they are needed. */
export function createKeySetDecode(url: string, { issuer, audience }: Pins = {}): Decode {
  const pins = { ...(issuer === undefined ? {} : { issuer }), ...(audience === undefined ? {} : { audience }) }
  // What a token says of itself chooses among these, and no others.
  const options = { algorithms: ['RS256', 'ES256'], clockTolerance: CLOCK_SKEW_S, ...pins }
  const findKey = createKeySet(url)
  return async (token) => (await jwtVerify(token, findKey, options)).payload
}

export function createVerify(decode: Decode): Verify {
  return async (token) => {
    if (token.length > MAX_TOKEN_CHARS) throw unauthorized()
    const payload = await decode(token).catch((error: unknown) => {
      throw error instanceof ChatError ? error : unauthorized()
    })
    if (!claims.Check(payload)) throw unauthorized()
    const expiresAt = (payload.exp + CLOCK_SKEW_S) * 1000
    // The libraries count whole seconds.
    if (expiresAt <= Date.now()) throw unauthorized()
    return { owner: payload.sub, isAdmin: payload.role === 'admin', expiresAt }
  }
}

export interface TokenInput extends Pins {
  sub: string
  role?: string | undefined
  /** A time from now such as `30m`, `1h` or `7 days`. */
  ttl: string
}

/** Makes a token that a service with the same secret takes. @throws Error with a sentence */
export async function signToken(secret: string, { sub, role, ttl, issuer, audience }: TokenInput): Promise<string> {
  if (!subject.Check(sub)) throw new Error('--sub must be 1 to 256 characters.')
  const token = new SignJWT(role === undefined ? {} : { role }).setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
  if (issuer !== undefined) token.setIssuer(issuer)
  if (audience !== undefined) token.setAudience(audience)
  try {
    token.setSubject(sub).setIssuedAt().setExpirationTime(ttl)
  } catch {
    throw new Error('--ttl must be a time such as 30m, 1h or 7 days.')
  }
  return token.sign(createSecretKey(Buffer.from(secret)))
}
