/** TLS to Redis: whose certificate is taken, and what is said when it is not. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { newSession, REF } from '#test/suites/store/values.ts'
import { makeDirectory } from '#test/process.ts'
import { createAuthority } from './certificates.ts'
import { connectTo, findFreePort, hasRedis, openStore, refusalOf, startRedis } from './redis.ts'

const HERE = 'DNS:localhost,IP:127.0.0.1'

/** A server that has a port for TLS beside its plain one. */
async function startTls(certificate: string[], more: string[] = []) {
  const tlsPort = await findFreePort()
  const server = await startRedis(['--tls-port', `${tlsPort}`, ...certificate, ...more])
  onTestFinished(() => server.close())
  return { ...server, tlsPort, tlsUrl: `rediss://localhost:${tlsPort}` }
}

describe.skipIf(!hasRedis)('TLS to Redis', () => {
  it('takes a certificate that REDIS_CA_FILE vouches for, with all that the store does', async () => {
    const authority = await createAuthority()
    const { tlsUrl } = await startTls(authority.sign(HERE))
    const client = await connectTo(tlsUrl, { caFile: authority.caFile })
    onTestFinished(() => client.disconnect())
    const store = await openStore(tlsUrl, { client })
    const { userId } = await store.sessions.create(newSession())
    expect(await store.sessions.get(REF)).toMatchObject({ userId })
  })

  it('takes none that is unknown, expired or another host’s, unless it is told to', async () => {
    const authority = await createAuthority()
    const known = { caFile: authority.caFile }
    const good = await startTls(authority.sign(HERE))
    expect(await refusalOf(good.tlsUrl)).toMatch(/certificate is signed by nobody.*REDIS_CA_FILE/)
    const expired = await startTls(authority.sign(HERE, ['-days', '-1']))
    expect(await refusalOf(expired.tlsUrl, known)).toMatch(/certificate has expired/)
    const other = await startTls(authority.sign('DNS:elsewhere.example'))
    expect(await refusalOf(other.tlsUrl, known)).toMatch(/certificate is for another host/)
    for (const { tlsUrl } of [good, expired, other]) {
      expect(await refusalOf(tlsUrl, { isVerified: false })).toBe('it can be used')
    }
  })

  it('tells TLS on a plain port, the reverse, and a server that wants a client certificate', async () => {
    const authority = await createAuthority()
    const { port, tlsPort } = await startTls(authority.sign(HERE), ['--tls-auth-clients', 'yes'])
    const known = { caFile: authority.caFile }
    expect(await refusalOf(`rediss://localhost:${port}`, known)).toMatch(
      /does not speak TLS: begin REDIS_URL with redis:/,
    )
    expect(await refusalOf(`redis://localhost:${tlsPort}`)).toMatch(/speaks TLS: begin REDIS_URL with rediss:/)
    expect(await refusalOf(`rediss://localhost:${tlsPort}`, known)).toMatch(/asks for a client certificate/)
  })

  it.each([
    ['names its hosts', ['--cluster-announce-hostname', 'localhost', '--cluster-preferred-endpoint-type', 'hostname']],
    ['names the host of REDIS_URL, and sends on to addresses', ['--cluster-announce-ip', '127.0.0.1']],
  ])('leads to a cluster whose certificate %s', async (_, announced) => {
    const authority = await createAuthority()
    const ports = ['--cluster-enabled', 'yes', '--cluster-port', `${await findFreePort()}`, '--tls-cluster', 'yes']
    const { client: admin, tlsUrl } = await startTls(authority.sign('DNS:localhost'), [...ports, ...announced])
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    const isWhole = async () => expect(await admin.call('CLUSTER', 'INFO')).toContain('cluster_state:ok')
    await vi.waitFor(isWhole, { timeout: 30_000 })
    const client = await connectTo(tlsUrl, { caFile: authority.caFile })
    onTestFinished(() => client.disconnect())
    expect(client.isCluster).toBe(true)
    const store = await openStore(tlsUrl, { client })
    await store.sessions.create(newSession())
    expect(await store.sessions.get(REF)).toBeDefined()
  })

  it('is switched on by REDIS_URL alone, and its certificates are checked before it connects', async () => {
    const directory = await makeDirectory()
    const file = join(directory, 'ca.pem')
    expect(await refusalOf('rediss://h', { caFile: file })).toMatch(
      /^REDIS_CA_FILE: .*ca\.pem cannot be read \(ENOENT\)\.$/,
    )
    for (const text of ['', 'no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']) {
      writeFileSync(file, text)
      expect(await refusalOf('rediss://h', { caFile: file })).toMatch(
        /^REDIS_CA_FILE: .* must hold certificates in PEM/,
      )
    }
    expect(await refusalOf('redis://h', { caFile: file })).toMatch(
      /^REDIS_CA_FILE is set, but REDIS_URL does not begin with/,
    )
    expect(await refusalOf('redis://h', { isVerified: false })).toMatch(/^REDIS_TLS_VERIFY is set, but/)
  })
})
