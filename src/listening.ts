/** Says where the service listens, as an address for people, or why it cannot, naming the variable. */
import { isIPv6 } from 'node:net'
import type { Config } from './config.ts'

type Place = Pick<Config, 'HOST' | 'PORT'>

const REASONS: Record<string, (place: Place) => string> = {
  EADDRINUSE: ({ PORT }) => `PORT ${PORT} is in use by another process: stop that one, or set another PORT.`,
  EACCES: ({ PORT }) => `PORT ${PORT} is not allowed for this user: set PORT to a number above 1023.`,
  EADDRNOTAVAIL: ({ HOST }) => `HOST "${HOST}" is not an address of this machine.`,
  ENOTFOUND: ({ HOST }) => `HOST "${HOST}" is neither an address nor a known name: correct it.`,
  EAI_AGAIN: ({ HOST }) => `HOST "${HOST}" is a name that cannot be looked up: the name server does not answer.`,
}

/** Turns the error of a failed listen into a sentence; any other error stays as it is. */
export function toListenError(error: unknown, place: Place): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException
  const reason = REASONS[code]
  if (reason) return new Error(reason(place), { cause: error })
  return code ? new Error(`HOST "${place.HOST}" and PORT ${place.PORT} cannot be used (${message}).`) : error
}

/** Returns the address to open in a browser on this machine. */
export function toAddress({ HOST, BASE_PATH }: Pick<Config, 'HOST' | 'BASE_PATH'>, port: number): string {
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[HOST] ?? HOST
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}${BASE_PATH && `${BASE_PATH}/`}`
}
