/** What most tests need: the app on a free port with a store of its own, a provider beside it, and a plain HTTP client. */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { onTestFinished } from 'vitest'
import { buildApp } from '#src/app.ts'
import { loadConfig } from '#src/config.ts'
import { startOpenAIProvider } from './provider/openai.ts'
import type { Provider, Script } from './provider/provider.ts'

export interface Service {
  app: FastifyInstance
  url: string
}

/** Tests ask more often than people do; what limits do is seen in tests of their own. */
export const UNLIMITED = { RATE_LIMIT_PER_MINUTE: '0', MAX_TURNS_PER_USER: '0' }

/** Serves until the test ends. The offline brain answers at once, nothing is kept, and nobody is limited. */
export async function startService(env: Record<string, string> = {}): Promise<Service> {
  const fast = { CONFIG_BRAIN_PACE_MS: '0', ...UNLIMITED }
  const config = loadConfig({ PORT: '0', SQLITE_PATH: ':memory:', LOG_LEVEL: 'silent', ...fast, ...env })
  const app = await buildApp(config)
  onTestFinished(() => app.close())
  return { app, url: await app.listen({ port: 0, host: config.HOST }) }
}

/** A service whose active brain is a local provider that does what the script says. */
export async function startWithProvider(
  script?: Script,
  env: Record<string, string> = {},
): Promise<Service & { provider: Provider }> {
  const provider = await startOpenAIProvider(script ? { script } : {})
  onTestFinished(() => provider.close())
  const service = await startService({ ...toProviderEnv(provider), ...env })
  return { ...service, provider }
}

export function toProviderEnv(provider: Provider): Record<string, string> {
  return { ACTIVE_BRAIN: 'openai', OPENAI_API_KEY: 'sk-test-key', OPENAI_BASE_URL: `${provider.url}/v1` }
}

export type Json = Record<string, unknown>

export interface Answer {
  status: number
  headers: Headers
  body: Json
}

/** One request whose answer is JSON, or nothing. */
export async function call(url: string, method = 'GET', body?: unknown, headers: Json = {}): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(headers as Record<string, string>),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text ? (JSON.parse(text) as Json) : {} }
}

/** Begins a session and returns its id. */
export async function startSession(url: string, body: Json = {}): Promise<string> {
  const { body: session } = await call(`${url}/chat/start`, 'POST', body)
  return session.session_id as string
}

/** A frame as it stood in the stream. */
export interface Frame {
  /** Null on a bare stream. */
  id: string | null
  data: Json
}

/** A stream that is being read. */
export interface Stream {
  status: number
  headers: IncomingMessage['headers']
  /** Everything that came so far, comments included. */
  readonly raw: string
  /** The next `count` frames, or all that came when the stream ends before. */
  take(count: number): Promise<Frame[]>
  /** Every further frame, until the stream ends. */
  rest(): Promise<Frame[]>
  /** Resolves when more has come, or the response has ended. */
  changed(): Promise<void>
  /** Resolves when the response has ended, however it did. */
  ended: Promise<void>
  /** Leaves: FIN, or RST. */
  leave(how?: 'fin' | 'reset'): void
  /** Leaves unread what comes, until `resume`. */
  pause(): void
  resume(): void
}

/** Opens a stream: a POST when there is a body, else a GET. */
export async function openStream(url: string, body?: unknown, headers: Json = {}): Promise<Stream> {
  const request = httpRequest(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(headers as object) },
    agent: new Agent({ keepAlive: false }),
  })
  request.end(body === undefined ? undefined : JSON.stringify(body))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  request.on('error', () => {})
  return toStream(response)
}

function toStream(response: IncomingMessage): Stream {
  let raw = ''
  let read = 0
  const waiting = new Set<() => void>()
  const notify = () => {
    for (const wake of waiting) wake()
    waiting.clear()
  }
  const changed = () => new Promise<void>((resolve) => void waiting.add(resolve))
  let isOver = false
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    raw += chunk
    notify()
  })
  // A cut stream is what many a test asks for.
  response.on('error', () => {})
  const ended = new Promise<void>((resolve) => {
    response.once('close', () => {
      isOver = true
      notify()
      resolve()
    })
  })
  const next = () => {
    const end = raw.indexOf('\n\n', read)
    if (end === -1) return undefined
    const block = raw.slice(read, end)
    read = end + 2
    return block
  }
  const take = async (count: number): Promise<Frame[]> => {
    const frames: Frame[] = []
    while (frames.length < count) {
      const block = next()
      const frame = block === undefined ? undefined : toFrame(block)
      if (frame) frames.push(frame)
      if (block !== undefined) continue
      if (isOver) break
      await changed()
    }
    return frames
  }
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    get raw() {
      return raw
    },
    take,
    rest: () => take(Infinity),
    changed,
    ended,
    leave: (how = 'fin') => {
      if (how === 'reset') response.socket.resetAndDestroy()
      else response.socket.destroy()
    },
    pause: () => void response.pause(),
    resume: () => void response.resume(),
  }
}

function toFrame(block: string): Frame | undefined {
  const lines = block.split('\n')
  const data = lines.find((line) => line.startsWith('data: '))
  if (!data) return undefined
  const id = lines.find((line) => line.startsWith('id: '))
  return { id: id?.slice(4) ?? null, data: JSON.parse(data.slice(6)) as Json }
}

/** The text that the token frames spell. */
export function toText(frames: Frame[]): string {
  return frames.map(({ data }) => (typeof data.token === 'string' ? data.token : '')).join('')
}
