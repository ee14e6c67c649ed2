/** What the service takes and gives beside frames. Names are those of the wire; times are ISO 8601 in UTC. */
import type { FinishReason, TurnStats } from './frames.ts'

export type OnDisconnect = 'continue' | 'stop'

export interface StartOptions {
  /** Default "anonymous"; with sign-in the token says who it is. */
  user_id?: string
  persona?: string
  brain?: string
  /** The brain's, in place of the one that is configured for it. */
  model?: string
  title?: string
  /** One's own existing session is given back. By default a new one, whose id the client makes. */
  session_id?: string
  on_disconnect?: OnDisconnect
}

export interface StartedSession {
  session_id: string
  user_id: string
  persona: string
  persona_description: string
  available_personas: string[]
  brain: string
  created_at: string
}

/** For this turn only. */
export interface TurnOptions {
  persona?: string
  brain?: string
  model?: string
  /** Milliseconds between two tokens. */
  pace_ms?: number
  /** Whether the turn stops when its last reader leaves. Default `continue`. */
  on_disconnect?: OnDisconnect
  /** Whether the session's running turn refuses this one (`turn_in_progress`, the default) or is stopped. */
  if_busy?: 'reject' | 'stop'
  /** By default a random one: the same id with the same message is the same turn. */
  client_message_id?: string
}

export interface RegenerateOptions extends TurnOptions {
  /** Edits the user's message. */
  message?: string
}

export interface Session {
  session_id: string
  user_id: string
  title: string | null
  persona: string
  brain: string
  model: string | null
  on_disconnect?: OnDisconnect
  message_count: number
  created_at: string
  updated_at: string
  active_turn_id: string | null
}

/** A picture that was shown with a message, without its data. */
export type ImageLabel = { media_type: string } | { url: string }

export interface Message {
  message_id: string
  turn_id: string
  role: 'user' | 'assistant'
  content: string
  status: 'complete' | 'stopped' | 'failed' | 'interrupted'
  created_at: string
  brain: string | null
  model: string | null
  /** What the user showed; left out where it was nothing. */
  images?: ImageLabel[]
  alternatives?: Message[]
}

export interface SessionWithMessages extends Session {
  /** Oldest first. */
  messages: Message[]
  /** Whether there are earlier messages, before the first of these. */
  has_more: boolean
}

export interface SessionPage {
  /** The latest `updated_at` first. */
  sessions: Session[]
  /** Null at the end. */
  next_cursor: string | null
}

export interface SessionPatch {
  persona?: string
  /** Null follows the active one. */
  brain?: string | null
  /** Null leaves it to the brain. */
  model?: string | null
  title?: string
  on_disconnect?: OnDisconnect
}

export interface Turn extends Partial<TurnStats> {
  turn_id: string
  session_id: string
  state: 'running' | 'done' | 'stopped' | 'failed' | 'interrupted'
  text: string
  offset: string
  brain: string
  model: string
  persona?: string
  created_at: string
  ended_at: string | null
  message_id?: string
  finish_reason?: FinishReason
  error?: string
  code?: string
  retryable?: boolean
}

export interface StopResult {
  /** False when nothing was running. */
  stopped: boolean
  turn_id: string | null
  state: Turn['state'] | null
  partial_text: string
}

export interface PersonaList {
  personas: { id: string; description: string }[]
  default: string
}

export interface BrainList {
  brains: { id: string; model: string; available: boolean; reason?: string; breaker: string }[]
  active: string
}

export interface SwitchResult {
  success: true
  active_brain: string
  message: string
}
