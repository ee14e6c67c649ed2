/**
 * Checks the bounds of JSON on its bytes, before a parser makes values of them: 8 MiB of `{},` are 2.8 million objects,
 * which take 0.8 s and 300 MB to parse. Nesting that is deeper than the stack would break any code that looks into it.
 */
import { ChatError } from '#src/chat/errors.ts'

const MAX_DEPTH = 100

/** Members and items: 10,000 messages of two fields are 30,000. Parsing 50,000 different keys takes 20 ms. */
const MAX_VALUES = 50_000

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
/** With this bit, `[` is `{`, and `]` is `}`. */
const CURLY = 0x20
const OPENING = 0x7b
const CLOSING = 0x7d

/** Counts in a text piece by piece. What is no JSON may pass: the parser refuses it. */
export class JsonBounds {
  #depth = 0
  #values = 0
  #isInString = false
  #isEscaped = false

  /** @throws ChatError `invalid_request` */
  push(bytes: Uint8Array): void {
    let depth = this.#depth
    let values = this.#values
    for (let at = this.#isInString ? this.#skipString(bytes, 0) : 0; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte === COMMA) values++
      else if (byte === QUOTE) at = this.#skipString(bytes, at + 1) - 1
      else if ((byte | CURLY) === OPENING) {
        values++
        if (++depth > MAX_DEPTH) throw refuse(`JSON may be nested at most ${MAX_DEPTH} levels deep.`)
      } else if ((byte | CURLY) === CLOSING) depth--
    }
    if (values > MAX_VALUES) throw refuse(`JSON may hold at most ${MAX_VALUES.toLocaleString('en')} values.`)
    this.#depth = depth
    this.#values = values
  }

  /** Returns the index after the string whose inside goes on at `from`, or after the piece when the string is longer. */
  #skipString(bytes: Uint8Array, from: number): number {
    let at = this.#isEscaped ? from + 1 : from
    while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
    this.#isInString = at >= bytes.length
    // The escaped byte comes with the next piece.
    this.#isEscaped = at > bytes.length
    return at + 1
  }
}

function refuse(sentence: string): ChatError {
  return new ChatError('invalid_request', sentence)
}
