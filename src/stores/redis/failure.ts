/**
 * Says why Redis cannot be used, in plain words. Of a server's answer only the first word is ever repeated: it quotes
 * the arguments of an unknown command, and those of AUTH are a password.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Route } from './routes.ts'

/** An error whose message is a sentence for the operator. */
export class RedisUnusable extends Error {
  override readonly name = 'RedisUnusable'
  /** Whether trying again is of no use. */
  readonly isFinal: boolean

  constructor({ variable, host, port }: Route, reason: string, code: string, isFinal: boolean, cause?: unknown) {
    const details = [port === null ? '' : `port ${port}`, code].filter(Boolean).join(', ')
    super(`${variable}: Redis at ${host} cannot be used: ${reason}${details && ` (${details})`}.`, { cause })
    this.isFinal = isFinal
  }
}

const SIGNED_BY_NOBODY =
  'its certificate is signed by nobody who is trusted: name a file with it, or with its authority’s, in REDIS_CA_FILE'

/** Failures that pass by themselves: a server starts, loads or fails over. */
const PASSING: [RegExp, string][] = [
  [/ECONNREFUSED/, 'nothing listens there'],
  [/ENOTFOUND/, 'there is no host of that name'],
  [/EAI_AGAIN/, 'its name cannot be looked up'],
  [/E(HOST|NET)(UNREACH|DOWN)|EADDRNOTAVAIL/, 'no network route leads there'],
  [/ENOENT/, 'there is no such socket'],
  [/ETIMEDOUT|timed out|Socket timeout/, 'it does not answer'],
  [/ECONNRESET|EPIPE|Connection is closed|disconnected before secure/, 'it closes the connection without an answer'],
  [/^LOADING/, 'it is still loading its data'],
  [/^BUSY/, 'it is busy with a script'],
  [/^READONLY/, 'it is a replica, which takes no writes: name the master, or its Sentinels in REDIS_SENTINELS'],
  [/^MASTERDOWN/, 'it is a replica whose master is away'],
  [/^MISCONF/, 'it takes no writes, as it cannot save to its disk'],
  [/^NOREPLICAS/, 'it takes no writes, as too few of its replicas are there'],
  [/^CLUSTERDOWN/, 'the cluster is incomplete'],
  [/max number of clients/, 'it takes no more connections: raise its maxclients'],
]

/** Failures that stay until the operator changes something. */
const LASTING: [RegExp, string][] = [
  [/^NOAUTH/, 'it asks for a password'],
  [/^WRONGPASS|invalid password/, 'the user name or the password is wrong'],
  [/^DENIED/, 'it is in protected mode: give it a password'],
  [/DB index/, 'it has no database of that number'],
  [/SELECT is not allowed/, 'a cluster has database 0 only'],
  [/cluster support disabled/, 'it is no cluster: unset REDIS_CLUSTER'],
  [/^(CROSSSLOT|MOVED)/, 'it is a cluster: unset REDIS_CLUSTER'],
  [/^ERR unknown command/, 'it is not a Redis 7, or lacks one of its commands: a Sentinel belongs in REDIS_SENTINELS'],
  [/Unknown RESP type/, 'what answers there is no Redis'],
  [/EACCES|ENOTSOCK/, 'this user may not open its socket'],
  [/SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_UNTRUSTED|INVALID_CA|CERT_SIGNATURE/, SIGNED_BY_NOBODY],
  [/CERT_HAS_EXPIRED/, 'its certificate has expired'],
  [/CERT_NOT_YET_VALID/, 'its certificate is not valid yet'],
  [/ALTNAME_INVALID/, 'its certificate is for another host'],
  [/CERTIFICATE_REQUIRED/, 'it asks for a client certificate: set its tls-auth-clients to no'],
]

/** Finds the reason for an error of ioredis, of a socket, or in a server's answer. */
export async function toUnusable(route: Route, error: unknown): Promise<RedisUnusable> {
  if (error instanceof RedisUnusable) return error
  const text = toText(error)
  const code = /^[A-Z][A-Z_\d]+/.exec(text)?.[0] ?? ''
  if (code === 'NOPERM') return new RedisUnusable(route, toMissing(text), code, true, error)
  const lasting = LASTING.find(([pattern]) => pattern.test(text))
  if (lasting) return new RedisUnusable(route, lasting[1], code, true, error)
  const mismatch = await findMismatch(route, text)
  if (mismatch) return new RedisUnusable(route, mismatch, code, true, error)
  const [, reason] = PASSING.find(([pattern]) => pattern.test(text)) ?? [null, 'it answers with an error']
  return new RedisUnusable(route, reason, code, false, error)
}

/** Says which right a user lacks, by what Redis answers. Where that names no command, `names` does. */
export function toMissing(answer: string, names = 'a command'): string {
  const [, command] = / run the '([\w|-]+)' command/.exec(answer) ?? []
  const [, what] = /\b(key|channel)s?\b/.exec(answer) ?? []
  const lacks =
    command || !what ? `may not run ${command?.toUpperCase() ?? names}` : `lacks rights to the ${what}s of REDIS_PREFIX`
  return `its user ${lacks}: the README lists what is needed`
}

/** Puts a code first. ioredis's own errors for a silence and for an end have none, so they get one. */
function toText(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  const message = (error as Error).message.replace(/^All sentinels are unreachable.*Last error: /s, '')
  if (code) return `${code} ${message}`
  if (message === 'Command timed out' || message.startsWith('Socket timeout')) return `ETIMEDOUT ${message}`
  if (message === 'Connection is closed.') return `ECONNRESET ${message}`
  return message
}

/** Milliseconds for a server to answer when it is asked the other way, with TLS or without. */
const ASK_MS = 1_000

/** Finds out whether TLS is missing or not wanted, by asking the other way: such a server is silent, or hangs up. */
async function findMismatch({ options, port, host }: Route, text: string): Promise<string | undefined> {
  if (port === null || !/ETIMEDOUT|ECONNRESET|EPIPE|EPROTO|ERR_SSL|disconnected before secure/.test(text))
    return undefined
  const place = { host, port }
  if (!options.tls) return (await speaksTls(place)) ? 'it speaks TLS: begin REDIS_URL with rediss://' : undefined
  if (await speaksPlain(place)) return 'it does not speak TLS: begin REDIS_URL with redis://'
  return /EPROTO|ERR_SSL/.test(text) ? 'a TLS connection cannot be made' : undefined
}

interface Place {
  host: string
  port: number
}

async function speaksTls(place: Place): Promise<boolean> {
  // Nothing is sent, so the certificate does not matter.
  const socket = connectTls({ ...place, rejectUnauthorized: false })
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(ASK_MS) })
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function speaksPlain(place: Place): Promise<boolean> {
  const socket = connect(place)
  try {
    socket.write('PING\r\n')
    const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(ASK_MS) })) as [Buffer]
    return /^[+-][A-Z]/.test(answer.toString())
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
