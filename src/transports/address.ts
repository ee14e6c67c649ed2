/** Where a client is: for limits, on requests that Fastify has not seen. */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIPv6 } from 'node:net'

/**
 * Reads the client's address: the socket's own, or, as long as that is a trusted proxy, the one that it was told by.
 * What anyone else says of itself is not believed.
 *
 * @param trusted addresses and CIDR ranges
 */
export function createAddressReader(trusted: readonly string[]): (request: IncomingMessage) => string {
  const proxies = new BlockList()
  for (const range of trusted) {
    const [base = '', prefix] = range.split('/')
    const family = isIPv6(base) ? 'ipv6' : 'ipv4'
    if (prefix === undefined) proxies.addAddress(base, family)
    else proxies.addSubnet(base, Number(prefix), family)
  }
  const isProxy = (address: string) => proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  return ({ socket, headers }) => {
    const forwarded = [headers['x-forwarded-for'] ?? ''].flat().join(',')
    const hops = forwarded.split(',').map((hop) => hop.trim())
    let address = toPlain(socket.remoteAddress ?? '')
    while (isProxy(address)) {
      const hop = hops.pop()
      if (!hop) break
      address = toPlain(hop)
    }
    return address
  }
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

/** An IPv4 address as such, not as the IPv6 address that a dual-stack socket makes of it. */
export function toPlain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
