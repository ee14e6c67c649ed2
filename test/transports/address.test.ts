import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createAddressReader, toNetwork } from '#src/transports/address.ts'

function read(trusted: string[], remoteAddress: string, forwarded?: string): string {
  const request = { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }
  return createAddressReader(trusted)(request as unknown as IncomingMessage)
}

describe('the address of a client', () => {
  it.each([
    ['is the socket’s where nobody is trusted', [], '10.0.0.1', '1.1.1.1', '10.0.0.1'],
    ['is the socket’s where that is not trusted', ['10.0.0.2'], '10.0.0.1', '1.1.1.1', '10.0.0.1'],
    ['is what a trusted proxy says', ['10.0.0.0/8'], '10.0.0.1', '1.1.1.1', '1.1.1.1'],
    ['is the last hop that is not trusted', ['10.0.0.0/8'], '10.0.0.1', '6.6.6.6, 1.1.1.1, 10.0.0.2', '1.1.1.1'],
    ['is the farthest proxy where all are trusted', ['10.0.0.0/8'], '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['is the proxy’s own where it says nothing', ['10.0.0.0/8'], '10.0.0.1', undefined, '10.0.0.1'],
    ['is plain IPv4 on a socket for both', ['10.0.0.1'], '::ffff:10.0.0.1', '1.1.1.1', '1.1.1.1'],
    ['may be IPv6', ['fd00::/8'], 'fd00::1', '2001:db8::1', '2001:db8::1'],
    ['has no port', ['10.0.0.0/8'], '10.0.0.1', '1.1.1.1:51001', '1.1.1.1'],
    ['has no port in IPv6 either', ['10.0.0.0/8'], '10.0.0.1', '[2001:db8::7]:51001', '2001:db8::7'],
    ['has no brackets', ['10.0.0.0/8'], '10.0.0.1', '[2001:db8::7]', '2001:db8::7'],
    ['has no quotes', ['10.0.0.0/8'], '10.0.0.1', '"[2001:db8::7]:51001"', '2001:db8::7'],
    ['is found behind a proxy with a port', ['10.0.0.0/8'], '10.0.0.1', '1.1.1.1:9, 10.0.0.2:8', '1.1.1.1'],
    ['has one way of being written', ['10.0.0.0/8'], '10.0.0.1', '2001:0DB8:0::0:7', '2001:db8::7'],
    ['is the IPv4 address in IPv6', ['10.0.0.0/8'], '10.0.0.1', '[::FFFF:1.1.1.1]:9', '1.1.1.1'],
    ['is the same one in hexadecimal', ['10.0.0.0/8'], '10.0.0.1', '0:0:0:0:0:ffff:101:101', '1.1.1.1'],
    ['is of no zone', ['10.0.0.0/8'], '10.0.0.1', 'fe80::7%eth0', 'fe80::7'],
    ['is a proxy’s whatever its port', ['10.0.0.0/8'], '10.0.0.1', '6.6.6.6, 1.1.1.1, 10.0.0.2:443', '1.1.1.1'],
  ])('%s', (_what, trusted, remote, forwarded, address) => {
    expect(read(trusted, remote, forwarded)).toBe(address)
  })

  it.each([
    'unknown',
    '_hidden',
    'evil.example',
    'localhost',
    '1.1.1',
    '1.1.1.1.1',
    '[1.1.1.1',
    '::1]',
    '1.1.1.1:',
    '',
  ])('is that of the hop which sent %j, as that is no address', (hop) => {
    expect(read(['10.0.0.0/8'], '10.0.0.1', hop)).toBe('10.0.0.1')
    expect(read(['10.0.0.0/8'], '10.0.0.1', `1.1.1.1, ${hop}, 10.0.0.2`)).toBe('10.0.0.2')
  })

  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['2001:db8:0:1::5', '2001:db8:0:1'],
    ['2001:0db8:0:0001:ffff::', '2001:db8:0:1'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4'],
    ['not an address', 'not an address'],
  ])('%s counts as %s', (address, network) => {
    expect(toNetwork(address)).toBe(network)
  })
})
