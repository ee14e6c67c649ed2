/** Checks what clients send with a schema, on every transport with the same sentences. */
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { ChatError } from '#src/chat/errors.ts'

interface Flaw {
  instancePath: string
  message: string
}

/** Creates a check that returns what is wrong, in a ChatError `invalid_request`, or undefined when nothing is. */
export function createInspection(schema: TSchema): (sent: unknown) => ChatError | undefined {
  const validator = Compile(schema)
  return (sent) => (validator.Check(sent) ? undefined : toInvalidRequest(findFlaw(schema, sent)))
}

/** A check that gives what was sent back as the schema's type. It throws ChatError `invalid_request`. */
export function createCheck<Schema extends TSchema>(schema: Schema): (sent: unknown) => Static<Schema> {
  const inspect = createInspection(schema)
  return (sent) => {
    const refusal = inspect(sent)
    if (refusal) throw refusal
    return sent as Static<Schema>
  }
}

/** The keywords of a schema that are looked at one by one: the type, the parts, and the pattern after the size. */
interface Keywords {
  type?: string
  properties?: Record<string, TSchema>
  items?: TSchema | undefined
  anyOf?: TSchema[]
  pattern?: string
}

/**
 * Finds the first flaw. A value's own type and size come before its parts, and of these only the first wrong one is
 * looked into: TypeBox lists the errors of every item, which takes 9 s where some millions are wrong.
 */
function findFlaw(schema: TSchema, value: unknown): Flaw | undefined {
  const { properties = {}, items, anyOf, pattern, ...own } = schema as Keywords
  if (anyOf) return findFlaw(anyOf.find((one) => isOfType(one, value)) ?? anyOf[0]!, value)
  const [flaw] = Value.Errors(own, value)
  if (flaw) return flaw
  if (pattern !== undefined) return Value.Errors(schema, value)[0]
  const [name, part, inside] = findWrongPart({ properties, items }, value) ?? []
  if (!part) return undefined
  const inner = findFlaw(part, inside)
  return inner && { ...inner, instancePath: `/${name}${inner.instancePath}` }
}

/** Finds the first wrong part: its name, its schema and its value. */
function findWrongPart({ properties = {}, items }: Keywords, value: unknown): [string, TSchema, unknown] | undefined {
  if (items) {
    const list = value as unknown[]
    const index = list.findIndex((item) => !Value.Check(items, item))
    return index === -1 ? undefined : [String(index), items, list[index]]
  }
  const fields = value as Record<string, unknown>
  const found = Object.entries(properties).find(
    ([name, field]) => Object.hasOwn(fields, name) && !Value.Check(field, fields[name]),
  )
  return found && [...found, fields[found[0]]]
}

function isOfType({ type }: Keywords, value: unknown): boolean {
  return type === undefined || Value.Check({ type }, value)
}

/** The first flaw, in a sentence. What was sent is not repeated. */
function toInvalidRequest(flaw: Flaw | undefined): ChatError {
  const field = flaw?.instancePath.slice(1).replaceAll('/', '.')
  const subject = field ? `"${field}"` : 'The request'
  return new ChatError('invalid_request', `${subject} ${flaw?.message ?? 'is not valid'}.`)
}
