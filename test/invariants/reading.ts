/** Readers that can be cut at any byte, as connections are. */
import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http'
import { createParser } from 'eventsource-parser'
import { type Frame, type Json, startWithProvider } from '#test/helper.ts'
import type { Script } from '#test/provider/provider.ts'
import type { TestStore } from '#test/stores/each.ts'

/** A service that nobody's limits keep from being asked often. */
export function startUnlimited(script?: Script, env: Record<string, string> = {}) {
  return startWithProvider(script, { RATE_LIMIT_PER_MINUTE: '0', MAX_TURNS_PER_USER: '0', ...env })
}

/** As `startUnlimited`, on this store, in a place of its own. */
export async function startOn(store: TestStore, script?: Script, env: Record<string, string> = {}) {
  return startUnlimited(script, { ...(await store.env()), ...env })
}

export interface Attach {
  url: string
  /** Makes it a POST. */
  body?: unknown
  headers?: Record<string, string>
}

/** How a client leaves: closed both ways, reset, or half closed. */
export const CUTS = ['fin', 'reset', 'half'] as const

export interface Cut {
  /** The client leaves when it has so many bytes of the body, and never sees the next one. */
  afterBytes: number
  how: (typeof CUTS)[number]
}

export interface Part {
  status: number
  headers: IncomingHttpHeaders
  bytes: Buffer
  /** Whether the server ended the response as HTTP wants it. */
  isWhole: boolean
}

/** One request, read to its end or until it is cut. */
export async function attach(what: Attach, cut?: Cut): Promise<Part> {
  return read(await open(what), cut)
}

/** One request of whose body nothing is read until `read` is called. */
export async function attachUnread(what: Attach): Promise<{ read(): Promise<Part> }> {
  const response = await open(what)
  return { read: () => read(response) }
}

async function open({ url, body, headers = {} }: Attach): Promise<IncomingMessage> {
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  const request = httpRequest(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...json, ...headers },
    agent: false,
  })
  request.end(body === undefined ? undefined : JSON.stringify(body))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  request.on('error', () => {})
  return response
}

async function read(response: IncomingMessage, cut?: Cut): Promise<Part> {
  const chunks: Buffer[] = []
  let length = 0
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    length += chunk.length
    if (cut && length >= cut.afterBytes) leave(response, cut.how)
  })
  response.on('error', () => {})
  if (cut?.afterBytes === 0) leave(response, cut.how)
  await new Promise((resolve) => response.once('close', resolve))
  const { statusCode: status = 0 } = response
  return {
    status,
    headers: response.headers,
    bytes: Buffer.concat(chunks).subarray(0, cut?.afterBytes),
    isWhole: response.complete,
  }
}

function leave(response: IncomingMessage, how: Cut['how']): void {
  if (how === 'reset') response.socket.resetAndDestroy()
  else if (how === 'fin') response.socket.destroy()
  else response.socket.end()
}

/** The whole events of a negotiated stream, as a parser that was written to the specification sees them. */
export function parseNegotiated(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = []
  const parser = createParser({
    onEvent: ({ id, data }) => frames.push({ id: id ?? null, data: JSON.parse(data) as Json }),
  })
  parser.feed(new TextDecoder().decode(bytes, { stream: true }))
  return frames
}

/** The whole frames of a bare stream, as a client written by hand reads them. Comments stand between frames. */
export function parseBare(bytes: Uint8Array): Frame[] {
  const blocks = new TextDecoder().decode(bytes, { stream: true }).split('\n\n').slice(0, -1)
  return blocks
    .filter((block) => !block.startsWith(':'))
    .map((block) => ({ id: null, data: JSON.parse(block.replace('data: ', '')) as Json }))
}
