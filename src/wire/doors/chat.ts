/** Doors that speak, and those of what was said: chat and turns. */
import { Type } from 'typebox'
import type { ErrorCode } from '#src/chat/errors.ts'
import { TutorDoneFrame } from '../dialect-responses.ts'
import {
  DoneFrame,
  ErrorFrame,
  StartedSession,
  StopResource,
  TokenFrame,
  TurnResource,
  WholeReply,
} from '../responses.ts'
import { type Doors, events, eventStream, json, NOTHING_LEFT } from './door.ts'
import { DONE, STARTED, STOPPED, TOKEN, TURN } from './examples.ts'

/** What may be said before a turn begins. */
export const REFUSALS = ['rate_limited', 'store_unavailable', 'draining'] as const satisfies ErrorCode[]

/** What may be said by doors that wait for how the turn goes. */
export const FAILURES = [
  'brain_rejected',
  'brain_bad_response',
  'brain_unavailable',
  'brain_rate_limited',
  'brain_timeout',
  'interrupted',
] as const satisfies ErrorCode[]

/** A message in a session that there is. */
const SEND_ERRORS = [
  'persona_unknown',
  'brain_unknown',
  'session_not_found',
  'turn_in_progress',
  'message_id_reused',
  'message_too_long',
  ...REFUSALS,
] as const satisfies ErrorCode[]

const REPLY = events(Type.Union([TokenFrame, DoneFrame, ErrorFrame]), [TOKEN, DONE])

export const CHAT_DOORS: Doors = {
  'POST /chat/start': {
    id: 'startSession',
    tag: 'Chat',
    summary: 'Begin a session',
    description: 'A `session_id` of your own that is there already gives that session as it is.',
    gives: { 200: json('The session.', StartedSession, STARTED) },
    errors: ['persona_unknown', 'brain_unknown', 'rate_limited', 'store_unavailable'],
  },
  'POST /chat/stream': {
    id: 'streamReply',
    tag: 'Chat',
    summary: 'Send a message and read the reply as it is written',
    description:
      'Token frames, then exactly one done or error frame. The head goes out as soon as the message is stored; whatever fails after that is a frame. A body with `user_message` is for clients of a language tutor: the session `conversation_<n>` is made on first use, and the done frame also has `corrections`.',
    heeds: ['Last-Event-ID', 'Idempotency-Key'],
    gives: {
      200: eventStream(events(Type.Union([TokenFrame, DoneFrame, TutorDoneFrame, ErrorFrame]), [TOKEN, DONE])),
      204: NOTHING_LEFT,
    },
    errors: [...SEND_ERRORS, 'brain_rejected'],
  },
  'POST /chat/message': {
    id: 'sendMessage',
    tag: 'Chat',
    summary: 'Send a message and get the whole reply',
    description: "A turn that fails gives its code's status, with what was said in `partial_text`.",
    heeds: ['Last-Event-ID', 'Idempotency-Key'],
    gives: {
      200: json('The reply.', WholeReply, { message: DONE.full_text, ...DONE }, ['X-Session-Id', 'X-Turn-Id']),
    },
    errors: [...SEND_ERRORS, ...FAILURES],
    givesErrorFrames: true,
  },
  'GET /chat/turns/{id}': {
    id: 'getTurn',
    tag: 'Turns',
    summary: 'Look at a turn',
    gives: { 200: json('The turn as it stands.', TurnResource, TURN) },
    errors: ['turn_not_found', 'store_unavailable'],
  },
  'GET /chat/turns/{id}/stream': {
    id: 'followTurn',
    tag: 'Turns',
    summary: 'Follow a turn from any point',
    description:
      'Replays what came after the offset, goes on live, on any node, and ends after the terminal frame. Events are kept for an hour after the end.',
    heeds: ['Last-Event-ID'],
    gives: { 200: eventStream(REPLY), 204: NOTHING_LEFT },
    errors: ['invalid_request', 'turn_not_found', 'turn_expired', 'rate_limited', 'store_unavailable'],
  },
  'POST /chat/turns/{id}/stop': {
    id: 'stopTurn',
    tag: 'Turns',
    summary: 'Stop a turn',
    description: 'Answers when what was said is stored. A turn that does not run gives `stopped: false`.',
    gives: { 200: json('What it has come to.', StopResource, STOPPED) },
    errors: ['turn_not_found', 'store_unavailable'],
  },
  'POST /chat/sessions/{id}/stop': {
    id: 'stopSession',
    tag: 'Turns',
    summary: 'Stop whatever turn runs in a session',
    gives: { 200: json('What it has come to.', StopResource, STOPPED) },
    errors: ['session_not_found', 'store_unavailable'],
  },
  'POST /chat/turns/{id}/regenerate': {
    id: 'regenerateTurn',
    tag: 'Turns',
    summary: "Say a session's last turn anew",
    description:
      'A new turn takes the place of the old one, which becomes an alternative. A `message` edits what was said.',
    heeds: ['Last-Event-ID', 'Idempotency-Key'],
    gives: { 200: eventStream(REPLY), 204: NOTHING_LEFT },
    errors: [
      'persona_unknown',
      'brain_unknown',
      'turn_not_found',
      'turn_in_progress',
      'turn_not_last',
      'message_id_reused',
      'message_too_long',
      'brain_rejected',
      ...REFUSALS,
    ],
  },
}
