/** `npm run test:fuzz -- [--seed n] [--requests 6000]`: every endpoint and event, on both stores, open and signed in. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startRedis } from '#test/stores/redis.ts'
import { fuzz, MAX_GROWN_MB } from './fuzz.ts'

const { values: options } = parseArgs({
  options: { seed: { type: 'string' }, requests: { type: 'string', default: '6000' } },
})
const seed = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31) + 1)
const say = (line: string) => void process.stdout.write(`${line}\n`)
say(`seed ${seed}, ${new Date().toISOString()}`)

const folder = await mkdtemp(join(tmpdir(), 'repartee-fuzz-'))
const redis = await startRedis()
const ends: (() => void | Promise<void>)[] = [() => redis.close(), () => rm(folder, { recursive: true })]
try {
  for (const isSignedIn of [false, true]) {
    for (const name of ['SQLite', 'Redis']) {
      const prefix = isSignedIn ? 'signed-in' : 'open'
      const store =
        name === 'Redis' ? { REDIS_URL: redis.url, REDIS_PREFIX: prefix } : { SQLITE_PATH: join(folder, prefix) }
      const connections = Math.ceil(Number(options.requests) / 4)
      const report = await fuzz({ seed, connections, isSignedIn, store, onOver: (end) => void ends.unshift(end) })
      const { faults, slowestHealthMs, grownMb, untouched } = report
      say(`${name}, ${prefix}: ${connections} connections, /health ${slowestHealthMs} ms at worst, ${grownMb} MB grown`)
      if (untouched.length > 0) say(`  never done: ${untouched.join(', ')}`)
      for (const [fault, { count, smallest }] of faults)
        say(`  ${count} × ${fault}\n      ${JSON.stringify(smallest.slice(0, 600))}`)
      if (faults.size > 0 || slowestHealthMs > 1_000 || grownMb > MAX_GROWN_MB) process.exitCode = 1
    }
  }
} finally {
  for (const end of ends) await end()
}
