/** A turn and its events, as the core gives them to a dialect. */
import type { DoneEvent, ErrorEvent, TokenEvent } from '#src/chat/event.ts'
import type { Turn } from '#src/chat/store.ts'

export const TURN: Turn = {
  owner: 'ada',
  sessionId: 'first',
  n: 3,
  epoch: 1,
  state: 'running',
  clientId: null,
  digest: 'digest',
  brain: 'config',
  model: 'offline',
  persona: 'calm_coach',
  onDisconnect: 'continue',
  createdAt: 1_795_244_327_500,
  endedAt: null,
  end: null,
}

export function token(text: string, seq = 1): TokenEvent {
  return { type: 'token', epoch: 1, seq, text }
}

const TERMINAL = {
  epoch: 1,
  seq: 3,
  text: 'Hello there',
  stats: {
    tokens: 2,
    duration: 1.257,
    timeToFirstToken: 0.5,
    tokensPerSecond: 2.642,
    inputTokens: 7,
    outputTokens: 4,
    costUsd: null,
  },
  brain: 'config',
  model: 'offline',
  persona: 'calm_coach',
  at: 1_795_244_328_757,
}

export function done(changes: Partial<DoneEvent> = {}): DoneEvent {
  return { type: 'done', ...TERMINAL, finishReason: 'stop', ...changes }
}

export function failure(changes: Partial<ErrorEvent> = {}): ErrorEvent {
  const error = { code: 'brain_timeout', message: 'It took too long.', retryable: true, retryAfter: null } as const
  return { type: 'error', ...TERMINAL, ...error, ...changes }
}
