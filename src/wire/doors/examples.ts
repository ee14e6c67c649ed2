/** What the reference shows: one conversation, as it comes from every door. */
import { ChatError, type ChatErrorFacts, type ErrorCode } from '#src/chat/errors.ts'

const SESSION_ID = 'morning-run'
const TURN_ID = `${SESSION_ID}.1`
const REPLY = 'Ten minutes is plenty.'
const BEGUN = '2026-11-21T06:30:00.000Z'
const ENDED = '2026-11-21T06:30:01.120Z'

const SPEAKER = { brain: 'claude', model: 'claude-haiku-5-5', persona: 'fitness_coach' }

const STATS = {
  tokens: 4,
  duration: 1.12,
  time_to_first_token: 0.42,
  tokens_per_second: 5.71,
  input_tokens: 212,
  output_tokens: 6,
  cost_usd: 0.00024,
}

export const TOKEN = { token: 'Ten ', count: 1 }

export const DONE = {
  done: true,
  session_id: SESSION_ID,
  turn_id: TURN_ID,
  message_id: `${TURN_ID}.assistant`,
  full_text: REPLY,
  ...STATS,
  ...SPEAKER,
  cached: false,
  finish_reason: 'stop',
  timestamp: ENDED,
}

export const STARTED = {
  session_id: SESSION_ID,
  user_id: 'anonymous',
  persona: 'fitness_coach',
  persona_description: 'Energetic and motivating fitness coach',
  available_personas: ['calm_coach', 'default', 'fitness_coach'],
  brain: 'claude',
  created_at: BEGUN,
}

export const SESSION = {
  session_id: SESSION_ID,
  user_id: 'anonymous',
  title: 'I only have ten minutes today',
  persona: 'fitness_coach',
  brain: 'claude',
  model: null,
  on_disconnect: 'continue',
  message_count: 2,
  created_at: BEGUN,
  updated_at: ENDED,
  active_turn_id: null,
}

export const CLEARED = { ...SESSION, message_count: 0 }

const MESSAGE = { turn_id: TURN_ID, status: 'complete', created_at: BEGUN }

export const CONVERSATION = {
  ...SESSION,
  has_more: false,
  messages: [
    {
      message_id: `${TURN_ID}.user`,
      role: 'user',
      content: 'I only have ten minutes today',
      ...MESSAGE,
      brain: null,
      model: null,
    },
    {
      message_id: `${TURN_ID}.assistant`,
      role: 'assistant',
      content: REPLY,
      ...MESSAGE,
      brain: SPEAKER.brain,
      model: SPEAKER.model,
    },
  ],
}

export const MARKDOWN = `# I only have ten minutes today\n\n### You · ${BEGUN}\n\nI only have ten minutes today\n\n### claude · ${ENDED}\n\n${REPLY}\n`

export const TURN = {
  turn_id: TURN_ID,
  session_id: SESSION_ID,
  state: 'done',
  text: REPLY,
  offset: `${TURN_ID}.1-00000005`,
  ...SPEAKER,
  created_at: BEGUN,
  ended_at: ENDED,
  message_id: `${TURN_ID}.assistant`,
  ...STATS,
  finish_reason: 'stop',
}

export const STOPPED = { stopped: true, turn_id: TURN_ID, state: 'stopped', partial_text: 'Ten ' }

export const COMPLETION = {
  id: `chatcmpl-${TURN_ID}`,
  object: 'chat.completion',
  created: 1_795_242_600,
  model: 'fitness_coach',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: REPLY, refusal: null },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: { prompt_tokens: 212, completion_tokens: 6, total_tokens: 218 },
}

export const CHUNK = {
  id: `chatcmpl-${TURN_ID}`,
  object: 'chat.completion.chunk',
  created: 1_795_242_600,
  model: 'fitness_coach',
  choices: [{ index: 0, delta: { content: 'Ten ' }, logprobs: null, finish_reason: null }],
}

export const MODEL = { id: 'fitness_coach', object: 'model', created: 1_795_242_600, owned_by: 'repartee' }

const ERRORS: Record<ErrorCode, [sentence: string, facts?: ChatErrorFacts]> = {
  invalid_request: ['"message" must be string.'],
  persona_unknown: ['There is no such persona.', { details: { known: STARTED.available_personas } }],
  brain_unknown: ['There is no such brain. There are: config, claude.'],
  frame_invalid: ['The frame is not valid JSON.'],
  unauthorized: ['Sign in: a valid token is needed.'],
  forbidden: ['Only an admin may do this.'],
  not_found: ['There is no such door.'],
  session_not_found: ['There is no such session.'],
  turn_not_found: ['There is no such turn.'],
  model_not_found: ['There is no such model: GET /v1/models lists them.', { details: { param: 'model' } }],
  turn_in_progress: ['A turn of this session is still running.', { turnId: TURN_ID }],
  message_id_reused: ['This id was used for another message of the session.', { turnId: TURN_ID }],
  turn_not_last: ["Only the session's last turn can be regenerated."],
  turn_expired: ['The events of this turn are not kept any more: its text is in the history.'],
  message_too_long: ['The message has 12000 characters; the most is 10000.'],
  body_too_large: ['The body is too large.'],
  unsupported_media_type: ['Send JSON, with Content-Type: application/json (curl: --json, not -d).'],
  host_not_allowed: ['The service does not go by this name: list it in ALLOWED_HOSTS.'],
  guardrail_blocked: ['This message is not taken here.'],
  rate_limited: ['More than 30 messages within a minute: wait a little.', { retryAfter: 12 }],
  internal: ['Something went wrong on our side.'],
  brain_rejected: ['The provider refused the request.'],
  brain_bad_response: ['The provider sent what cannot be understood.'],
  brain_unavailable: ['The provider is not available.'],
  brain_rate_limited: ['The provider is asked too often.', { retryAfter: 5 }],
  store_unavailable: ['What is needed to answer cannot be reached now.'],
  draining: ['The service is restarting: come back.', { retryAfter: 1 }],
  interrupted: ['The service is restarting: what was said is kept.'],
  brain_timeout: ['The provider has said nothing for too long.'],
}

export function toExample(code: ErrorCode): ChatError {
  return new ChatError(code, ...ERRORS[code])
}
