/**
 * Makes a production install, as the Dockerfile does, and asks the service there for a reply: with every brain's key, a
 * Redis, and sign-in by a secret or by an issuer's keys. It fails when the service needs a development package.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

const ROOT = join(import.meta.dirname, '..')
const SECRET = 'a secret for this check that is long enough'
const KEYS = Object.fromEntries(['ANTHROPIC', 'OPENAI', 'GEMINI', 'NVIDIA'].map((name) => [`${name}_API_KEY`, 'none']))

const createToken = () => new SignJWT({}).setSubject('ada').setIssuedAt().setExpirationTime('1h')

/** Copies what the Dockerfile copies, and installs it. */
async function install(folder: string): Promise<void> {
  for (const name of ['package.json', 'package-lock.json', 'plugins', 'src']) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true })
  }
  const args = ['ci', '--omit=dev', '--omit=optional', '--no-audit', '--no-fund']
  const npm = spawn('npm', args, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' })
  const [code] = (await once(npm, 'exit')) as [number]
  if (code !== 0) throw new Error('npm ci failed.')
}

/** Starts a process and waits for the line that says it serves. If the process ends first, the error has its output. */
async function launch(command: string, args: string[], env: NodeJS.ProcessEnv, cwd: string, ready: RegExp) {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  for await (const line of createInterface(child.stdout)) {
    said += `${line}\n`
    const found = ready.exec(line)
    if (!found) continue
    child.stdout.resume()
    return { child, found: found[1] ?? '' }
  }
  throw new Error(`${command} did not start:\n${said}`)
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`The process ended with ${code}.`)
}

/** Finds a port that was free a moment ago. */
async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** Starts the service with these variables, asks for a reply with the token, and stops it. */
async function ask(folder: string, env: Record<string, string>, token: string): Promise<void> {
  const { PATH } = process.env
  const all = { PATH, NODE_ENV: 'production', PORT: '0', CONFIG_BRAIN_PACE_MS: '0', ...KEYS, ...env }
  const server = await launch(process.execPath, ['src/server.ts'], all, folder, /serves on (http:[^ ]+)/)
  try {
    const post = async (path: string, body: object, authorization = `Bearer ${token}`) => {
      const headers = { 'content-type': 'application/json', authorization }
      const response = await fetch(server.found + path, { method: 'POST', headers, body: JSON.stringify(body) })
      return { status: response.status, text: await response.text() }
    }
    if ((await post('/chat/start', {}, '')).status !== 401)
      throw new Error('The service let in a caller without a token.')
    const { session_id } = JSON.parse((await post('/chat/start', {})).text) as { session_id: string }
    const { text } = await post('/chat/stream', { session_id, message: 'Hello', brain: 'config' })
    if (!text.includes('"done":true')) throw new Error(`There was no reply: ${text}`)
  } finally {
    await stop(server.child)
  }
}

async function check(folder: string): Promise<void> {
  await install(folder)
  const port = await findPort()
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder]
  const redis = await launch('redis-server', args, process.env, folder, /Ready to accept/)
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] })
  const issuer = createServer((_request, response) => response.end(keys)).listen(0, '127.0.0.1')
  await once(issuer, 'listening')
  try {
    const shared = { REDIS_URL: `redis://127.0.0.1:${port}`, OLLAMA_BASE_URL: 'http://127.0.0.1:9' }
    const bySecret = await createToken().setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(SECRET))
    await ask(folder, { ...shared, JWT_SECRET: SECRET }, bySecret)
    const byKey = await createToken().setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(privateKey)
    const JWKS_URL = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/keys.json`
    await ask(folder, { ...shared, JWKS_URL }, byKey)
  } finally {
    issuer.close()
    await stop(redis.child)
  }
}

const folder = await mkdtemp(join(tmpdir(), 'repartee-production-'))
try {
  await check(folder)
  process.stdout.write('The production install replies.\n')
} finally {
  await rm(folder, { recursive: true, force: true })
}
