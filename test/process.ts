/** The service as a process of its own: to be asked over sockets, and killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { UNLIMITED } from './helper.ts'

export const ROOT = join(import.meta.dirname, '..')

const SERVER: readonly string[] = ['node', join(ROOT, 'src', 'server.ts')]

export interface ServerProcess {
  /** Where it serves; empty while it does not. */
  readonly url: string
  readonly pid: number
  /** Everything that it has written to stdout and stderr. */
  output(): string
  /** Resolves when it has written this, and rejects when it exits before. */
  says(text: string): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** The exit code; null after a signal. */
  exited: Promise<number | null>
}

/** Takes what is to be done when whoever uses something is done with it. */
export type OnOver = (end: () => void | Promise<void>) => void

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The whole group has ended.
  }
}

/** A directory of the test's own, gone when it ends. */
export async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'repartee-test-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

export interface StartOptions {
  /** Whether the start is to fail: then nothing waits until it serves. */
  isToFail?: boolean
  onOver?: OnOver
  /** The command to run in place of `node src/server.ts`. */
  command?: readonly string[]
  cwd?: string
}

/**
 * Starts the service on a free port and waits until it serves; it is killed with all of its processes when the test
 * ends, or when `onOver` says so.
 */
export async function startServer(
  env: Record<string, string> = {},
  { isToFail = false, onOver = onTestFinished, command = SERVER, cwd = ROOT }: StartOptions = {},
): Promise<ServerProcess> {
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    cwd,
    // In a group of its own, so that its children can be killed, too.
    detached: command !== SERVER,
    env: {
      PATH: process.env.PATH,
      // Servers start again and again here: compiled once, they need two thirds of the time.
      NODE_COMPILE_CACHE: join(tmpdir(), 'repartee-compile-cache'),
      PORT: '0',
      SQLITE_PATH: ':memory:',
      CONFIG_BRAIN_PACE_MS: '0',
      ...UNLIMITED,
      ...env,
    },
  })
  let written = ''
  onOver(() => {
    if (command === SERVER) child.kill('SIGKILL')
    else if (child.pid) killGroup(child.pid)
    expect(written, 'a warning of Node’s').not.toMatch(/^\(node:\d+\) .*Warning/m)
  })
  const listeners = new Set<() => void>()
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text: string) => {
      written += text
      for (const listener of listeners) listener()
    })
  }
  const exited = once(child, 'close').then(([code]) => code as number | null)

  const says = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!written.includes(text)) return
        listeners.delete(look)
        resolve()
      }
      listeners.add(look)
      void exited.then(() => reject(new Error(`The server exited without saying "${text}":\n${written}`)))
      look()
    })

  if (!isToFail) await says('Repartee serves on')
  return {
    url: /http:\/\/[\d.]+:\d+/.exec(written)?.[0] ?? '',
    pid: child.pid ?? 0,
    output: () => written,
    says,
    kill: (signal) => void child.kill(signal),
    exited,
  }
}
