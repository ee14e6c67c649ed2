/** The README of the brains is followed: its example is put where it says, checked, and held to the brains' contract. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import type { Brain } from '#src/chat/brain.ts'
import type { Asked, Dialect } from '#test/provider/dialect.ts'
import { describeBrain } from '#test/suites/brain.ts'

const ROOT = join(import.meta.dirname, '../..')
const README = readFileSync(join(ROOT, 'src/brains/README.md'), 'utf8')
const house = makeHouse()

afterAll(() => rmSync(house, { recursive: true }))

/** A house of links to this one, with one brain more. */
function makeHouse(): string {
  const directory = mkdtempSync(join(tmpdir(), 'repartee-brain-'))
  mkdirSync(join(directory, 'src/brains'), { recursive: true })
  const links = ['package.json', 'tsconfig.json', 'node_modules', 'src/chat']
  const room = readdirSync(join(ROOT, 'src/brains')).map((name) => `src/brains/${name}`)
  for (const path of [...links, ...room]) symlinkSync(join(ROOT, path), join(directory, path))
  const [, example = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(README) ?? []
  writeFileSync(join(directory, 'src/brains/parrot.ts'), example)
  return directory
}

interface Parrot {
  createParrotBrain: (options: { apiKey: string; baseURL: string }) => Brain
}

const { createParrotBrain } = (await import(join(house, 'src/brains/parrot.ts'))) as Parrot

const encodeFrame = (json: unknown) => `data: ${JSON.stringify(json)}\n\n`

const ENDS = { stop: 'done', length: 'full', content_filter: 'rude' }

const dialect: Dialect = {
  basePath: '',
  encode({ deltas, finish = 'stop', usage = { inputTokens: 7, outputTokens: 3 } }) {
    const frames = deltas.map((word) => encodeFrame({ word }))
    const counts = usage && { heard: usage.inputTokens, said: usage.outputTokens }
    const end = finish === null ? [] : [encodeFrame({ end: ENDS[finish], ...counts })]
    return { frames: [...frames, ...end, ': bye\n\n'], terminal: frames.length }
  },
  toAsked(body) {
    const { model, system, messages, maxTokens } = body as Omit<Asked, 'stream'>
    return { model, system, messages, maxTokens, stream: true }
  },
  encodeError: () => JSON.stringify({ error: 'no' }),
  errorFrame: encodeFrame({ error: 'overloaded' }),
  halfFrame: 'data: {"word": "cut\n\n',
  noise: [': keep-alive\n\n', encodeFrame({}), encodeFrame({ news: 1 })],
  checkBody: JSON.stringify({ data: [{ id: 'grey' }] }),
}

describeBrain({
  name: 'The README’s brain',
  dialect,
  step: 7,
  makeBrain: (baseURL) => createParrotBrain({ apiKey: 'sk-test-key', baseURL }),
})

describe('the README of the brains', () => {
  it('has an example that compiles', async () => {
    await expect(promisify(execFile)('tsc', ['--noEmit', '--project', house])).resolves.toMatchObject({ stdout: '' })
  })

  it('is short, and leads where there is something', () => {
    expect(README.trimEnd().split('\n').length).toBeLessThanOrEqual(60)
    for (const [, path] of README.matchAll(/\]\(([^)]+)\)/g)) {
      expect(() => readFileSync(join(ROOT, 'src/brains', path!))).not.toThrow()
    }
    for (const [, path] of README.matchAll(/`((?:test\/)?[\w/-]+\.ts)`/g)) {
      if (path === 'parrot.ts') continue
      expect(() => readFileSync(join(ROOT, path!.startsWith('test/') ? '' : 'src/brains', path!))).not.toThrow()
    }
  })
})
