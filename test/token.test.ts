/** `npm run token`, as people run it. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { call, startService } from './helper.ts'
import { bearer, SECRET } from './identity/tokens.ts'

const ROOT = join(import.meta.dirname, '..')
const run = promisify(execFile)

async function makeToken(args: string[], env: Record<string, string> = { JWT_SECRET: SECRET }): Promise<string> {
  // The script of `package.json`, without npm, which takes a second.
  const options = { cwd: ROOT, env: { PATH: process.env.PATH, ...env } }
  return (await run('node', ['--import', './src/require-node.js', 'src/token.ts', ...args], options)).stdout
}

async function failToMakeToken(
  args: string[],
  env?: Record<string, string>,
): Promise<{ code: number; stderr: string }> {
  return makeToken(args, env).then(
    () => ({ code: 0, stderr: '' }),
    (error: { code: number; stderr: string }) => error,
  )
}

describe('npm run token', () => {
  it('prints a token that the service takes, and nothing else', async () => {
    const pins = { JWT_SECRET: SECRET, JWT_ISSUER: 'https://id.example.com', JWT_AUDIENCE: 'chat' }
    const { url } = await startService(pins)
    const token = await makeToken(['--sub', 'alice'], pins)
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    const { body } = await call(`${url}/chat/start`, 'POST', {}, bearer(token.trim()))
    expect(body.user_id).toBe('alice')
    const change = await call(`${url}/brain/switch`, 'POST', { brain: null }, bearer(token.trim()))
    expect(change.status).toBe(403)
  })

  it('makes admins, and tokens that last as long as is said', async () => {
    const { url } = await startService({ JWT_SECRET: SECRET })
    const token = await makeToken(['--sub', 'alice', '--role', 'admin', '--ttl', '90 days'])
    const { status } = await call(`${url}/brain/switch`, 'POST', { brain: null }, bearer(token.trim()))
    expect(status).toBe(200)
    const { iat, exp } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, number>
    expect(exp! - iat!).toBe(90 * 86_400)
  })

  it.each([
    ['JWT_SECRET is not set', ['--sub', 'alice'], {}],
    ['Usage: ', [], undefined],
    ['--sub', ['--sub', 'x'.repeat(257)], undefined],
    ['--ttl', ['--sub', 'alice', '--ttl', 'soon'], undefined],
    ['--nonsense', ['--sub', 'alice', '--nonsense'], undefined],
    ['JWT_SECRET must be at least 32 bytes', ['--sub', 'alice'], { JWT_SECRET: 'short' }],
  ])('says "%s" and exits with 1 where it cannot', async (sentence, args, env) => {
    const { code, stderr } = await failToMakeToken(args, env)
    expect(code).toBe(1)
    expect(stderr).toContain(sentence)
    expect(stderr).not.toContain('    at ')
  })
})
