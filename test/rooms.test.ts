/** Holds the house together: who may import whom, what stays out of which room, and how large a thing may grow. */
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

/** Room → the rooms that it may import, beside itself. */
const ARROWS: Record<string, string[]> = {
  'src/chat': [],
  'src/brains': ['src/chat'],
  'src/stores': ['src/chat'],
  'src/personas': ['src/chat'],
  'src/extras': ['src/chat'],
  'src/client': [],
  'src/web': ['src/client'],
  'src/identity': ['src/chat'],
  'src/wire': ['src/chat'],
  'src/transports': ['src/chat', 'src/identity', 'src/wire'],
  src: ['src/identity', 'plugins', 'plugins/routes'],
  plugins: [
    'src',
    'src/chat',
    'src/identity',
    'src/brains',
    'src/stores',
    'src/personas',
    'src/extras',
    'src/wire',
    'src/transports',
  ],
  'plugins/routes': ['src/chat', 'src/extras', 'src/wire', 'src/transports', 'plugins'],
}

/** Packages that a room may import; a room that is not here may import any but Fastify. */
const PACKAGES: Record<string, RegExp> = {
  'src/chat': /^(node:|typebox)/,
  'src/client': /^eventsource-parser$/,
  'src/web': /^(preact|@preact\/signals|marked|dompurify|highlight\.js)/,
}

/** Files that run in a production install. The chat page and the client are built, with development tools. */
const RUN = /^(src\/(?!web\/|client\/|build-)|plugins\/)/

const MAX_FILE_LINES = 300
const MAX_FUNCTION_LINES = 60

interface SourceFile {
  path: string
  room: string
  text: string
  imports: string[]
}

const IMPORT = /(?:from|import)\s*\(?\s*'([^']+)'/g

const files = globSync('{src,plugins}/**/*.{ts,tsx}', { cwd: ROOT }).map(readSource)

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const imports = [...text.matchAll(IMPORT)].map((match) => match[1]!)
  return { path, room: toRoom(path), text, imports }
}

function toRoom(path: string): string {
  const [top = '', second = ''] = path.split('/')
  if (second.includes('.')) return top
  return `${top}/${second}`
}

/** Where an import leads inside the repo; undefined for a package. */
function resolve(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1)
  if (specifier.startsWith('.')) return normalize(join(dirname(from), specifier))
  return undefined
}

describe('rooms', () => {
  it('finds the house', () => {
    expect(files.length).toBeGreaterThan(30)
    expect(files.flatMap(({ imports }) => imports).length).toBeGreaterThan(100)
  })

  it.each(files)('$path imports only along the arrows', ({ path, room, imports }) => {
    const allowed = ARROWS[room]
    expect(allowed, `no arrows are drawn for the room ${room}`).toBeDefined()
    for (const specifier of imports) {
      const target = resolve(path, specifier)
      if (!target || toRoom(target) === room) continue
      expect(allowed, `${path} imports ${target}`).toContain(toRoom(target))
    }
  })

  it.each(files)('$path imports only the packages of its room', ({ path, room, imports }) => {
    const packages = imports.filter((specifier) => !resolve(path, specifier))
    const allowed = PACKAGES[room]
    for (const name of packages) {
      if (allowed) expect(name).toMatch(allowed)
      const knowsFastify = room.startsWith('plugins') || path === 'src/app.ts' || path === 'src/server.ts'
      if (!knowsFastify) expect(name).not.toMatch(/^@?fastify/)
    }
  })

  it.each(files.filter(({ path }) => RUN.test(path)))(
    '$path imports only what a production install has',
    ({ text }) => {
      const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: object }
      // Types are gone when the code runs.
      const code = text.replace(/^(import|export) type [^;=]*? from '.*'$/gm, '')
      const packages = [...code.matchAll(IMPORT)].map(([, name]) => name!).filter((name) => !/^(node:|#|\.)/.test(name))
      for (const name of packages) expect(dependencies).toHaveProperty([/^(@[^/]+\/)?[^/]+/.exec(name)![0]])
    },
  )

  it('crosses rooms by #src and #plugins, not by dots', () => {
    const dotted = files.flatMap(({ path, room, imports }) =>
      imports.filter((specifier) => specifier.startsWith('.') && toRoom(resolve(path, specifier)!) !== room),
    )
    expect(dotted.filter((specifier) => !/^\.\/\w+\//.test(specifier))).toEqual([])
  })

  it('reads the environment in one place', () => {
    const readers = files.filter(({ text }) => text.includes('process.env')).map(({ path }) => path)
    expect(readers.toSorted()).toEqual(['src/ask.ts', 'src/dev.ts', 'src/server.ts', 'src/token.ts'])
  })

  it.each(files)('$path is no longer than a file may be, or says why', ({ text }) => {
    const lines = text.split('\n').length - 1
    const header = /^\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? ''
    expect(header, 'a file opens with what it is').not.toBe('')
    if (!/\blong\b/i.test(header)) expect(lines).toBeLessThanOrEqual(MAX_FILE_LINES)
  })

  it('has no function that is longer than a function may be', async () => {
    const rule = `{"rules":{"max-lines-per-function":["error",{"max":${MAX_FUNCTION_LINES}}]}}`
    const { lint } = await lintWith(rule)
    expect(lint).toEqual([])
  })
})

interface Diagnostic {
  filename: string
  message: string
}

async function lintWith(config: string): Promise<{ lint: Diagnostic[] }> {
  const { mkdtemp, rm, writeFile } = await import('node:fs/promises')
  const directory = await mkdtemp(join(ROOT, 'node_modules', '.rooms-'))
  const path = join(directory, 'oxlint.json')
  try {
    await writeFile(path, config)
    const run = promisify(execFile)('oxlint', ['-A', 'all', '-c', path, '-f', 'json', 'src', 'plugins'], { cwd: ROOT })
    const { stdout } = await run.catch((error: { stdout: string }) => error)
    return { lint: (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics }
  } finally {
    await rm(directory, { recursive: true })
  }
}
