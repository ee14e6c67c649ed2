/**
 * `npm run test:chaos -- [--seed n] [--waves n] [--turns 50] [--lease 1] [--only calamity] [--from wave] [--minutes n]`,
 * or against a service that runs already: `--url https://… [--url …] [--token …]`, where nothing breaks but readers.
 */
import { parseArgs } from 'node:util'
import { addUp, type Finding } from './checker.ts'
import { CALAMITIES, type Calamity } from './schedule.ts'
import { storm } from './storm.ts'
import { visit } from './visit.ts'
import { toTable } from './table.ts'

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string' },
    waves: { type: 'string' },
    from: { type: 'string', default: '0' },
    turns: { type: 'string', default: '50' },
    lease: { type: 'string', default: '1' },
    only: { type: 'string' },
    minutes: { type: 'string' },
    url: { type: 'string', multiple: true },
    token: { type: 'string' },
  },
})

const seed = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31) + 1)
const say = (line: string) => void process.stdout.write(`${line}\n`)
const only = CALAMITIES.find((calamity) => calamity === options.only)
if (options.only !== undefined && !only) throw new Error(`There is no such calamity: ${options.only}`)

say(`seed ${seed}, ${new Date().toISOString()}`)
const waves = Number(options.waves ?? (options.url ? 1 : CALAMITIES.length))
const common = { seed, turns: Number(options.turns), waves, say }
// Ctrl-C ends it after the wave that is under way, and tells what was found until then; a second one ends it at once.
const leaving = new AbortController()
process.once('SIGINT', () => leaving.abort())
const findings: Finding[][] = options.url
  ? await visit({ ...common, urls: options.url, token: options.token })
  : await storm({
      ...common,
      from: Number(options.from),
      leaseS: Number(options.lease),
      signal: leaving.signal,
      minutes: options.minutes === undefined ? null : Number(options.minutes),
      ...(only && { only: only satisfies Calamity }),
    })

const all = addUp(findings)
say(toTable(all))
process.exitCode = all.some(({ breaches }) => breaches.length > 0) ? 1 : 0
