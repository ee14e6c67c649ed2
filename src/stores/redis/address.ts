/**
 * Parses addresses of Redis servers as people write them: `redis://`, `rediss://` (TLS) and `unix://`. `URL` cannot read
 * them, as people write passwords with any character, percent-encoded or not.
 */
export interface Address {
  /** The host, or the path of a Unix socket. */
  host: string
  /** Null for a Unix socket. */
  port: number | null
  isTls: boolean
  username: string
  password: string
  db: number
}

const REDIS_PORT = 6_379
const SENTINEL_PORT = 26_379

/** What stands before the last @ is user and password: no host, port or database has an @. */
const SERVER =
  /^(?<scheme>rediss?):\/\/(?:(?<user>.*)@)?(?<host>\[[\da-f:.]+\]|[^\s:/?#@,[\]]*)(?::(?<port>\d{1,5}))?(?:\/(?<db>\d*))?(?:\?(?<query>[^@]*))?$/is
const SOCKET = /^(?:redis\+)?unix:\/\/(?:(?<user>.*)@)?(?<path>\/[^?]*)(?:\?(?<query>.*))?$/is

/** A comma separates two addresses only where the next one begins: passwords have commas, too. */
const BETWEEN = /,\s*(?=(?:rediss?|(?:redis\+)?unix):\/\/)/i

const PARAMETERS = ['db', 'username', 'password']

/**
 * Reads REDIS_URL: one address, or the seeds of a cluster.
 *
 * @throws Error with a sentence that does not repeat the address, as it can hold a password
 */
export function parseAddresses(urls: string): Address[] {
  const addresses = urls.split(BETWEEN).map((url) => parseAddress(url.trim(), REDIS_PORT))
  if (addresses.every((address) => address !== undefined)) return addresses
  throw new Error(
    'REDIS_URL must be an address such as redis://user:password@host:6379/0 or unix:///path?db=0. Several are separated by commas, each with its redis://.',
  )
}

/** Reads REDIS_SENTINELS: `host:port` separated by commas; each can begin with `user:password@` or `:password@`. */
export function parseSentinels(list: string): Address[] {
  const sentinels = list.split(',').map((item) => parseAddress(`redis://${item.trim()}`, SENTINEL_PORT))
  if (sentinels.every((sentinel) => sentinel !== undefined)) return sentinels
  throw new Error('REDIS_SENTINELS must be addresses such as host:26379, separated by commas.')
}

function parseAddress(url: string, defaultPort: number): Address | undefined {
  const groups = (SERVER.exec(url) ?? SOCKET.exec(url))?.groups
  if (!groups) return undefined
  const { scheme, user = '', host = '', path, query = '' } = groups as Record<string, string | undefined>
  // A plus stays a plus: passwords often have one.
  const parameters = new Map(new URLSearchParams(query.replaceAll('+', '%2B')))
  const port = Number(groups.port ?? defaultPort)
  const db = Number(parameters.get('db') ?? groups.db ?? 0)
  const isKnown = [...parameters.keys()].every((name) => PARAMETERS.includes(name))
  if (!isKnown || port < 1 || port > 65_535 || !Number.isSafeInteger(db)) return undefined
  const [, username = '', password = ''] = /^([^:]*):?(.*)$/s.exec(user)!
  return {
    host: path === undefined ? host.replaceAll(/[[\]]/g, '') || 'localhost' : decode(path),
    port: path === undefined ? port : null,
    isTls: scheme?.toLowerCase() === 'rediss',
    username: parameters.get('username') ?? decode(username),
    password: parameters.get('password') ?? decode(password),
    db,
  }
}

/** Decodes what is percent-encoded; a percent sign that encodes nothing stays. */
function decode(text: string): string {
  return text.replaceAll(/(?:%[\da-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded)
    } catch {
      return encoded
    }
  })
}
