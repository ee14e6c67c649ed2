/** `npm run dev`: the server, started anew whenever its code or a persona is edited. */
import { spawn } from 'node:child_process'
import { loadConfig, loadEnvFile } from './config.ts'

loadEnvFile()
const { PERSONAS_DIR } = loadConfig(process.env)
const watched = ['src', 'plugins', ...(PERSONAS_DIR ? [PERSONAS_DIR] : [])]
spawn(process.execPath, ['--watch', ...watched.map((path) => `--watch-path=${path}`), 'src/server.ts'], {
  stdio: 'inherit',
})
