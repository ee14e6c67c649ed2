/** Makes certificates for one test with openssl, in the test's directory. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectory } from '#test/process.ts'

export interface Authority {
  /** Its certificate, for REDIS_CA_FILE. */
  caFile: string
  /** Signs a certificate, and returns the arguments for redis-server. */
  sign(names: string, validity?: string[]): string[]
}

export async function createAuthority(): Promise<Authority> {
  const directory = await makeDirectory()
  const at = (name: string): string => join(directory, name)
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe', cwd: directory })
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=An authority',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  )
  let count = 0
  return {
    caFile: at('ca.pem'),
    sign(names, validity = ['-days', '2']) {
      const name = `server-${(count += 1)}`
      openssl(
        'req',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-subj',
        '/CN=A server',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
      )
      writeFileSync(at(`${name}.ext`), `subjectAltName=${names}`)
      const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial']
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        ...signer,
        ...validity,
        '-extfile',
        `${name}.ext`,
        '-out',
        `${name}.pem`,
      )
      const files = [
        '--tls-cert-file',
        at(`${name}.pem`),
        '--tls-key-file',
        at(`${name}.key`),
        '--tls-ca-cert-file',
        at('ca.pem'),
      ]
      return [...files, '--tls-auth-clients', 'no']
    },
  }
}
