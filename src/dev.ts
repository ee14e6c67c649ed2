/** `npm run dev`: the server, started anew whenever its code or a persona is edited. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { loadConfig } from './config.ts'
import { loadEnvFile } from './env-file.ts'

function watch(): void {
  loadEnvFile(process.env)
  const { PERSONAS_DIR } = loadConfig(process.env)
  // The server reports a directory that is missing.
  const watched = ['src', 'plugins', ...(PERSONAS_DIR && existsSync(PERSONAS_DIR) ? [PERSONAS_DIR] : [])]
  const child = spawn(
    process.execPath,
    ['--watch', ...watched.map((path) => `--watch-path=${path}`), 'src/server.ts'],
    { stdio: 'inherit' },
  )
  // Node's watcher passes them on to the server, which drains.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => process.exit(code ?? 1))
}

try {
  watch()
} catch (error) {
  process.stderr.write(`Repartee cannot start: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
