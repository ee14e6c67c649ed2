/** Builds what is published as `@repartee/client`: `npm run build:client [-- DIRECTORY]`, by default `dist/client`. */
import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '..')
const SOURCE = join(import.meta.dirname, 'client')

/** What of the service's own package.json is said of the client, too. */
interface Package {
  version: string
  license: string
  dependencies: Record<string, string>
}

async function build(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  await promisify(execFile)(process.execPath, [tsc, '-p', SOURCE, '--outDir', directory])
  const service = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Package
  await writeFile(join(directory, 'package.json'), `${JSON.stringify(toPackage(service), null, 2)}\n`)
  await cp(join(SOURCE, 'README.md'), join(directory, 'README.md'))
}

function toPackage({ version, license, dependencies }: Package): object {
  const name = 'eventsource-parser'
  return {
    name: '@repartee/client',
    version,
    description: 'Reads the replies of a Repartee service to their end, whatever happens on the way.',
    license,
    type: 'module',
    sideEffects: false,
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
    // For tools that do not know exports.
    main: './index.js',
    types: './index.d.ts',
    dependencies: { [name]: dependencies[name] },
  }
}

build(resolve(process.argv[2] ?? join(ROOT, 'dist', 'client'))).catch((error: Error & { stdout?: string }) => {
  process.stderr.write(`${error.stdout || error.message}\n`)
  process.exitCode = 1
})
