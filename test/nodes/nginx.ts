/** nginx with the project's own configuration, before nodes of a test. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { OnOver } from '#test/process.ts'
import { findFreePort } from '#test/stores/redis.ts'

const CONFIGURATION = join(import.meta.dirname, '..', '..', '.docker', 'nginx.conf')

/** Where Debian has it, which is in nobody's path but root's. */
const NGINX = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx'

/** Whether there is an nginx. In CI one must be there. */
export const hasNginx = spawnSync(NGINX, ['-v']).status === 0
if (!hasNginx && process.env.CI === 'true') throw new Error('There is no nginx on this machine.')

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/**
 * Starts it before these nodes and returns its address. Only addresses and folders are others than in the file.
 *
 * @param more further locations
 */
export async function startNginx(urls: readonly string[], onOver: OnOver, more = ''): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'repartee-nginx-'))
  const port = await findFreePort()
  const servers = urls.map((url) => `server ${new URL(url).host} max_fails=0;`).join(' ')
  const folders = TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')
  const configuration = (await readFile(CONFIGURATION, 'utf8'))
    .replaceAll('server repartee:5001 resolve max_fails=0;', servers)
    .replace('listen 5001;', `listen 127.0.0.1:${port};`)
    .replace('location / {', () => `${more}\nlocation / {`)
    .replace('http {', `pid ${folder}/pid;\nhttp { ${folders}`)
  const file = join(folder, 'nginx.conf')
  await writeFile(file, configuration)
  const child = spawn(NGINX, ['-c', file, '-e', 'stderr', '-g', 'daemon off;'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const exited = once(child, 'exit')
  onOver(async () => {
    child.kill('SIGTERM')
    await exited
    await rm(folder, { recursive: true, force: true })
  })
  const url = `http://127.0.0.1:${port}`
  while (!(await isThere(url))) {
    if (child.exitCode !== null) throw new Error(`nginx did not start:\n${said}`)
    await delay(20)
  }
  return url
}

async function isThere(url: string): Promise<boolean> {
  return fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  )
}
