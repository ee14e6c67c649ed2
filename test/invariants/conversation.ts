/** What the tests of a turn's state ask again and again. */
import { openai } from '#test/provider/openai.ts'
import type { Asked } from '#test/provider/dialect.ts'
import type { Provider, ProviderRequest } from '#test/provider/provider.ts'
import { call, type Frame, type Json, openStream, type Stream } from '#test/helper.ts'

export const NEGOTIATED = { accept: 'text/event-stream' }

/** Sends a message and reads its stream; further fields and headers as given. */
export function send(url: string, sessionId: string, message: string, more: Json = {}, headers: Json = {}) {
  return openStream(`${url}/chat/stream`, { session_id: sessionId, message, ...more }, headers)
}

/** Sends a message and waits for the whole answer. */
export function ask(url: string, sessionId: string, message: string, more: Json = {}, headers: Json = {}) {
  return call(`${url}/chat/message`, 'POST', { session_id: sessionId, message, ...more }, headers)
}

export function follow(url: string, turnId: string, query = '', headers: Json = {}): Promise<Stream> {
  return openStream(`${url}/chat/turns/${turnId}/stream${query}`, undefined, headers)
}

/** Resolves when the turn has its end: a dead process's turns are ended soon after a start, or when its lease is over. */
export async function untilEnded(url: string, turnId: string): Promise<void> {
  await (await follow(url, turnId)).rest()
}

export function turnIdOf(stream: Stream): string {
  return stream.headers['x-turn-id'] as string
}

export async function getTurn(url: string, turnId: string): Promise<Json> {
  return (await call(`${url}/chat/turns/${turnId}`)).body
}

export interface Said {
  message_id: string
  turn_id: string
  role: string
  content: string
  status: string
  alternatives?: Said[]
}

export async function history(url: string, sessionId: string): Promise<Said[]> {
  const { body } = await call(`${url}/chat/sessions/${sessionId}?messages=1000`)
  return body.messages as Said[]
}

/** The history as lines such as "assistant stopped: Hello". */
export async function transcript(url: string, sessionId: string): Promise<string[]> {
  return toLines(await history(url, sessionId))
}

export function toLines(messages: Said[]): string[] {
  return messages.map(({ role, status, content }) => `${role} ${status}: ${content}`)
}

/** How often a reply was asked for. */
export function asks(provider: Provider): number {
  return provider.requests.filter(({ method }) => method === 'POST').length
}

export function askedOf(request: ProviderRequest): Asked {
  return openai.toAsked(request.body)
}

export function last(frames: Frame[]): Json {
  return frames.at(-1)?.data ?? {}
}

/** Rejects when `promise` takes longer than it may. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`It took longer than ${ms} ms`)), ms)
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
