/**
 * The unified door's stream: bare JSON strings, cut after white space. A word that spans tokens waits for the white
 * space after it, and what is left comes at the end, with the turn's numbers in a comment.
 */
import type { ChatError } from '#src/chat/errors.ts'
import type { TerminalEvent } from '#src/chat/event.ts'
import type { Following } from '#src/chat/sending.ts'
import type { Dialect } from '../event-stream.ts'
import { encodeJson, toTerminalFrame } from '../frames.ts'

export function createUnifiedDialect({ turn, reader }: Following): Dialect {
  // What a reader that comes back has not been given yet follows from the text, as everything is cut alike.
  let held = reader.textBefore.slice(toCut(reader.textBefore))

  const encodeLast = (...errors: string[]) =>
    [...(held || errors.length === 0 ? [held] : []), ...errors].map(encodeJson)

  return {
    hasOffsets: true,
    encode(event) {
      if (event.type === 'done') return encodeLast()
      if (event.type === 'error') return encodeLast(`Error: ${event.message}`)
      const { text } = event
      const cut = toCut(text)
      if (cut === 0) {
        held += text
        return []
      }
      const words = held + text.slice(0, cut)
      held = text.slice(cut)
      return encodeJson(words)
    },
    // What is held comes after the offset that the reader has, should it come back.
    encodeDismissal: ({ message }: ChatError) => encodeJson(`Error: ${message}`),
    encodeComment(end: TerminalEvent) {
      const {
        full_text: _said,
        partial_text: _kept,
        ...numbers
      } = { full_text: '', partial_text: '', ...toTerminalFrame(turn, end) }
      return encodeJson(numbers)
    },
  }
}

const WHITE_SPACE = /\s/

/** Where what comes after the last white space begins. */
function toCut(text: string): number {
  let cut = text.length
  while (cut > 0 && !WHITE_SPACE.test(text[cut - 1]!)) cut--
  return cut
}
