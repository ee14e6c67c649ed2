/** Doors of a session, and of what there is to choose from. */
import { Type } from 'typebox'
import {
  BrainHealth,
  BrainList,
  Conversation,
  DeletedSession,
  PersonaList,
  SessionList,
  SessionResource,
  SwitchedBrain,
} from '../responses.ts'
import { type Doors, json } from './door.ts'
import { CLEARED, CONVERSATION, MARKDOWN, SESSION } from './examples.ts'

export const SESSION_DOORS: Doors = {
  'GET /chat/sessions': {
    id: 'listSessions',
    tag: 'Sessions',
    summary: 'List sessions',
    description: 'Latest `updated_at` first. Signed in, they are your own, whatever `user_id` says.',
    gives: { 200: json('A page of them.', SessionList, { sessions: [SESSION], next_cursor: null }) },
    errors: ['invalid_request', 'store_unavailable'],
  },
  'GET /chat/sessions/{id}': {
    id: 'getSession',
    tag: 'Sessions',
    summary: 'Look into a session',
    description:
      'With its latest messages, fewer than asked for where they are long: `has_more` says whether there are earlier ones.',
    gives: { 200: json('The session and its messages.', Conversation, CONVERSATION) },
    errors: ['invalid_request', 'session_not_found', 'store_unavailable'],
  },
  'PATCH /chat/sessions/{id}': {
    id: 'changeSession',
    tag: 'Sessions',
    summary: 'Change a session',
    description:
      'During a turn it counts from the next one. `brain: null` follows the active brain, `model: null` leaves the model to the brain.',
    gives: { 200: json('The session.', SessionResource, SESSION) },
    errors: ['persona_unknown', 'brain_unknown', 'session_not_found', 'store_unavailable'],
  },
  'POST /chat/sessions/{id}/clear': {
    id: 'clearSession',
    tag: 'Sessions',
    summary: 'Forget the messages of a session',
    gives: { 200: json('The session without its messages.', SessionResource, CLEARED) },
    errors: ['session_not_found', 'turn_in_progress', 'store_unavailable'],
  },
  'GET /chat/sessions/{id}/export': {
    id: 'exportSession',
    tag: 'Sessions',
    summary: 'Download a session',
    gives: {
      200: {
        description:
          'All of it, as Markdown for people or as JSON. The connection breaks when the session is deleted meanwhile.',
        headers: ['Content-Disposition'],
        content: {
          'text/markdown': { schema: Type.String(), example: MARKDOWN },
          'application/json': { schema: Conversation, example: CONVERSATION },
        },
      },
    },
    errors: ['invalid_request', 'session_not_found', 'store_unavailable'],
  },
  'DELETE /chat/sessions/{id}': {
    id: 'deleteSession',
    tag: 'Sessions',
    summary: 'Delete a session',
    description: 'A running turn ends, and nothing of it comes back.',
    gives: { 200: json('It is gone.', DeletedSession, { success: true, session_id: SESSION.session_id }) },
    errors: ['session_not_found', 'store_unavailable'],
  },
}

const HEALTHY = { active_brain: 'claude', healthy: true, message: 'Claude is ready.' }
const ILL = { active_brain: 'claude', healthy: false, message: 'The provider is not available.' }

export const CATALOGUE_DOORS: Doors = {
  'GET /chat/personas': {
    id: 'listPersonas',
    tag: 'Personas and brains',
    summary: 'List the personas',
    gives: {
      200: json('All of them, and which one sessions begin with.', PersonaList, {
        personas: [{ id: 'fitness_coach', description: 'Energetic and motivating fitness coach' }],
        default: 'fitness_coach',
      }),
    },
  },
  'GET /brains': {
    id: 'listBrains',
    tag: 'Personas and brains',
    summary: 'List the brains',
    description:
      '`breaker` is `open` while a brain is left alone because it fails, and `half_open` while it is tried out.',
    gives: {
      200: json('All of them, and which one is active.', BrainList, {
        brains: [
          { id: 'claude', model: 'claude-haiku-5-5', available: true, breaker: 'closed' },
          { id: 'openai', model: null, available: false, reason: 'OPENAI_API_KEY is not set.', breaker: 'closed' },
        ],
        active: 'claude',
      }),
    },
  },
  'GET /brain/health': {
    id: 'checkBrain',
    tag: 'Personas and brains',
    summary: 'Ask whether the active brain would answer',
    description: 'The answer is remembered for 10 s.',
    gives: {
      200: json('It would.', BrainHealth, HEALTHY),
      503: json('It would not.', BrainHealth, ILL),
    },
  },
  'POST /brain/switch': {
    id: 'switchBrain',
    tag: 'Personas and brains',
    summary: 'Make another brain the active one',
    description: 'It holds on every node, and for good. `null` goes back to the configured one.',
    gives: {
      200: json('Which is active now.', SwitchedBrain, {
        success: true,
        active_brain: 'config',
        message: 'The active brain is config.',
      }),
    },
    errors: ['brain_unknown', 'store_unavailable'],
  },
}
