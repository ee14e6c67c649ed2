/**
 * The AI SDK's UI message stream, version 1: a reply is one message of one step with one text. A client gives up on a
 * type of part that it does not know.
 *
 * @see https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol
 */
import type { DoneEvent, FinishReason } from '#src/chat/event.ts'
import { toMessageId } from '#src/chat/message.ts'
import type { Turn } from '#src/chat/store.ts'
import { toTurnId } from '#src/chat/turn-id.ts'
import type { Dialect } from '../event-stream.ts'
import { encodeJson, toDoneFrame, toStartFrame } from '../frames.ts'

/** The header by which clients know the stream. */
export const AI_SDK_HEADERS = { 'X-Vercel-AI-UI-Message-Stream': 'v1' }

/** A message has one text here. */
const TEXT_ID = 'text'
const TEXT_START = encodeJson({ type: 'text-start', id: TEXT_ID })
const TEXT_END = encodeJson({ type: 'text-end', id: TEXT_ID })
const FINISH_STEP = encodeJson({ type: 'finish-step' })
const ABORT = encodeJson({ type: 'abort', reason: 'stopped' })
const DONE = '[DONE]'

const FINISH_REASONS: Record<FinishReason, string> = {
  stop: 'stop',
  length: 'length',
  content_filter: 'content-filter',
  stopped: 'other',
}

export function createAiSdkDialect(turn: Turn): Dialect {
  let hasText = false
  const textEnd = () => (hasText ? [TEXT_END] : [])
  const encodeError = (message: string) => [...textEnd(), encodeJson({ type: 'error', errorText: message }), DONE]

  return {
    hasOffsets: false,
    opening: [encodeStart(turn), encodeJson({ type: 'start-step' })],
    encode(event) {
      if (event.type === 'error') return encodeError(event.message)
      if (event.type === 'done') {
        const abort = event.finishReason === 'stopped' ? [ABORT] : []
        return [...textEnd(), FINISH_STEP, ...abort, encodeFinish(turn, event), DONE]
      }
      const delta = `{"type":"text-delta","id":"${TEXT_ID}","delta":${encodeJson(event.text)}}`
      if (hasText) return delta
      hasText = true
      return [TEXT_START, delta]
    },
    encodeDismissal: ({ message }) => encodeError(message),
  }
}

function encodeStart(turn: Turn): string {
  const { start: _start, ...messageMetadata } = toStartFrame(turn)
  return encodeJson({ type: 'start', messageId: toMessageId(toTurnId(turn), 'assistant'), messageMetadata })
}

/** The text is in the message: its metadata is the rest of the done frame. */
function encodeFinish(turn: Turn, end: DoneEvent): string {
  const { done: _done, full_text: _text, ...messageMetadata } = toDoneFrame(turn, end)
  return encodeJson({ type: 'finish', finishReason: FINISH_REASONS[end.finishReason], messageMetadata })
}
