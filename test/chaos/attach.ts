/** One connection of a reader's, over bare sockets: it takes events until the end, or leaves after so many bytes. */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { createParser } from 'eventsource-parser'
import { WebSocket } from 'ws'
import type { Json } from '#test/helper.ts'
import type { SeenEvent } from './record.ts'
import type { Cut } from './schedule.ts'

export interface AttachOptions {
  /** `http://…`, without a path. */
  door: string
  token?: string | undefined
  /** Sends a message, or follows a turn. */
  ask: { path: string; body: Json } | { turnId: string }
  /** The offset of the last event that the reader has. */
  after: string | null
  cutAfter: number | null
  how: Cut
  /** Epoch milliseconds at which the reader has had enough. */
  deadline: number
  /** Hears that the turn was accepted, and which it is. */
  onTurn: (turnId: string) => void
  onEvent: (event: SeenEvent) => void
}

export interface Attached {
  /** As an `Attach`'s ending. */
  ending: string
  /** The turn that a refusal names. */
  turnId: string | null
}

/** Milliseconds without a byte after which a reader tries another connection. */
const PATIENCE_MS = 3_000
/** Milliseconds that a reader stays after the terminal event: nothing may follow it. */
const LINGER_MS = 30
/** Of a connection that is closed on one side only, until the other side is closed too. */
const HALF_OPEN_MS = 200

/** Calls `finish` when the reader has waited for too long. */
function startPatience(deadline: number, finish: (ending: string) => void) {
  let timer: NodeJS.Timeout
  const restart = () => {
    clearTimeout(timer)
    timer = setTimeout(() => finish('silent'), Math.max(0, Math.min(PATIENCE_MS, deadline - Date.now())))
  }
  restart()
  return { restart, stop: () => clearTimeout(timer) }
}

/** Resolves once, with the first ending. */
function createEnding(deadline: number) {
  const { promise, resolve } = Promise.withResolvers<Attached>()
  let isOver = false
  const finish = (ending: string, turnId: string | null = null) => {
    isOver = true
    patience.stop()
    resolve({ ending, turnId })
  }
  const patience = startPatience(deadline, finish)
  return { ended: promise, finish, heard: () => patience.restart(), isOver: () => isOver }
}

export function attachSse(options: AttachOptions): Promise<Attached> {
  const { ask, after, cutAfter, how, deadline, token, onTurn, onEvent } = options
  const { ended, finish, heard, isOver } = createEnding(deadline)
  const isSend = 'path' in ask
  const request = httpRequest(`${options.door}${isSend ? ask.path : `/chat/turns/${ask.turnId}/stream`}`, {
    method: isSend ? 'POST' : 'GET',
    agent: false,
    headers: {
      accept: 'text/event-stream',
      ...(isSend && { 'content-type': 'application/json' }),
      ...(after !== null && { 'last-event-id': after }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
  })
  request.on('error', () => finish('unreachable'))
  request.on('response', (response) => {
    const turnId = response.headers['x-turn-id'] as string | undefined
    if (response.statusCode === 204) return finish('nothing_left')
    if (response.statusCode !== 200) return void refuse(response, finish)
    if (turnId) onTurn(turnId)
    const decoder = new TextDecoder()
    const parser = createParser({
      onEvent: ({ id, data }) => {
        if (isOver()) return
        const frame = JSON.parse(data) as Json
        const event = toEvent(frame, id ?? null)
        if (!event) return finish(String(frame.code))
        onEvent(event)
        if (event.type !== 'token') setTimeout(() => finish('end'), LINGER_MS)
      },
    })
    let taken = 0
    response.on('error', () => finish('lost'))
    response.on('close', () => finish(response.complete ? 'closed' : 'lost'))
    response.on('data', (chunk: Buffer) => {
      if (isOver()) return
      heard()
      const part = cutAfter === null ? chunk : chunk.subarray(0, Math.max(0, cutAfter - taken))
      taken += chunk.length
      parser.feed(decoder.decode(part, { stream: true }))
      if (cutAfter === null || taken < cutAfter) return
      finish('cut')
      leave(response.socket, how)
    })
  })
  request.end(isSend ? JSON.stringify(ask.body) : undefined)
  return ended.finally(() => setTimeout(() => request.destroy(), HALF_OPEN_MS))
}

async function refuse(response: IncomingMessage, finish: (code: string, turnId: string | null) => void): Promise<void> {
  let text = ''
  response.on('error', () => {})
  try {
    for await (const chunk of response.setEncoding('utf8')) text += chunk as string
    const { code, turn_id } = JSON.parse(text) as Json
    finish(String(code), (turn_id as string | undefined) ?? null)
  } catch {
    finish('unreachable', null)
  }
}

function leave(socket: Socket, how: Cut): void {
  if (how === 'reset') socket.resetAndDestroy()
  else if (how === 'fin') socket.destroy()
  else socket.end()
}

export function attachWebSocket(options: AttachOptions): Promise<Attached> {
  const { ask, after, cutAfter, how, deadline, token, onTurn, onEvent } = options
  const { ended, finish, heard, isOver } = createEnding(deadline)
  const socket = new WebSocket(`${options.door.replace('http', 'ws')}/ws`, {
    ...(token && { headers: { authorization: `Bearer ${token}` } }),
  })
  let raw: Socket | undefined
  socket.once('upgrade', (response) => (raw = response.socket))
  socket.on('error', () => finish('unreachable'))
  socket.on('close', () => finish('lost'))
  let taken = 0
  let isStarted = false
  socket.on('message', (bytes: Buffer) => {
    if (isOver()) return undefined
    heard()
    taken += bytes.length
    if (cutAfter !== null && taken > cutAfter && raw) {
      finish('cut')
      return leave(raw, how)
    }
    const { event, data } = JSON.parse(bytes.toString()) as { event: string; data: Json }
    if (event === 'connected') return socket.send(JSON.stringify(toCommand(ask, after)))
    if (event === 'chat_start') {
      onTurn(data.turn_id as string)
      isStarted = true
      return undefined
    }
    const seen = toEvent(data, (data.offset as string | undefined) ?? null)
    if (!seen) return finish(String(data.code), isStarted ? null : ((data.turn_id as string | undefined) ?? null))
    onEvent(seen)
    if (seen.type !== 'token') setTimeout(() => finish('end'), LINGER_MS)
    return undefined
  })
  return ended.finally(() => setTimeout(() => socket.terminate(), HALF_OPEN_MS))
}

function toCommand(ask: AttachOptions['ask'], after: string | null): object {
  const more = after === null ? {} : { after }
  if ('path' in ask) return { event: 'chat_stream', data: { ...ask.body, ...more } }
  return { event: 'chat_resume', data: { turn_id: ask.turnId, ...more } }
}

/** Undefined for what has no offset: a refusal, or a dismissal. */
function toEvent(frame: Json, offset: string | null): SeenEvent | undefined {
  if (offset === null) return undefined
  const seen = { offset, at: Date.now() }
  if (typeof frame.token === 'string')
    return { ...seen, type: 'token', count: frame.count as number, text: frame.token, code: '' }
  if (frame.done)
    return { ...seen, type: 'done', count: 0, text: frame.full_text as string, code: frame.finish_reason as string }
  return { ...seen, type: 'error', count: 0, text: frame.partial_text as string, code: frame.code as string }
}
