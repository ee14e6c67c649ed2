/** Every patch still fits; that each turns its check red is shown by `npm run test:sabotage`. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { copyTree } from './copy.ts'
import { SABOTAGES, toFile } from './sabotages.ts'

const hasGit = spawnSync('git', ['--version']).status === 0

describe('sabotage', () => {
  it('has a patch for each entry, and an entry for each patch', () => {
    const patches = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.patch'))
    expect(patches.toSorted()).toEqual(SABOTAGES.map(toFile).toSorted())
  })

  it.skipIf(!hasGit)('can be done: every patch fits', async () => {
    const copy = await copyTree(['src', 'plugins'])
    onTestFinished(() => copy.remove())
    for (const sabotage of SABOTAGES) await copy.apply(toFile(sabotage), { isTrial: true })
  })
})
