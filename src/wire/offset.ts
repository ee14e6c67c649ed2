/**
 * An offset as clients see it: `<turn id>.<epoch>-<seq>`. Opaque to them, it names its turn and sorts as text in the
 * order of the events.
 */
import { ChatError } from '#src/chat/errors.ts'
import type { Offset } from '#src/chat/sending.ts'
import type { Position } from '#src/chat/event.ts'

const OFFSET = /^([A-Za-z0-9_-]{1,64}\.[1-9]\d{0,8})\.([1-9]\d{0,5})-(\d{8})$/

export function encodeOffset(turnId: string, { epoch, seq }: Position): string {
  return `${turnId}.${epoch}-${String(seq).padStart(8, '0')}`
}

/** @throws ChatError `invalid_request` */
export function decodeOffset(text: string): Offset {
  const match = OFFSET.exec(text)
  if (!match) throw new ChatError('invalid_request', 'The offset is malformed.')
  return { turnId: match[1]!, position: { epoch: Number(match[2]), seq: Number(match[3]) } }
}
