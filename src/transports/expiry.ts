/** Readers over HTTP go by the token that their request came with: when its time is over, they are sent away. */
import type { ServerResponse } from 'node:http'
import type { LogReader } from '#src/chat/turn-log.ts'
import { type Identity, tokenExpired, whenExpired } from '#src/identity/identity.ts'

/** The answer that a reader is for. */
export interface Answer {
  raw: ServerResponse
  request: { identity: Identity | null }
}

/** Sends the reader away when the token's time is over, unless the response is done before. */
export function dismissWhenExpired(reader: LogReader, { raw, request }: Answer): void {
  if (!request.identity) return
  const cancel = whenExpired(request.identity, () => reader.dismiss(tokenExpired()))
  raw.once('close', cancel)
  if (raw.destroyed) cancel()
}
