/** Frames: what clients get on every transport. An event or an error becomes the JSON that PROTOCOL.md describes. */
import { ChatError } from '#src/chat/errors.ts'
import type { DoneEvent, ErrorEvent, TerminalEvent, TokenEvent, TurnStats } from '#src/chat/event.ts'
import { toMessageId } from '#src/chat/message.ts'
import type { Turn } from '#src/chat/store.ts'
import { toTurnId } from '#src/chat/turn-id.ts'
import type { DoneFrame, ErrorBody, ErrorFrame, StartFrame, Stats } from './responses.ts'

/** The preface of an attach on a socket. */
export function toStartFrame({ sessionId, n, brain, model, persona }: Turn): StartFrame {
  return { start: true, session_id: sessionId, turn_id: toTurnId({ sessionId, n }), brain, model, persona }
}

/** Line ends to Unicode and to many a client's `splitlines`, though neither to JSON nor to server-sent events. */
const LINE_SEPARATORS = /[\u0085\u2028\u2029]/g

/** JSON that is one line to everyone. */
export function encodeJson(value: unknown): string {
  return JSON.stringify(value).replace(LINE_SEPARATORS, (separator) => {
    return `\\u${separator.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** The one frame on the hot path, so it is written without an object between. */
export function encodeTokenFrame({ text, seq }: TokenEvent): string {
  return `{"token":${encodeJson(text)},"count":${seq}}`
}

export function toTerminalFrame(turn: Turn, end: TerminalEvent): DoneFrame | ErrorFrame {
  return end.type === 'done' ? toDoneFrame(turn, end) : toErrorFrame(turn, end)
}

export function toDoneFrame(turn: Turn, end: DoneEvent): DoneFrame {
  const turnId = toTurnId(turn)
  return {
    done: true,
    session_id: turn.sessionId,
    turn_id: turnId,
    message_id: toMessageId(turnId, 'assistant'),
    full_text: end.text,
    ...toStats(end.stats),
    brain: end.brain,
    model: end.model,
    persona: end.persona,
    cached: false,
    finish_reason: end.finishReason,
    timestamp: toTime(end.at),
  }
}

export function toErrorFrame(turn: Turn, { code, message, retryable, retryAfter, text }: ErrorEvent): ErrorFrame {
  return {
    error: message,
    code,
    retryable,
    ...(retryAfter === null ? {} : { retry_after: retryAfter }),
    turn_id: toTurnId(turn),
    partial_text: text,
  }
}

/** A failed turn as the error that it was. */
export function toChatError({ code, message, retryable, retryAfter }: ErrorEvent): ChatError {
  return new ChatError(code, message, { retryable, retryAfter: retryAfter ?? undefined })
}

/** The frame that sends a reader away, while its turn may go on. */
export function toDismissalFrame(turn: Turn, error: ChatError, partialText: string): ErrorFrame {
  return { ...toErrorBody(error), turn_id: toTurnId(turn), partial_text: partialText }
}

/** The body of an error before the first byte. */
export function toErrorBody({ message, code, retryable, retryAfter, turnId, details }: ChatError): ErrorBody {
  return {
    error: message,
    code,
    retryable,
    ...(retryAfter === undefined ? {} : { retry_after: retryAfter }),
    ...(turnId === undefined ? {} : { turn_id: turnId }),
    ...(details === undefined ? {} : { details }),
  }
}

export function toStats(stats: TurnStats): Stats {
  return {
    tokens: stats.tokens,
    duration: round(stats.duration),
    time_to_first_token: stats.timeToFirstToken === null ? null : round(stats.timeToFirstToken),
    tokens_per_second: round(stats.tokensPerSecond),
    input_tokens: stats.inputTokens,
    output_tokens: stats.outputTokens,
    cost_usd: stats.costUsd,
  }
}

export function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100
}
