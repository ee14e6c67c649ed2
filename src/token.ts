/** Makes a token for development: `npm run token -- --sub alice [--role admin] [--ttl 1h]` */
import { parseArgs } from 'node:util'
import { loadConfig } from './config.ts'
import { loadEnvFile } from './env-file.ts'
import { signToken } from '#src/identity/tokens.ts'

const USAGE = 'Usage: npm run token -- --sub USER [--role admin] [--ttl 1h]'

async function printToken(): Promise<void> {
  const { values } = parseArgs({
    options: { sub: { type: 'string' }, role: { type: 'string' }, ttl: { type: 'string', default: '1h' } },
  })
  if (!values.sub) throw new Error(USAGE)

  loadEnvFile(process.env)
  const { JWT_SECRET, JWT_ISSUER, JWT_AUDIENCE } = loadConfig(process.env)
  if (!JWT_SECRET) throw new Error('JWT_SECRET is not set: there is nothing to sign a token with.')
  const { sub, role, ttl } = values
  const token = await signToken(JWT_SECRET, { sub, role, ttl, issuer: JWT_ISSUER, audience: JWT_AUDIENCE })
  process.stdout.write(`${token}\n`)
}

printToken().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
