/** Our own frames, as PROTOCOL.md has them. */
import type { Following } from '#src/chat/sending.ts'
import type { TokenEvent } from '#src/chat/event.ts'

import type { FrameDialect } from '../event-stream.ts'
import { encodeJson, encodeTokenFrame, toDismissalFrame, toTerminalFrame } from '../frames.ts'

/** The text so far goes along only while it is this small (UTF-8): with every token it costs the square of the reply. */
const PARTIAL_BYTES = 16_384

export interface NativeOptions {
  /** Sends the text so far with every token. */
  partial?: boolean | undefined
  /** Fields that a door adds to the done frame. */
  extend?: (fullText: string) => Record<string, unknown>
}

export function createNativeDialect(
  { turn, reader }: Following,
  { partial, extend }: NativeOptions = {},
): FrameDialect {
  const encodeToken = partial ? createPartialEncoder(reader.textBefore) : encodeTokenFrame

  return {
    hasOffsets: true,
    repeatsText: partial === true,
    encode(event) {
      if (event.type === 'token') return encodeToken(event)
      const frame = toTerminalFrame(turn, event)
      return encodeJson(extend && event.type === 'done' ? { ...frame, ...extend(event.text) } : frame)
    },
    encodeDismissal: (error, textSoFar) => encodeJson(toDismissalFrame(turn, error, textSoFar)),
  }
}

/** Encodes a text as JSON, without the quotes around it. */
function toJsonText(text: string): string {
  return encodeJson(text).slice(1, -1)
}

function createPartialEncoder(textBefore: string): (event: TokenEvent) => string {
  // Kept as JSON, so that each token is encoded once, and not again with every one that follows.
  let text = toJsonText(textBefore)
  let bytes = Buffer.byteLength(textBefore)
  return (event) => {
    bytes += Buffer.byteLength(event.text)
    if (bytes > PARTIAL_BYTES) return encodeTokenFrame(event)
    text += toJsonText(event.text)
    return `${encodeTokenFrame(event).slice(0, -1)},"partial":"${text}"}`
  }
}
