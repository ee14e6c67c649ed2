/**
 * `npm run test:sabotage [-- <invariant> …]`: breaks a copy of the service in one place after the other, and tells
 * whether the check of that promise turns red. A check that stays green holds nothing.
 */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { copyTree } from './copy.ts'
import { type Sabotage, SABOTAGES, toFile } from './sabotages.ts'

const ENTRIES = ['src', 'plugins', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']
const PATIENCE_MS = 300_000

const say = (line: string) => void process.stdout.write(`${line}\n`)

interface Outcome {
  isRed: boolean
  seconds: number
  output: string
}

async function tryOut({ invariant, check }: Sabotage, patch: string | null): Promise<Outcome> {
  const copy = await copyTree(ENTRIES)
  const startedAt = Date.now()
  try {
    if (patch !== null) await copy.apply(patch)
    const { code, output } = await run(copy.path, check)
    const isRed = 'test' in check ? code === 1 : output.includes(`\n! ${invariant}: `)
    return { isRed, output, seconds: Math.round((Date.now() - startedAt) / 1_000) }
  } finally {
    await copy.remove()
  }
}

async function run(cwd: string, check: Sabotage['check']): Promise<{ code: number | null; output: string }> {
  const args =
    'test' in check ? ['node_modules/vitest/vitest.mjs', 'run', check.test] : ['test/chaos/run.ts', ...check.storm]
  const child = spawn('node', args, { cwd, stdio: ['ignore', 'pipe', 'inherit'], timeout: PATIENCE_MS })
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  const output = await text(child.stdout)
  return { code: await exited, output }
}

const wanted = process.argv.slice(2).map(Number)
const chosen = SABOTAGES.filter(({ invariant }) => wanted.length === 0 || wanted.includes(invariant))
if (chosen.length === 0) throw new Error('There is no sabotage of that number.')

say('| promise | what is broken | check | it turned |')
say('| --- | --- | --- | --- |')
for (const sabotage of chosen) {
  const { invariant, name, breaks, check } = sabotage
  // A check that is red on its own would seem to notice anything.
  const whole = await tryOut(sabotage, null)
  const { isRed, seconds, output } = whole.isRed ? whole : await tryOut(sabotage, toFile(sabotage))
  const what = 'test' in check ? check.test : `storm, ${check.storm.at(-1)}`
  const turned = whole.isRed ? '**red before it was broken**' : isRed ? 'red' : '**not red**'
  say(`| ${invariant}. ${name} | ${breaks} | ${what} | ${turned}, ${seconds} s |`)
  if (isRed && !whole.isRed) continue
  process.exitCode = 1
  process.stderr.write(output)
}
