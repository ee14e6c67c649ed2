/**
 * Says which pages may call, and which host names are the service's. Only browsers are held to either: a page cannot
 * choose what its browser says of them, while any other client can say what it likes.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

interface Host {
  name: string
  /** `''` where there is none. */
  port: string
}

/** Parses a `Host` as a browser writes it; undefined for what no browser would send. */
function parseHost(text: string): Host | undefined {
  const [, host, port = ''] = /^(\[[\da-f:.]+\]|[^\s:/?#@\\[\]*]+)(?::(\d{1,5}))?$/i.exec(text) ?? []
  if (host === undefined || !URL.canParse(`http://${host}`)) return undefined
  return { name: new URL(`http://${host}`).hostname.replace(/\.$/, ''), port }
}

/** Says whether an entry of ALLOWED_HOSTS can be used: `chat.example.com`, `*.example.com`, either with a port. */
export function isHostRule(rule: string): boolean {
  return parseHost(rule.replace(/^\*\./, '')) !== undefined
}

/**
 * Creates a check of the name that the service is asked by. Anyone can point a name of theirs at this machine: to the
 * browser, their page and the service are then one origin. An address or `localhost` cannot be used in this way.
 *
 * @param rules as in ALLOWED_HOSTS
 * @see https://developer.mozilla.org/en-US/docs/Web/Security/Attacks/DNS_Rebinding
 */
export function createHostCheck(rules: readonly string[]): (host: string) => boolean {
  const known = rules.flatMap((rule) => {
    const host = parseHost(rule.replace(/^\*\./, ''))
    return host ? [{ ...host, isWildcard: rule.startsWith('*.') }] : []
  })
  return (text) => {
    const host = parseHost(text)
    if (!host) return false
    const { name } = host
    if (isIP(name.replace(/^\[|\]$/g, '')) || name === 'localhost' || name.endsWith('.localhost')) return true
    return known.some((rule) => {
      const isNamed = rule.isWildcard ? name.endsWith(`.${rule.name}`) : name === rule.name
      return isNamed && (rule.port === '' || rule.port === host.port)
    })
  }
}

/** Finds what is wrong with an entry of ALLOWED_ORIGINS, as the rest of a sentence; undefined when nothing is. */
export function findOriginFault(origin: string): string | undefined {
  if (origin === 'null') return 'cannot hold "null": any sandboxed page sends that.'
  const isOrigin = /^[a-z][a-z\d+.-]*:\/\/[^\s/?#@\\*]+$/i.test(origin) && URL.canParse(origin)
  // `URL` knows origins of the web's own schemes only; an app's is taken as it is written.
  if (isOrigin && (!isWeb(origin) || new URL(origin).origin === origin)) return undefined
  return `must be a list of origins such as https://app.example.com or capacitor://localhost, without path, final slash or default port, not "${origin}".`
}

function isWeb(origin: string): boolean {
  return /^https?:/i.test(origin)
}

/** Returns the hosts of web pages' origins. An app's origin has none: its name is no name on the network. */
export function toHostRules(origins: readonly string[]): string[] {
  return origins.filter(isWeb).map((origin) => new URL(origin).hostname)
}

export type PageCheck = (headers: IncomingHttpHeaders) => boolean

/**
 * Creates a check that finds pages of other origins that are not allowed. Browsers send an `Origin` with every request
 * that can change something. With others they send `Sec-Fetch-Site`, where the address is https or this machine's.
 *
 * @param allowed origins beside the service's own
 */
export function createPageCheck(allowed: readonly (string | RegExp)[]): PageCheck {
  return ({ origin, host = '', 'sec-fetch-site': site }) => {
    if (origin === undefined) return site === 'cross-site'
    return !isOwn(origin, host) && !allowed.some((one) => (typeof one === 'string' ? one === origin : one.test(origin)))
  }
}

/** Says whether a page's host is the one that was asked. A proxy may write out the default port. */
function isOwn(origin: string, host: string): boolean {
  if (!isWeb(origin) || !URL.canParse(origin)) return false
  const page = new URL(origin)
  const asked = `${page.protocol}//${host}`
  return page.origin === origin && URL.canParse(asked) && new URL(asked).host === page.host
}
