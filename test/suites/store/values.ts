/** Values for the stores' contract suites: short ways to write what is only in part of interest. */
import type { DoneEvent, ErrorEvent, TerminalEvent } from '#src/chat/event.ts'
import type { SessionRef } from '#src/chat/session.ts'
import type { Append, Claim, NewSession, Settlement, Turn, TurnIdentity } from '#src/chat/store.ts'

export const REF: SessionRef = { owner: 'ada', sessionId: 'first' }

/** Texts that some encoding, framing or protocol has once choked on. */
export const TEXTS: [string, string][] = [
  ['emoji', '👩‍👩‍👧‍👦 and 👍🏽'],
  ['CJK', '日本語、한국어、中文'],
  ['line ends', 'one\ntwo\r\nthree\rfour\n\n'],
  ['NUL and control characters', 'a\u0000b\u0001\u001b[31m\u007f\u2028\u2029'],
  ['an SSE frame', 'data: {"done": true}\n\nevent: x\nid: 1\n\n'],
  ['quotes', `'; DROP TABLE message; -- "\\" \`\${x}\``],
  ['JSON', '{"__proto__": {"a": 1}, "tokens": ["\\u0000"]}'],
  ['white space', '  \t '],
  ['a megabyte', '1 MB of naïve 😀 '.repeat(55_000)],
]

export function newSession(session: Partial<NewSession> = {}): NewSession {
  const chosen = { title: null, persona: 'coach', brain: null, model: null, onDisconnect: 'continue' } as const
  return { ...REF, userId: 'ada', ...chosen, ephemeral: false, ...session }
}

export function newClaim(claim: Partial<Claim> = {}): Claim {
  const asked = { brain: 'config', model: 'offline', persona: 'coach', onDisconnect: 'continue' } as const
  const said = { clientId: null, digest: 'digest', message: 'Hello', title: 'Hello', replaces: null }
  return { ...REF, ...asked, ...said, ...claim }
}

export function newAppend(turn: TurnIdentity, seq: number, tokens: string[], epoch = 1): Append {
  const { owner, sessionId, n, createdAt } = turn
  return { turn: { owner, sessionId, n, createdAt }, epoch, seq, tokens }
}

/** The settlement of a turn that said `text` in one token, none of which was journaled, unless told otherwise. */
export function newSettlement(
  turn: Turn,
  text: string,
  { state = 'done', ...how }: Partial<Pick<Settlement, 'state' | 'tail' | 'end'>> = {},
): Settlement {
  const { owner, sessionId, n, createdAt } = turn
  const tokens = text === '' ? [] : [text]
  const tail = { seq: tokens.length, tokens }
  const end = state === 'done' || state === 'stopped' ? doneOf(turn, text, state) : errorOf(turn, text)
  return { turn: { owner, sessionId, n, createdAt }, state, tail, end, ...how }
}

export function doneOf(turn: Turn, text: string, state: 'done' | 'stopped' = 'done'): DoneEvent {
  return { type: 'done', ...terminalOf(turn, text), finishReason: state === 'done' ? 'stop' : 'stopped' }
}

export function errorOf(turn: Turn, text: string): ErrorEvent {
  const failure = { code: 'brain_timeout', message: 'It took too long.', retryable: true, retryAfter: null } as const
  return { type: 'error', ...terminalOf(turn, text), ...failure }
}

function terminalOf({ epoch, persona }: Turn, text: string): Omit<TerminalEvent, 'type'> {
  const times = { duration: 1.25, timeToFirstToken: 0.5, tokensPerSecond: 12.5 }
  const stats = { tokens: 1, ...times, inputTokens: 7, outputTokens: null, costUsd: 0.000_012 }
  return {
    epoch,
    seq: text === '' ? 1 : 2,
    text,
    stats,
    brain: 'claude',
    model: 'who-answered',
    persona,
    at: 1_700_000,
  }
}
