/** Checks what clients send with the schemas' own compiler: Fastify's default coerces types and drops fields. */
import type { FastifySchemaCompiler } from 'fastify'
import fp from 'fastify-plugin'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { ChatError } from '#src/chat/errors.ts'

type Properties = Record<string, { type?: string }>

const compileSchema: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema)
  const properties = (schema as { properties?: Properties }).properties ?? {}
  return (sent: unknown) => {
    const input = httpPart === 'querystring' ? readQuery(properties, sent) : (sent ?? {})
    const value = Value.Default(schema, input)
    if (validator.Check(value)) return { value }
    const [error] = validator.Errors(value)
    return { error: toChatError(error) }
  }
}

/** A query is text: numbers and booleans are written out in it. */
function readQuery(properties: Properties, sent: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(sent as Record<string, unknown>).map(([name, value]) => [name, read(properties[name]?.type, value)]),
  )
}

function read(type: string | undefined, value: unknown): unknown {
  if (type === 'integer' && typeof value === 'string' && /^\d{1,9}$/.test(value)) return Number(value)
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}

function toChatError(error: { instancePath: string; message: string } | undefined): ChatError {
  const field = error?.instancePath.slice(1).replaceAll('/', '.')
  const subject = field ? `"${field}"` : 'The request'
  return new ChatError('invalid_request', `${subject} ${error?.message ?? 'is not valid'}.`)
}

export default fp(
  async (app) => {
    app.setValidatorCompiler(compileSchema)
  },
  { name: 'validation' },
)
