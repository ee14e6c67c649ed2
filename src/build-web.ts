/**
 * Builds the chat page into `dist/web`: `npm run build:web`. With `--if-needed`, as `npm start` does, only when it is
 * missing or older than its sources, and not where its tools are not installed (`npm install --omit=dev`).
 */
import { existsSync, globSync, statSync } from 'node:fs'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'

const ROOT = join(import.meta.dirname, '..')
const SOURCE = join(import.meta.dirname, 'web')
const DIRECTORY = join(ROOT, 'dist', 'web')
const PAGE = join(DIRECTORY, 'index.html')
const SOURCES = 'src/{web,client}/**/*.{ts,tsx,css,html,svg}'

/** Bytes; below it compression gains nothing. */
const MIN_BYTES = 1024

/** Builds the page where it is missing or old, and can be built. */
export async function buildWebIfNeeded(): Promise<void> {
  if (!isBuilt() && existsSync(join(ROOT, 'node_modules', 'vite'))) await buildWeb()
}

function isBuilt(): boolean {
  if (!existsSync(PAGE)) return false
  const builtAt = statSync(PAGE).mtimeMs
  return globSync(SOURCES, { cwd: ROOT }).every((path) => statSync(join(ROOT, path)).mtimeMs < builtAt)
}

/** Built aside and put in place at once: a service that is running serves the old one or the new one. */
async function buildWeb(): Promise<void> {
  const aside = `${DIRECTORY}.${process.pid}`
  const old = `${aside}.old`
  try {
    await bundle(aside)
    await compress(join(aside, 'assets'))
    if (existsSync(DIRECTORY)) await rename(DIRECTORY, old)
    await rename(aside, DIRECTORY)
  } finally {
    await rm(aside, { recursive: true, force: true })
    await rm(old, { recursive: true, force: true })
  }
}

async function bundle(outDir: string): Promise<void> {
  const { build } = await import('vite')
  await build({
    configFile: false,
    root: SOURCE,
    // Relative, so that the page works under any path of a proxy's.
    base: './',
    logLevel: 'warn',
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      // Data in an address would need a hole in the page's policy.
      assetsInlineLimit: 0,
      modulePreload: false,
    },
  })
}

/** Compresses once what would else be compressed for every browser. */
async function compress(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const bytes = await readFile(join(directory, name))
    if (bytes.length < MIN_BYTES) continue
    await writeFile(join(directory, `${name}.br`), await promisify(brotliCompress)(bytes))
    await writeFile(join(directory, `${name}.gz`), await promisify(gzip)(bytes, { level: 9 }))
  }
}

if (import.meta.main) {
  const isOnlyIfNeeded = process.argv.includes('--if-needed')
  await (isOnlyIfNeeded ? buildWebIfNeeded() : buildWeb()).catch((error: Error) => {
    process.stderr.write(`The chat page cannot be built: ${error.message}\n`)
    // The service serves without it, too.
    process.exitCode = isOnlyIfNeeded ? 0 : 1
  })
}
