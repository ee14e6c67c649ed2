/** What is published: built as it is, used as its README says, by Node and by the compiler. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService } from '#test/helper.ts'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** A project that has the package installed. Its dependency is found in the directories above. */
let project = ''
let directory = ''

beforeAll(async () => {
  project = await mkdtemp(join(ROOT, 'node_modules', '.client-'))
  directory = join(project, 'node_modules', '@repartee', 'client')
  await mkdir(directory, { recursive: true })
  await run('node', ['src/build-client.ts', directory], { cwd: ROOT })
  await writeFile(join(project, 'package.json'), '{"type": "module"}')
})

afterAll(() => rm(project, { recursive: true }))

async function findBlocks(language: string): Promise<string[]> {
  const readme = await readFile(join(directory, 'README.md'), 'utf8')
  return [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , code]) => code!)
}

const CONSUMER = `
import { createClient, type DoneFrame, ReparteeError, type Reply } from '@repartee/client'

const client = createClient({ baseUrl: 'http://127.0.0.1:5001', transport: 'websocket', token: async () => 'token' })

export async function talk(): Promise<string> {
  const { session_id } = await client.start({ persona: 'default' })
  const reply: Reply = client.send(session_id, 'Hi', { if_busy: 'stop', signal: new AbortController().signal })
  for await (const frame of reply) {
    if (frame.token !== undefined) reply.text.concat(frame.token, frame.count.toFixed())
    if (frame.done) frame.full_text.trim()
  }
  const done: DoneFrame = await reply.done.catch((error: unknown) => {
    throw error instanceof ReparteeError && error.code === 'interrupted' ? new Error(error.partialText) : error
  })
  return done.full_text
}

// @ts-expect-error there is no such option
createClient({ transport: 'pigeon' })
`

describe('the published package', () => {
  it('depends on one other, and on nothing of the service', async () => {
    const { name, exports, dependencies } = JSON.parse(
      await readFile(join(directory, 'package.json'), 'utf8'),
    ) as Record<string, unknown>
    expect({ name, exports }).toEqual({
      name: '@repartee/client',
      exports: { '.': { types: './index.d.ts', default: './index.js' } },
    })
    expect(Object.keys(dependencies as object)).toEqual(['eventsource-parser'])
  })

  it('runs as its README says, in Node without anything else, and lets it end', async () => {
    const { url } = await startService()
    const [example] = await findBlocks('js')
    for (const transport of ['sse', 'websocket']) {
      const code = example!.replace("'http://127.0.0.1:5001'", `'${url}', transport: '${transport}'`)
      const file = join(project, `${transport}.js`)
      await writeFile(file, transport === 'sse' ? code : `${code}client.close()\n`)
      const { stdout } = await run('node', [file], { timeout: 10_000 })
      expect(stdout).toMatch(/\n\d+ tokens in [\d.]+ s\n$/)
    }
  })

  it.each([
    ['a browser', ['--lib', 'es2022,dom', '--module', 'esnext', '--moduleResolution', 'bundler']],
    ['Node', ['--lib', 'es2024', '--types', 'node', '--module', 'nodenext']],
  ])('has types that hold in %s', async (name, options) => {
    const file = join(project, `${name.replace(' ', '-')}.ts`)
    await writeFile(file, CONSUMER)
    const common = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--ignoreConfig']
    const { stdout } = await run('tsc', [...common, ...options, file], { cwd: project }).catch(
      (error: { stdout: string }) => error,
    )
    expect(stdout).toBe('')
  })
})
