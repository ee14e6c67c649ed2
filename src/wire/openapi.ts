/**
 * The reference as OpenAPI 3.1 has it: what the table of doors says, and what follows for each from its method and the
 * sign-in. The words about frames and sockets are PROTOCOL.md's own.
 *
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
import { readFileSync } from 'node:fs'
import { type TSchema, Type } from 'typebox'
import type { ErrorCode } from '#src/chat/errors.ts'
import { OpenAIError } from './dialect-responses.ts'
import { toOpenAIError } from './dialects/openai.ts'
import { type Door, GIVEN_HEADERS, type Given, type GivenHeader, HEEDED_HEADERS, TAGS } from './doors/door.ts'
import { FAILURES } from './doors/chat.ts'
import { toExample } from './doors/examples.ts'
import { toErrorBody } from './frames.ts'
import { ErrorBody, ErrorFrame } from './responses.ts'

/** What stands in one place of the document and is named in others. */
export interface Components {
  schemas: Record<string, unknown>
  examples: Record<string, { value: unknown }>
}

/** How a door is reached. */
export interface Reach {
  takesBody: boolean
  /** Whether the service has a sign-in. */
  isSignIn: boolean
  /** Whether tokens are checked with an issuer's keys, which may be out of reach. */
  hasIssuer: boolean
  isOpen: boolean
  isForAdmins: boolean
}

/** One response, as @fastify/swagger takes it. */
interface Response {
  description: string
  type?: 'null'
  headers: Record<string, { type: 'string'; description: string }>
  content?: Record<string, { schema: unknown; example?: unknown; examples?: Record<string, unknown> }>
}

const PROTOCOL = readFileSync(new URL('./PROTOCOL.md', import.meta.url), 'utf8')

const INTRODUCTION = `Your apps send a message and read the reply as it is written, token by token: every message and every token is kept, and a reader who was cut off goes on where it was.

Errors are the status of their code and \`{"error", "code", "retryable", …}\`. Any door gives 400 \`invalid_request\` for an address or a head that cannot be read, 403 \`forbidden\` to a page that may not call, 404 \`not_found\` where there is no such door, 421 \`host_not_allowed\` when the host name of the request may be anyone's, and 500 \`internal\` for what is a bug of ours.`

export function describeService(): string {
  const sections = ['## Words', '## Frames', '## Sign-in', '## Server-sent events'].map(readSection)
  return [INTRODUCTION, ...sections].join('\n\n')
}

export function describeTags(): { name: string; description: string }[] {
  return Object.entries(TAGS).map(([name, { description, sections }]) => ({
    name,
    description: [description, ...sections.map(readSection)].join('\n\n'),
  }))
}

/** A section of PROTOCOL.md with its heading, up to the next heading. @throws Error when there is none */
function readSection(heading: string): string {
  const [, after] = PROTOCOL.split(`\n${heading}\n`)
  if (after === undefined) throw new Error(`PROTOCOL.md has no section "${heading}".`)
  return `${heading}\n${after.split(/\n#+ /)[0]!.trimEnd()}`
}

/** Every code that a door may give, each once. */
function listCodes(door: Door, { takesBody, isSignIn, hasIssuer, isOpen, isForAdmins }: Reach): Set<ErrorCode> {
  const isChecked = isSignIn && (!isOpen || door.checksToken === true)
  return new Set<ErrorCode>([
    ...(takesBody ? (['invalid_request', 'body_too_large', 'unsupported_media_type'] as const) : []),
    ...(isChecked ? (['unauthorized'] as const) : []),
    ...(isSignIn && isForAdmins ? (['forbidden'] as const) : []),
    ...(door.errors ?? []),
    ...(isChecked && hasIssuer ? (['store_unavailable'] as const) : []),
  ])
}

/** @param statuses the one table from code to status */
export function toResponses(
  door: Door,
  reach: Reach,
  statuses: Record<ErrorCode, number>,
  components: Components,
): Record<number, Response> {
  const responses: Record<number, Response> = {}
  for (const [status, given] of Object.entries(door.gives)) {
    responses[Number(status)] = toResponse(Number(status), given, components)
  }
  const byStatus = Map.groupBy(listCodes(door, reach), (code) => statuses[code])
  for (const [status, codes] of byStatus) {
    responses[status] = toRefusal(status, codes, door, components)
  }
  return responses
}

function toResponse(status: number, { description, headers = [], content = {} }: Given, components: Components) {
  const bodies = Object.entries(content).map(([type, { schema, example }]) => [
    type,
    { schema: toReference(schema, components), example },
  ])
  // The handshake of a socket is no answer of the service's own.
  const always = status === 101 ? [] : (['X-Request-Id'] as const)
  return {
    description,
    headers: toHeaders([...always, ...headers]),
    // So @fastify/swagger knows that there is no body.
    ...(bodies.length > 0 ? { content: Object.fromEntries(bodies) } : { type: 'null' as const }),
  }
}

const REFUSAL_HEADERS: Record<number, GivenHeader[]> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After'],
  503: ['Retry-After'],
}

function toRefusal(status: number, codes: ErrorCode[], door: Door, components: Components): Response {
  const given = door.gives[status]
  const schemas = [
    ...Object.values(given?.content ?? {}).map(({ schema }) => schema),
    door.errorsOf === 'openai' ? OpenAIError : ErrorBody,
    ...(door.givesErrorFrames && codes.some(isFailure) ? [ErrorFrame] : []),
  ]
  const examples = Object.fromEntries(codes.map((code) => [code, toErrorExample(code, door, components)]))
  const other = Object.values(given?.content ?? {}).map(({ example }) => ['answer', { value: example }])
  return {
    description: [given?.description, codes.map((code) => `\`${code}\``).join(', ')].filter(Boolean).join(' Or: '),
    headers: toHeaders(['X-Request-Id', ...(REFUSAL_HEADERS[status] ?? [])]),
    content: {
      'application/json': {
        schema: toReference(schemas.length > 1 ? Type.Union(schemas) : schemas[0]!, components),
        examples: { ...Object.fromEntries(other), ...examples },
      },
    },
  }
}

function isFailure(code: ErrorCode): boolean {
  return FAILURES.some((failure) => failure === code)
}

function toErrorExample(code: ErrorCode, { errorsOf }: Door, { examples }: Components): { $ref: string } {
  const name = errorsOf ? `${errorsOf}.${code}` : code
  const toBody = errorsOf ? toOpenAIError : toErrorBody
  examples[name] ??= { value: toBody(toExample(code)) }
  return { $ref: `#/components/examples/${name}` }
}

function toHeaders(names: readonly GivenHeader[]): Response['headers'] {
  return Object.fromEntries(names.map((name) => [name, { type: 'string', description: GIVEN_HEADERS[name] }]))
}

/** The headers of a request, for the reference alone: what they hold is checked where they are read. */
export function toHeadersSchema({ heeds = [] }: Door): TSchema | undefined {
  if (heeds.length === 0) return undefined
  const named = heeds.map((name) => [name, Type.Optional(Type.String({ description: HEEDED_HEADERS[name] }))] as const)
  return Type.Object(Object.fromEntries(named))
}

/** The schema with a reference in place of everything that has an `$id`, which becomes a component of that name. */
export function toReference(schema: unknown, components: Components): unknown {
  if (Array.isArray(schema)) return schema.map((item) => toReference(item, components))
  if (typeof schema !== 'object' || schema === null) return schema
  const { $id, ...rest } = schema as { $id?: string }
  const plain = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, toReference(value, components)]))
  if ($id === undefined) return plain
  components.schemas[$id] ??= plain
  return { $ref: `#/components/schemas/${$id}` }
}

/** A query without its defaults among what is required: what is left out is filled in. */
export function toQuerySchema(query: object): object {
  const { properties = {}, required = [] } = query as {
    properties?: Record<string, { default?: unknown }>
    required?: string[]
  }
  return { ...query, required: required.filter((name) => properties[name]?.default === undefined) }
}
