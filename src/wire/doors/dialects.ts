/** Doors that keep existing clients working. */
import { Type } from 'typebox'
import {
  ApiChatDeleted,
  ApiChatDoneFrame,
  ApiChatSession,
  ApiStatus,
  ChatCompletion,
  ChatCompletionChunk,
  Model,
  ModelList,
  OpenAIError,
  UIMessagePart,
  UnifiedReply,
} from '../dialect-responses.ts'
import { ErrorFrame, TokenFrame } from '../responses.ts'
import { FAILURES, REFUSALS } from './chat.ts'
import { type Doors, events, eventStream, json, NOTHING_LEFT } from './door.ts'
import { CHUNK, COMPLETION, DONE, MODEL, SESSION, TOKEN } from './examples.ts'

const NOW = DONE.timestamp

export const API_CHAT_DOORS: Doors = {
  'POST /api/chat/stream': {
    id: 'streamApiChat',
    tag: 'For /api/chat',
    summary: 'Send a message and read the reply as it is written',
    description:
      'The session is made on first use, persona `default`; a running turn is stopped first. Token frames come with `partial`, the done frame also with `full_response` and `user`.',
    heeds: ['Last-Event-ID', 'Idempotency-Key'],
    gives: {
      200: eventStream(
        events(Type.Union([TokenFrame, ApiChatDoneFrame, ErrorFrame]), [
          { ...TOKEN, partial: 'Ten ' },
          { ...DONE, full_response: DONE.full_text, user: 'anonymous' },
        ]),
      ),
      204: NOTHING_LEFT,
    },
    errors: ['message_id_reused', 'message_too_long', ...REFUSALS],
  },
  'GET /api/chat/sessions/{id}': {
    id: 'getApiChatSession',
    tag: 'For /api/chat',
    summary: 'How many messages a session has',
    gives: {
      200: json('So many.', ApiChatSession, { session_id: SESSION.session_id, messages: 2, timestamp: NOW }),
    },
    errors: ['session_not_found', 'store_unavailable'],
  },
  'DELETE /api/chat/sessions/{id}': {
    id: 'deleteApiChatSession',
    tag: 'For /api/chat',
    summary: 'Delete a session',
    gives: { 200: json('It is gone.', ApiChatDeleted, { success: true, message: 'Session deleted' }) },
    errors: ['session_not_found', 'store_unavailable'],
  },
  'GET /api/status': {
    id: 'getApiStatus',
    tag: 'For /api/chat',
    summary: 'What is online',
    gives: {
      200: json('It answers, so it is online; and what it needs.', ApiStatus, {
        status: 'online',
        timestamp: NOW,
        authenticated: false,
        services: { chat: 'online', store: 'online', brain: 'claude' },
      }),
    },
  },
}

export const UNIFIED_DOORS: Doors = {
  'POST /api/v1/chat/unified/stream': {
    id: 'streamUnified',
    tag: 'For /api/v1/chat/unified',
    summary: 'Send a message and read the reply word by word',
    description:
      'Each frame is a bare JSON string, cut after white space; a failure is a last string `"Error: …"`. The numbers of the turn come in a last comment: `: {json}`.',
    heeds: ['Last-Event-ID', 'Idempotency-Key'],
    gives: { 200: eventStream(events(Type.String(), ['Ten ', 'minutes '])), 204: NOTHING_LEFT },
    errors: ['message_id_reused', 'message_too_long', ...REFUSALS],
  },
  'POST /api/v1/chat/unified': {
    id: 'sendUnified',
    tag: 'For /api/v1/chat/unified',
    summary: 'Send a message and get the whole reply, measured',
    description: "A turn that fails gives its code's status, with what was said in `partial_text`.",
    heeds: ['Last-Event-ID', 'Idempotency-Key'],
    gives: {
      200: json(
        'The reply, and what it looks like.',
        UnifiedReply,
        {
          response: DONE.full_text,
          elp_values: { ethos: 5, logos: 5, pathos: 5 },
          confidence: 0.9,
          code_blocks: [],
          is_code_response: false,
          generation_time_ms: 1120,
          session_id: SESSION.session_id,
        },
        ['X-Session-Id', 'X-Turn-Id'],
      ),
    },
    errors: ['message_id_reused', 'message_too_long', ...REFUSALS, ...FAILURES],
    givesErrorFrames: true,
  },
}

export const OPENAI_DOORS: Doors = {
  'POST /v1/chat/completions': {
    id: 'createChatCompletion',
    tag: "For OpenAI's clients",
    summary: 'Complete a conversation',
    description:
      'With `stream: true` the completion comes in chunks, and the head waits for the first event: what fails before it is a status.',
    gives: {
      200: {
        description: 'The completion, whole or as server-sent events.',
        headers: ['X-Session-Id', 'X-Turn-Id'],
        content: {
          'application/json': { schema: ChatCompletion, example: COMPLETION },
          'text/event-stream': events(Type.Union([ChatCompletionChunk, OpenAIError]), [CHUNK], true),
        },
      },
    },
    errors: ['model_not_found', ...REFUSALS, ...FAILURES],
    errorsOf: 'openai',
  },
  'GET /v1/models': {
    id: 'listModels',
    tag: "For OpenAI's clients",
    summary: 'List the personas',
    gives: { 200: json('All of them.', ModelList, { object: 'list', data: [MODEL] }) },
    errorsOf: 'openai',
  },
  'GET /v1/models/{id}': {
    id: 'getModel',
    tag: "For OpenAI's clients",
    summary: 'Look at a persona',
    gives: { 200: json('The persona.', Model, MODEL) },
    errors: ['model_not_found'],
    errorsOf: 'openai',
  },
}

const UI_MESSAGE_STREAM = eventStream(
  events(UIMessagePart, [{ type: 'text-delta', id: 'text', delta: 'Ten ' }], true),
  ['X-Vercel-AI-UI-Message-Stream'],
)

export const AI_SDK_DOORS: Doors = {
  'POST /api/chat': {
    id: 'streamUIMessage',
    tag: 'For the AI SDK',
    summary: 'Send, regenerate or edit a message',
    description:
      "Only the user's last message is read: the history is the session's, which is made on first use. A running turn is stopped first.",
    gives: { 200: UI_MESSAGE_STREAM },
    errors: ['turn_not_found', 'message_id_reused', 'turn_not_last', 'brain_rejected', ...REFUSALS],
  },
  'GET /api/chat/{id}/stream': {
    id: 'resumeUIMessage',
    tag: 'For the AI SDK',
    summary: 'Read the running turn from its beginning',
    gives: {
      200: UI_MESSAGE_STREAM,
      204: { description: 'No turn runs, or there is no such session.' },
    },
    errors: ['rate_limited', 'store_unavailable'],
  },
}
