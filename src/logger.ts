/** The log: one JSON line per event on stdout, without query strings, tokens, or anything that was said. */
import type { Config } from './config.ts'

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

export function toLoggerOptions(level: Config['LOG_LEVEL']) {
  return {
    level,
    serializers: {
      req: ({ method, url, id }: Requested) => ({ method, path: url.split('?')[0], id }),
      err: toError,
    },
  }
}
