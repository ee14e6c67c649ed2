/** Checks what clients send with the schemas' own compiler: Fastify's default coerces types and drops fields. */
import { Readable } from 'node:stream'
import type { FastifySchemaCompiler } from 'fastify'
import fp from 'fastify-plugin'
import type { TSchema } from 'typebox'
import { boundBody } from '#src/transports/body.ts'
import { createInspection } from '#src/wire/check.ts'
import { JsonBounds } from '#src/wire/json-bounds.ts'

/** The type that Fastify gives to a body without one: a type and a subtype, both empty. */
const WITHOUT_TYPE = /^\/?$/

type Properties = Record<string, { type?: string; default?: unknown }>

/** Compiles a schema. Bodies get no defaults: TypeBox would look for them in every item, which takes 18 s for 8 MiB. */
const compileSchema: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const inspect = createInspection(schema)
  const properties = (schema as { properties?: Properties }).properties ?? {}
  return (sent: unknown) => {
    const value = httpPart === 'querystring' ? readQuery(properties, sent) : sent === undefined ? {} : sent
    const error = inspect(value)
    return error ? { error } : { value }
  }
}

/** Reads a query, which is text: numbers and booleans are written out in it. What is left out gets its default. */
function readQuery(properties: Properties, sent: unknown): Record<string, unknown> {
  const given = Object.entries(sent as object).map(([name, value]) => [name, read(properties[name]?.type, value)])
  const defaults = Object.entries(properties).map(([name, field]) => [name, field.default])
  return Object.fromEntries([...defaults.filter(([, value]) => value !== undefined), ...given])
}

function read(type: string | undefined, value: unknown): unknown {
  if (type === 'integer' && typeof value === 'string' && /^\d{1,9}$/.test(value)) return Number(value)
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}

export default fp(
  async (app) => {
    // The generator reads nothing until it is read itself, so Node can drop a body whose type is not accepted.
    app.addHook('preParsing', async (_request, _reply, payload) => {
      const bounds = new JsonBounds()
      const pieces = boundBody(payload as Readable, (chunk) => bounds.push(chunk))
      return Readable.from(pieces, { objectMode: false })
    })
    app.setValidatorCompiler(compileSchema)
    // Bodies are JSON, also those that do not say so: `fetch` sends a string as plain text. A page of another origin can
    // send that without asking, but it was refused before (see `security`).
    app.removeContentTypeParser(['text/plain', 'application/json'])
    const parse = app.getDefaultJsonParser('error', 'error')
    const types = ['application/json', 'text/plain', WITHOUT_TYPE] as string[]
    app.addContentTypeParser<string>(types, { parseAs: 'string' }, (request, body, done) => {
      // Many clients name the type on every request, also where there is nothing to say.
      if (body === '') done(null, {})
      else void parse(request, body, done)
    })
  },
  { name: 'validation' },
)
