/** Makes requests to every endpoint, as the reference describes them, with what a client can do wrong. */
import { gzipSync } from 'node:zlib'
import type { Random } from '#test/random.ts'
import { CANARY, ODDITIES, type Schema, type Values } from './values.ts'

export interface Operation {
  method: string
  path: string
  parameters: { name: string; in: string; schema: Schema }[]
  body?: Schema | undefined
}

export interface Reference {
  paths: Record<
    string,
    Record<string, Partial<Operation> & { requestBody?: { content: Record<string, { schema: Schema }> } }>
  >
  components: { schemas: Record<string, Schema> }
}

export function listOperations({ paths }: Reference): Operation[] {
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => {
      return { method: method.toUpperCase(), path, parameters, body: requestBody?.content['application/json']?.schema }
    }),
  )
  const others = ODDITIES.endpoints.map((name) => {
    const [method = '', path = ''] = name.split(' ')
    return { method, path, parameters: [], body: method === 'POST' ? {} : undefined }
  })
  return [...documented, ...others]
}

export function toName({ method, path }: Operation): string {
  return `${method} ${path}`
}

/** What is sent on one connection. */
export interface Sending {
  /** The endpoint of the first request, as the reference names it. */
  name: string
  bytes: Buffer
  /** Whether the client leaves early: the request is incomplete, or its answer may take long. */
  isLeft: boolean
}

interface Draft {
  method: string
  target: string
  headers: [name: string, value: string][]
  body: Buffer | null
  isChunked: boolean
}

export class Requests {
  readonly #random: Random
  readonly #values: Values
  readonly #token: string | undefined

  constructor(random: Random, values: Values, token: string | undefined) {
    this.#random = random
    this.#values = values
    this.#token = token
  }

  /** Makes one request, now and then several at once, or a part of them. */
  sending(operations: readonly Operation[]): Sending {
    const { next, integer, pick } = this.#random
    const asked = Array.from({ length: next() < 0.05 ? integer(2, 24) : 1 }, () => pick(operations))
    const drafts = asked.map((operation) => this.#draft(operation))
    const isSlow = drafts.some(isOdd)
    drafts.at(-1)!.headers.unshift(['connection', 'close'])
    const bytes = Buffer.concat(drafts.map(encode))
    const isCut = next() < 0.05
    return {
      name: toName(asked[0]!),
      bytes: isCut ? bytes.subarray(0, integer(1, bytes.length)) : bytes,
      isLeft: isCut || isSlow || next() < 0.05,
    }
  }

  #draft(operation: Operation): Draft {
    const { next } = this.#random
    const valid = operation.body && this.#values.valid(operation.body)
    const body = operation.body ? this.#values.toBytes(next() < 0.4 ? this.#values.mutate(valid) : valid) : null
    const headers: Draft['headers'] = [['host', '127.0.0.1']]
    if (this.#token) headers.push(['authorization', `Bearer ${this.#token}`])
    if (body) headers.push(['content-type', 'application/json'])
    for (const { name, schema } of operation.parameters.filter((one) => one.in === 'header' && next() < 0.2)) {
      headers.push([name, this.#string(schema, name).replaceAll(/[^\t -~]/g, '?')])
    }
    const draft = { method: operation.method, target: this.#target(operation), headers, body, isChunked: next() < 0.1 }
    while (next() < 0.25) this.#spoil(draft)
    return draft
  }

  #target({ path, parameters }: Operation): string {
    const { next, pick } = this.#random
    // Paths are logged, so they hold no canary. Now and then the text is not encoded, whatever address that makes.
    const toPart = (text: string) =>
      next() < 0.97 ? encodeURIComponent(text.toWellFormed()) : text.replaceAll(/[^!-~]/g, '')
    const filled = path.replaceAll(/\{\w+\}/g, () =>
      toPart(
        this.#string({}, /turns|models/.exec(path)?.[0].replace('s', '_id') ?? 'session_id').replaceAll(CANARY, 'c'),
      ),
    )
    const asked = parameters.filter((one) => one.in === 'query' && next() < 0.4)
    const pairs = asked.map(({ name, schema }) => `${name}=${toPart(this.#string(schema, name))}`)
    if (next() < 0.1) pairs.push(pick(ODDITIES.queries))
    return pairs.length > 0 ? `${filled}${filled.includes('?') ? '&' : '?'}${pairs.join('&')}` : filled
  }

  #string(schema: Schema, name: string): string {
    const value = this.#random.next() < 0.75 ? this.#values.valid(schema, name) : this.#values.hostile()
    return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 12_000)
  }

  /** Does something wrong outside of the content. */
  #spoil(draft: Draft): void {
    const { pick, next } = this.#random
    const name = pick(Object.keys(ODDITIES.headers))
    switch (pick(['method', 'target', 'body', 'gzip', 'header', 'header', 'header'])) {
      case 'method':
        return void (draft.method = pick(ODDITIES.methods))
      case 'target':
        return void (draft.target = pick(ODDITIES.targets).replace('{target}', () => draft.target))
      case 'body':
        return void (draft.body = draft.body ? null : Buffer.from('{"a":1}'))
      case 'gzip':
        draft.headers.push(['content-encoding', 'gzip'])
        return void (draft.body &&= gzipSync(draft.body))
      default:
        if (next() < 0.6) draft.headers = draft.headers.filter(([other]) => other !== name)
        if (next() < 0.9) draft.headers.push([name, pick(ODDITIES.headers[name]!)])
    }
  }
}

/** Says whether a request ends elsewhere than its length says, or gets its answer late: a poll, or a paced reply. */
function isOdd({ target, headers, body }: Draft): boolean {
  const isFramed = headers.some(([name]) => /^(upgrade|connection|expect|transfer-encoding|content-length)$/.test(name))
  return isFramed || /polling.*sid/.test(target) || (body?.includes('"pace_ms":') ?? false)
}

function encode({ method, target, headers, body, isChunked }: Draft): Buffer {
  const content = body ?? Buffer.alloc(0)
  const size = `${content.length.toString(16)};a="b"\r\n`
  const framing = isChunked ? 'transfer-encoding: chunked' : `content-length: ${content.length}`
  const isFramed = !body || headers.some(([name]) => /^content-length|^transfer-encoding/.test(name))
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...headers.map((pair) => pair.join(': ')),
    ...(isFramed ? [] : [framing]),
  ]
  const chunked = [Buffer.from(content.length > 0 ? size : ''), content, Buffer.from('\r\n0\r\nx-trailer: a\r\n\r\n')]
  return Buffer.concat([
    Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
    ...(isChunked && body ? chunked : [content]),
  ])
}
