/** Checks what clients send with the schemas' own compiler: Fastify's default coerces types and drops fields. */
import type { FastifySchemaCompiler } from 'fastify'
import fp from 'fastify-plugin'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { toInvalidRequest } from '#src/wire/check.ts'

type Properties = Record<string, { type?: string }>

const compileSchema: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema)
  const properties = (schema as { properties?: Properties }).properties ?? {}
  return (sent: unknown) => {
    const input = httpPart === 'querystring' ? readQuery(properties, sent) : sent === undefined ? {} : sent
    const value = Value.Default(schema, input)
    if (validator.Check(value)) return { value }
    const [error] = validator.Errors(value)
    return { error: toInvalidRequest(error) }
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

export default fp(
  async (app) => {
    app.setValidatorCompiler(compileSchema)
    // Bodies are JSON and say so: a page of another origin can send plain text without asking.
    app.removeContentTypeParser(['text/plain', 'application/json'])
    const parse = app.getDefaultJsonParser('error', 'error')
    app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
      // Many clients name the type on every request, also where there is nothing to say.
      if (body === '') done(null, {})
      else void parse(request, body, done)
    })
  },
  { name: 'validation' },
)
