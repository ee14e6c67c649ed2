/**
 * The log: one JSON line per event on stdout, without query strings, tokens, or anything that was said. On a terminal:
 * plain text, and only what the operator should know.
 */
import type { Writable } from 'node:stream'
import type { Config } from './config.ts'
import { splitTarget } from './target.ts'

/** Takes the lines of the log. */
export interface LogStream {
  write(line: string): void
}

interface Requested {
  method: string
  url: string
  id: string
}

/** A stack's frames without its first line: an error's own sentence can quote what a user or a provider said. */
function toError(error: Error & { code?: unknown }) {
  const { name, code, stack = '' } = error
  return { type: name, code, message: '(not logged)', stack: stack.slice(stack.indexOf('\n    at ')).trim() }
}

interface Logged {
  level: number
  msg: string
  err?: { type: string; stack: string }
}

const WARN = 40

/** Returns the path alone: without the query, and without the `http://user:password@host` that may come before it. */
function toPath(url: string): string | undefined {
  return splitTarget(url).path.split(/[?#]/)[0]
}

export function toLoggerOptions(level: Config['LOG_LEVEL']) {
  return {
    level,
    serializers: {
      req: ({ method, url, id }: Requested) => ({ method, path: toPath(url), id }),
      err: toError,
    },
  }
}

/** Creates a stream that writes the log in plain text. */
export function toPlainLog(terminal: Writable): LogStream {
  return { write: (line) => void terminal.write(toPlain(line)) }
}

function toPlain(line: string): string {
  const { level, msg, err } = JSON.parse(line) as Logged
  const details = err ? ` (${err.type})\n${err.stack}` : ''
  return `${level > WARN ? 'Error' : 'Warning'}: ${msg}${details}\n`
}
