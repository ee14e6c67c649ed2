/**
 * Turns over server-sent events, one request each. By fetch, for an EventSource can neither POST nor send a token.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import { createParser } from 'eventsource-parser'
import { connectionLost, ReparteeError } from './errors.ts'
import type { DoneFrame, ErrorFrame, StartFrame, TokenFrame } from './frames.ts'
import { type Http, type HttpRequest, toQuery } from './http.ts'
import type { Attach, Ending, Expected, Line, Listener } from './line.ts'
import { type Watch, watchConnection } from './watch.ts'

const EVENT_STREAM = 'text/event-stream'

/** Milliseconds for the end of the response after that of the turn: read to its end, a connection can be used again. */
const END_MS = 1_000

export class EventStreamLine implements Line {
  readonly #http: Http
  readonly #silenceMs: number

  constructor(http: Http, silenceMs: number) {
    this.#http = http
    this.#silenceMs = silenceMs
  }

  async attach(attach: Attach, listener: Listener, signal: AbortSignal): Promise<Ending> {
    const leaving = new AbortController()
    const leave = () => leaving.abort()
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave)
    const watch = watchConnection({ silenceMs: this.#silenceMs, onLost: leave })
    try {
      const response = await this.#http.open(toRequest(attach), leaving.signal)
      if (response.status === 204) return 'over'
      listener.start(toStart(response))
      await read(response, listener, watch)
      return 'ended'
    } catch (error) {
      throw error instanceof ReparteeError ? error : connectionLost(error)
    } finally {
      watch.stop()
      signal.removeEventListener('abort', leave)
      leave()
    }
  }

  close(): void {}
}

function toRequest(attach: Attach): HttpRequest {
  const accept = EVENT_STREAM
  if (attach.type === 'send') return { method: 'POST', path: '/chat/stream', body: attach.body, accept }
  const turn = `/chat/turns/${encodeURIComponent(attach.turnId)}`
  if (attach.type === 'regenerate') return { method: 'POST', path: `${turn}/regenerate`, body: attach.body, accept }
  // Not as a header: that would cost a page of another origin one more request.
  return { method: 'GET', path: `${turn}/stream${toQuery({ after: attach.after })}`, accept }
}

function toStart({ headers }: Response): StartFrame {
  const session_id = headers.get('x-session-id')
  const turn_id = headers.get('x-turn-id')
  // A captive portal's page, for one.
  if (!headers.get('content-type')?.startsWith(EVENT_STREAM)) throw connectionLost()
  if (session_id === null || turn_id === null) {
    throw new ReparteeError('The answer does not name its turn: are X-Session-Id and X-Turn-Id let through?', {
      code: 'unexpected_response',
    })
  }
  return { start: true, session_id, turn_id }
}

async function read(response: Response, listener: Listener, watch: Watch): Promise<void> {
  let expected: Expected = 'more'
  const parser = createParser({
    onEvent({ id, data }) {
      if (expected !== 'more') return
      expected = listener.hear(JSON.parse(data) as TokenFrame | DoneFrame | ErrorFrame, id ?? null)
      if (expected === 'nothing') watch.limit(END_MS)
    },
  })
  // React Native's own fetch has the whole text at the end, and no body to read from.
  if (!response.body) return parser.feed(await response.text())

  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  for (;;) {
    const { done, value } = await reader.read()
    if (done || isBehind(expected)) return
    watch.heard()
    parser.feed(decoder.decode(value, { stream: true }))
    if (isBehind(expected)) return
  }
}

function isBehind(expected: Expected): boolean {
  return expected === 'another'
}
