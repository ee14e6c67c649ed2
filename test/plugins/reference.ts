/** The reference as tests hold a service to it: each answer must be one that its door's description promises. */
import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { Compile } from 'typebox/schema'
import { expect, onTestFinished } from 'vitest'
import type { Json, Service } from '#test/helper.ts'

interface Content {
  schema: object
  examples?: Record<string, object>
}

interface Event {
  data: string
}

interface EventStream {
  items: { properties: { data: JsonText & { anyOf?: [JsonText] } } }
}

interface JsonText {
  contentSchema: object
}

interface Response {
  description: string
  headers?: Record<string, object>
  content?: Record<string, Content>
}

export interface Operation {
  operationId: string
  tags: string[]
  description?: string
  security?: unknown[]
  requestBody?: { content: Record<string, { schema: Named & { anyOf?: Named[] } }> }
  responses: Record<string, Response>
}

interface Named {
  $ref: string
}

export interface Document {
  openapi: string
  info: { description: string }
  tags: { name: string; description: string }[]
  security: unknown[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, { examples?: Json[] }>; examples: object; securitySchemes?: object }
}

export interface Asking {
  /** What stands for `{id}`. */
  id?: string
  query?: string
  /** Fields in place of those of the documented example, or a body as it is. */
  body?: Json | string | undefined
  headers?: Record<string, string>
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/** An answer's name: a door, a status, and an error's code or else the media type. */
type Promised = string

export function readDocument({ app }: { app: FastifyInstance }): Document {
  return app.swagger() as unknown as Document
}

const SERVER_FRAME = { $ref: '#/components/schemas/SocketServerFrame' }

export class Reference {
  readonly document: Document
  readonly promised: ReadonlySet<Promised>
  readonly seen = new Set<Promised>()
  readonly #operations: Map<string, Operation>
  readonly #checks = new Map<object, ReturnType<typeof Compile>>()

  constructor(document: Document) {
    this.document = document
    this.#operations = new Map(listOperations(document))
    this.promised = new Set([...this.#operations].flatMap(([door, { responses }]) => listPromised(door, responses)))
  }

  get doors(): string[] {
    return [...this.#operations.keys()]
  }

  /** The doors of which this error is promised. */
  doorsThatGive(code: string): string[] {
    return this.doors.filter((door) =>
      [...this.promised].some(
        (name) =>
          name
            .match(/^(.*) \d+ (.*)$/)
            ?.slice(1)
            .join() === `${door},${code}`,
      ),
    )
  }

  /** Asks a door as its example does, but for what is said otherwise, and holds the answer to what is promised. */
  async ask(url: string, door: string, asking: Asking = {}): Promise<Answer> {
    const answer = await fetchAnswer(url, door, { ...asking, body: this.#toBody(door, asking.body) })
    this.see(door, answer)
    return answer
  }

  see(door: string, { status, headers, text }: Answer): void {
    const what = `${door} ${status} ${text.slice(0, 300)}`
    const response = this.#operations.get(door)?.responses[status]
    expect(response, `${what} is not described`).toBeDefined()
    const { headers: named = {} } = response!
    const content = contentOf(status, response!)
    const names = Object.keys(named).filter((name) => name !== 'Retry-After' || status === 429)
    for (const name of names) expect(headers, `${what} has ${name}`).toHaveProperty(name.toLowerCase())
    const type = headers['content-type']?.split(';')[0] ?? ''
    if (Object.keys(content).length === 0) expect(text, what).toBe('')
    else expect(Object.keys(content), what).toContain(type)
    const described = content[type]
    const body = described && readBody(type, text)
    if (type === 'text/event-stream') this.#checkFrames(described!, body as Event[], what)
    if (described) this.#check(described.schema, body, what)
    const name = [door, status, described?.examples ? toCode(body) : type].join(' ').trim()
    expect(this.promised, what).toContain(name)
    this.seen.add(name)
  }

  /** Holds what the service says on a socket to what is promised of that event. */
  checkFrame(event: string, data: unknown): void {
    this.#check(SERVER_FRAME, { event, data }, `${event} ${JSON.stringify(data)}`)
  }

  /** What the text of each event holds, too, which a validator does not look into. */
  #checkFrames({ schema }: Content, frames: Event[], what: string): void {
    const { data } = (schema as EventStream).items.properties
    const [{ contentSchema }] = data.anyOf ?? [data]
    for (const frame of frames.filter((one) => one.data !== '[DONE]')) {
      this.#check(contentSchema, JSON.parse(frame.data), what)
    }
  }

  #check(schema: object, value: unknown, what: string): void {
    const known = this.#checks.get(schema)
    const check = known ?? Compile({ ...(close(schema) as object), components: close(this.document.components) })
    this.#checks.set(schema, check)
    if (!check.Check(value)) expect.fail(`${what}\n${JSON.stringify(check.Errors(value)[1], null, 1)}`)
  }

  #toBody(door: string, body: Asking['body']): string | undefined {
    const content = this.#operations.get(door)?.requestBody?.content['application/json']
    if (typeof body === 'string') return body
    if (!content) return undefined
    const { $ref } = content.schema.anyOf?.[0] ?? content.schema
    const [example] = this.document.components.schemas[$ref.split('/').at(-1)!]!.examples!
    return JSON.stringify({ ...example, ...body })
  }
}

function listOperations(document: Document): [string, Operation][] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  )
}

/** Of a body: what follows the handshake of a socket is none. */
function contentOf(status: number, { content = {} }: Response): Record<string, Content> {
  return status === 101 ? {} : content
}

function listPromised(door: string, responses: Record<string, Response>): Promised[] {
  return Object.entries(responses).flatMap(([status, response]) => {
    const content = contentOf(Number(status), response)
    const codes = Object.values(content).flatMap(({ examples = {} }) => Object.keys(examples))
    const names = codes.length > 0 ? codes : Object.keys(content)
    return names.length > 0 ? names.map((name) => `${door} ${status} ${name}`) : [`${door} ${status}`]
  })
}

/** The schema with all its objects closed: a field that nobody has described is a mistake. */
function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close)
  if (typeof schema !== 'object' || schema === null) return schema
  const closed = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, close(value)]))
  return 'properties' in schema && 'type' in schema ? { additionalProperties: false, ...closed } : closed
}

/** What a body says: of a stream, the events that it has. */
function readBody(type: string, text: string): unknown {
  if (type === 'application/json') return JSON.parse(text)
  if (type !== 'text/event-stream') return text
  const frames = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data!)
  expect(frames.length).toBeGreaterThan(0)
  return frames.map((data) => ({ data }))
}

/** An error's code, ours or in OpenAI's clothes; `answer` for another body of the same status. */
function toCode(body: unknown): string {
  const { error, code } = body as { error?: unknown; code?: string }
  if (error === undefined) return 'answer'
  return typeof error === 'object' ? (error as { code: string }).code : code!
}

/** Not with `fetch`, which sends no `Connection: upgrade`. */
async function fetchAnswer(
  url: string,
  door: string,
  { id, query = '', body, headers = {} }: Asking & { body: string | undefined },
): Promise<Answer> {
  const [method = '', path = ''] = door.split(' ')
  const request = httpRequest(`${url}${path.replace('{id}', id ?? '')}${query}`, {
    method,
    agent: false,
    headers: { ...(body === undefined ? {} : toBodyHeaders(body)), ...headers },
  })
  request.end(body)
  const [response] = await Promise.race([
    once(request, 'response') as Promise<[IncomingMessage]>,
    once(request, 'upgrade') as Promise<[IncomingMessage]>,
  ])
  const { statusCode: status = 0, headers: given } = response
  if (status === 101) {
    onTestFinished(() => void response.socket.destroy())
    return { status, headers: given, text: '' }
  }
  let text = ''
  response.setEncoding('utf8')
  for await (const chunk of response) text += chunk as string
  return { status, headers: given, text }
}

/** With the length, without which Node would not frame the body of a DELETE. */
function toBodyHeaders(body: string) {
  return { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
}

/** The head of a request that opens a WebSocket. */
export const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** Begins what the examples speak of: the session `morning-run`, and its first turn. */
export async function sayHello(reference: Reference, { url }: Pick<Service, 'url'>): Promise<void> {
  await reference.ask(url, 'POST /chat/start', { body: { session_id: 'morning-run' } })
  await reference.ask(url, 'POST /chat/message')
}
