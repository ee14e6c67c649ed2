/** Checks what clients send with a schema, on every transport with the same sentences. */
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { ChatError } from '#src/chat/errors.ts'

interface Flaw {
  instancePath: string
  message: string
}

/** A check that gives what was sent back as the schema's type. It throws ChatError `invalid_request`. */
export function createCheck<Schema extends TSchema>(schema: Schema): (sent: unknown) => Static<Schema> {
  const validator = Compile(schema)
  return (sent) => {
    const value = Value.Default(schema, sent)
    if (validator.Check(value)) return value
    const [flaw] = validator.Errors(value)
    throw toInvalidRequest(flaw)
  }
}

/** The first flaw, in a sentence. What was sent is not repeated. */
export function toInvalidRequest(flaw: Flaw | undefined): ChatError {
  const field = flaw?.instancePath.slice(1).replaceAll('/', '.')
  const subject = field ? `"${field}"` : 'The request'
  return new ChatError('invalid_request', `${subject} ${flaw?.message ?? 'is not valid'}.`)
}
