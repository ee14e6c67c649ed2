/** Where a client's token stands in what it sends. Never in a query string, which logs and histories keep. */
import type { IncomingHttpHeaders } from 'node:http'

const BEARER = /^bearer(?:\s+(.*))?$/i

/** A page cannot set headers on a WebSocket, but can name sub-protocols. */
const SUB_PROTOCOL = 'bearer.'

/** The token of a request. Undefined where there is none; another scheme than `Bearer` is someone else's affair. */
export function toToken({ authorization }: IncomingHttpHeaders): string | undefined {
  const [bearer, token = ''] = BEARER.exec(authorization ?? '') ?? []
  return bearer === undefined ? undefined : token
}

/** The token of a request that opens a WebSocket. */
export function toSocketToken(headers: IncomingHttpHeaders): string | undefined {
  const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? []
  return toToken(headers) ?? offered.find((name) => name.startsWith(SUB_PROTOCOL))?.slice(SUB_PROTOCOL.length)
}
