/** How a turn ends when it does not end well, and how the log of an ended one is read back. */
import { setTimeout as delay } from 'node:timers/promises'
import { ChatError } from './errors.ts'
import type { TerminalEvent, TurnStats } from './event.ts'
import type { LogEntry, Settlement, Turn, TurnRef, TurnStore } from './store.ts'
import { TurnLog } from './turn-log.ts'

export interface Failure {
  state: 'failed' | 'interrupted'
  error: ChatError
}

export function toFailure(
  { state, error }: Failure,
  { epoch, seq, text, stats, brain, model, persona, at }: Omit<TerminalEvent, 'type'>,
): Pick<Settlement, 'state' | 'end'> {
  const { code, message, retryable, retryAfter = null } = error
  const terminal = { epoch, seq, text, stats, brain, model, persona, at }
  return { state, end: { type: 'error', ...terminal, code, message, retryable, retryAfter } }
}

/** Settles a turn that was taken over, with what is kept of it, by the ordinary settlement. */
export async function endTakenTurn(
  turns: TurnStore,
  turn: Turn,
  state: 'interrupted' | 'stopped',
): ReturnType<TurnStore['settle']> {
  const log = toLog(turn, await turns.read(turn))
  const at = Date.now()
  const stats: TurnStats = {
    tokens: log.seq,
    duration: (at - turn.createdAt) / 1000,
    timeToFirstToken: null,
    tokensPerSecond: 0,
    inputTokens: null,
    outputTokens: null,
    costUsd: null,
  }
  const { epoch, brain, model, persona } = turn
  const terminal = { epoch, seq: log.seq + 1, text: log.text(), stats, brain, model, persona, at }
  const tail = { seq: log.seq, tokens: [] }
  if (state === 'stopped')
    return turns.settle({ turn, tail, state, end: { type: 'done', ...terminal, finishReason: state } })
  const error = new ChatError('interrupted', 'The reply was interrupted: what was said is kept.')
  return turns.settle({ turn, tail, ...toFailure({ state, error }, terminal) })
}

/** Milliseconds that another process has to end a turn, and between two looks at whether it has. */
const END_PATIENCE_MS = 1_000
const END_POLL_MS = 25

/** The turn, with its end when another process ends it soon; undefined when it is not there. */
export async function waitForEnd(turns: TurnStore, ref: TurnRef): Promise<Turn | undefined> {
  for (const until = performance.now() + END_PATIENCE_MS; ; await delay(END_POLL_MS)) {
    const turn = await turns.get(ref)
    if (!turn || turn.end || performance.now() > until) return turn
  }
}

/**
 * A stored log, as far as it goes without a hole. A store may trim silently: what comes before a hole cannot be read on
 * to the end, and is left out.
 */
export function toLog(turn: Turn, entries: LogEntry[] = []): TurnLog {
  let start = 0
  let seq = 0
  for (const [index, entry] of entries.entries()) {
    if (entry.seq - entry.tokens.length !== seq) start = index
    seq = entry.seq
  }
  const kept = entries.slice(start)
  const log = new TurnLog(kept[0] ? kept[0].seq - kept[0].tokens.length : 0)
  for (const { tokens } of kept) log.append(tokens)
  if (turn.end) log.finish(turn.end)
  return log
}
