/** Sessions, messages and turns as JSON. */
import type { TurnSnapshot } from '#src/chat/sending.ts'
import { ChatError } from '#src/chat/errors.ts'
import { type ImageLabel, type Message, toMessageId } from '#src/chat/message.ts'
import { chosenModel, type Session } from '#src/chat/session.ts'
import type { SessionPosition } from '#src/chat/store.ts'
import { toTurnId } from '#src/chat/turn-id.ts'
import { toStats, toTime } from './frames.ts'
import { encodeOffset } from './offset.ts'
import type { MessageResource, SessionResource, StopResource, TurnResource } from './responses.ts'

/** @param activeBrain the one that would speak where the session has chosen none */
export function toSessionResource(session: Session, activeBrain: string): SessionResource {
  const { sessionId, active } = session
  const brain = session.brain ?? activeBrain
  return {
    session_id: sessionId,
    user_id: session.userId,
    title: session.title,
    persona: session.persona,
    brain,
    model: chosenModel(session, brain),
    on_disconnect: session.onDisconnect,
    message_count: session.messageCount,
    created_at: toTime(session.createdAt),
    updated_at: toTime(session.updatedAt),
    active_turn_id: active === null ? null : toTurnId({ sessionId, n: active }),
  }
}

export function toMessageResource(message: Message): MessageResource {
  return {
    message_id: message.messageId,
    turn_id: message.turnId,
    role: message.role,
    content: message.content,
    status: message.status,
    created_at: toTime(message.createdAt),
    brain: message.brain,
    model: message.model,
    ...(message.shown && { images: message.shown.map(toImageResource) }),
    ...(message.alternatives.length === 0 ? {} : { alternatives: message.alternatives.map(toMessageResource) }),
  }
}

function toImageResource(image: ImageLabel) {
  return 'url' in image ? { url: image.url } : { media_type: image.mediaType }
}

export function toTurnResource({ turn, text, position }: TurnSnapshot): TurnResource {
  const turnId = toTurnId(turn)
  const { end } = turn
  return {
    turn_id: turnId,
    session_id: turn.sessionId,
    state: turn.state,
    text,
    offset: encodeOffset(turnId, position),
    brain: end?.brain ?? turn.brain,
    model: end?.model ?? turn.model,
    persona: turn.persona,
    created_at: toTime(turn.createdAt),
    ended_at: turn.endedAt === null ? null : toTime(turn.endedAt),
    message_id: toMessageId(turnId, 'assistant'),
    ...(end ? toStats(end.stats) : {}),
    ...(end?.type === 'done' ? { finish_reason: end.finishReason } : {}),
    ...(end?.type === 'error' ? { error: end.message, code: end.code, retryable: end.retryable } : {}),
  }
}

/** What a stop has come to. */
export function toStopResource(stopped: boolean, { turn, text }: TurnSnapshot): StopResource {
  return { stopped, turn_id: toTurnId(turn), state: turn.state, partial_text: text }
}

/** Where no turn was running. */
export const NOTHING_STOPPED: StopResource = { stopped: false, turn_id: null, state: null, partial_text: '' }

/** A page's end as clients send it back. */
export function encodeCursor({ updatedAt, sessionId }: SessionPosition): string {
  return Buffer.from(`${updatedAt}.${sessionId}`).toString('base64url')
}

/** @throws ChatError `invalid_request` */
export function decodeCursor(cursor: string): SessionPosition {
  const match = /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (!match) throw new ChatError('invalid_request', 'The cursor is malformed.')
  return { updatedAt: Number(match[1]), sessionId: match[2]! }
}

/** Writes a conversation for people to keep, piece by piece. */
export async function* writeMarkdown(session: Session, pages: AsyncIterable<Message[]>): AsyncGenerator<string> {
  yield `# ${session.title ?? 'Untitled'}\n`
  for await (const messages of pages) yield messages.map((message) => `\n${toMarkdown(message)}`).join('')
}

function toMarkdown({ role, content, status, brain, createdAt, shown = [] }: Message): string {
  const speaker = role === 'user' ? 'You' : (brain ?? 'Reply')
  const ending = status === 'complete' ? '' : `\n\n*(${status})*`
  const images = shown.map((image) => `\n\n*(${'url' in image ? `image: <${image.url}>` : image.mediaType})*`)
  return `### ${speaker} · ${toTime(createdAt)}\n\n${content}${images.join('')}${ending}\n`
}

/** Writes the JSON text of a session with its messages, piece by piece. */
export async function* writeConversation(
  session: SessionResource,
  pages: AsyncIterable<Message[]>,
): AsyncGenerator<string> {
  let separator = `${JSON.stringify(session).slice(0, -1)},"messages":[`
  for await (const messages of pages) {
    yield separator + messages.map((message) => JSON.stringify(toMessageResource(message))).join(',')
    separator = ','
  }
  yield `${separator === ',' ? '' : separator}],"has_more":false}`
}
