/** What was written and not yet sent, for each session; and what was sent and not yet accepted, across a reload. */
import { forget, recall, remember } from './storage.ts'

const NEW = 'new'

export function recallDraft(sessionId: string | null): string {
  return recall('local', `draft.${sessionId ?? NEW}`) ?? ''
}

export function keepDraft(sessionId: string | null, text: string): void {
  const name = `draft.${sessionId ?? NEW}`
  if (text) remember('local', name, text)
  else forget('local', name)
}

/** A message on its way. Delivering it twice is delivering it once. */
export interface Pending {
  sessionId: string
  clientMessageId: string
  message: string
  /** What the session is begun with where there is none yet. */
  begin: { persona: string; brain: string | null } | null
}

/** One a tab: a reload sends it again. */
export function keepPending(pending: Pending): void {
  remember('session', 'pending', JSON.stringify(pending))
}

export function recallPending(sessionId: string): Pending | null {
  const kept = recall('session', 'pending')
  const pending = kept === null ? null : (JSON.parse(kept) as Pending)
  return pending?.sessionId === sessionId ? pending : null
}

export function forgetPending(): void {
  forget('session', 'pending')
}
