/** The end of a turn as its record has it, for readers who can have its events no more. */
import { ReparteeError } from './errors.ts'
import type { DoneFrame } from './frames.ts'
import type { Turn } from './resources.ts'

/** @returns the done frame, or what it failed with; null while it runs */
export function fromTurn(turn: Turn): DoneFrame | ReparteeError | null {
  const { state, text } = turn
  if (state === 'running') return null
  if (state === 'done' || state === 'stopped') return toDoneFrame(turn)
  return new ReparteeError(turn.error ?? `The turn is ${state}.`, {
    code: turn.code ?? (state === 'interrupted' ? 'interrupted' : 'internal'),
    retryable: turn.retryable,
    turnId: turn.turn_id,
    partialText: text,
  })
}

function toDoneFrame(turn: Turn): DoneFrame {
  const { session_id, turn_id, text, state, brain, model, persona = '', created_at, ended_at } = turn
  return {
    done: true,
    session_id,
    turn_id,
    message_id: turn.message_id ?? '',
    full_text: text,
    tokens: turn.tokens ?? 0,
    duration: turn.duration ?? 0,
    time_to_first_token: turn.time_to_first_token ?? null,
    tokens_per_second: turn.tokens_per_second ?? 0,
    input_tokens: turn.input_tokens ?? null,
    output_tokens: turn.output_tokens ?? null,
    cost_usd: turn.cost_usd ?? null,
    brain,
    model,
    persona,
    cached: false,
    finish_reason: turn.finish_reason ?? (state === 'stopped' ? 'stopped' : 'stop'),
    timestamp: ended_at ?? created_at,
  }
}
