/** Where a client is: for limits, on requests that Fastify has not seen. */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'

/**
 * Creates a check whether an address is a trusted proxy's.
 *
 * @param trusted addresses and CIDR ranges
 */
export function createProxyCheck(trusted: readonly string[]): (address: string) => boolean {
  const proxies = new BlockList()
  for (const range of trusted) {
    const [base = '', prefix] = range.split('/')
    const family = isIPv6(base) ? 'ipv6' : 'ipv4'
    if (prefix === undefined) proxies.addAddress(base, family)
    else proxies.addSubnet(base, Number(prefix), family)
  }
  return (address) => proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/**
 * Reads the client's address: the socket's own, or, as long as that is a trusted proxy, the one that it was told by.
 * What anyone else says of itself is not believed. Where a proxy passes on no address (`unknown`, a name), the proxy
 * itself counts.
 *
 * @param trusted addresses and CIDR ranges
 */
export function createAddressReader(trusted: readonly string[]): (request: IncomingMessage) => string {
  const isProxy = createProxyCheck(trusted)
  return ({ socket, headers }) => {
    const hops = [headers['x-forwarded-for'] ?? ''].flat().join(',').split(',')
    let address = toPlain(socket.remoteAddress ?? '')
    while (isProxy(address)) {
      const hop = parseHop(hops.pop() ?? '')
      if (hop === undefined) break
      address = hop
    }
    return address
  }
}

/**
 * Reads the address in `1.2.3.4`, `1.2.3.4:51001`, `2001:db8::7`, `[2001:db8::7]` or `[2001:db8::7]:51001`, quoted or
 * not. The port is left out: it differs with each connection of the same client.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7239#section-6
 */
function parseHop(text: string): string | undefined {
  const hop = text.trim().replace(/^"(.*)"$/, '$1')
  const [, bracketed, dotted] = /^(?:\[(.+)\]|([\d.]+))(?::\d+)?$/.exec(hop) ?? []
  const address = bracketed ?? dotted ?? hop
  return isIP(address) === 0 ? undefined : toPlain(address)
}

/** What counts as one client: an IPv4 address, or the /64 network that one IPv6 subscriber has to itself. */
export function toNetwork(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('::')
  const groups = head.split(':').filter(Boolean)
  if (tail !== undefined) {
    const last = tail.split(':').filter(Boolean)
    while (groups.length + last.length < 8) groups.push('0')
    groups.push(...last)
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

/** Writes an address in its one shortest form, and an IPv4 address as such, also where it stands inside an IPv6 one. */
export function toPlain(address: string): string {
  if (!isIPv6(address)) return address
  const [unzoned = ''] = address.split('%')
  const shortest = new URL(`http://[${unzoned}]`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(shortest) ?? []
  if (high === undefined || low === undefined) return shortest
  const bytes = [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
  return bytes.join('.')
}
