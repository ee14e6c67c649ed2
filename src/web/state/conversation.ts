/** The session that is shown: what is known of it, and how it is kept as the service has it. */
import { batch, computed, signal } from '@preact/signals'
import { type Message, ReparteeError, type SessionWithMessages } from '#src/client/index.ts'
import { client, toProblem } from './api.ts'
import { brains, personas } from './catalogue.ts'
import { type Exchange, fromTurn, isRunning, toExchanges } from './exchange.ts'
import { attempt } from './sessions.ts'
import { recall, remember } from './storage.ts'
import { nudge } from './tabs.ts'

/** Messages that are loaded at a time. */
const PAGE = 50

export interface Shown {
  /** Null until something is said. */
  id: string | null
  title: string | null
  persona: string | null
  brain: string | null
}

const NOTHING: Shown = { id: null, title: null, persona: null, brain: null }

export const shown = signal<Shown>(NOTHING)
export const exchanges = signal<Exchange[]>([])
export const loading = signal<'ready' | 'loading' | 'missing' | 'failed'>('ready')
/** The message before which there are more; null when all are shown. */
export const earlierBefore = signal<string | null>(null)

export const running = computed(() => exchanges.value.find(isRunning) ?? null)
export const persona = computed(() => shown.value.persona ?? (recall('local', 'persona') || personas.value.default))
export const brain = computed(() => shown.value.brain ?? brains.value.active)

let readers = new AbortController()
/** What the service last said of the session: when it says the same again, nothing has happened. */
let version = ''

/** Ends when another session is shown: its turns go on without this reader. */
export function untilLeft(): AbortSignal {
  return readers.signal
}

/** Shows another session; null is a new one. */
export async function open(id: string | null): Promise<void> {
  readers.abort()
  readers = new AbortController()
  version = ''
  batch(() => {
    shown.value = { ...NOTHING, id }
    exchanges.value = []
    earlierBefore.value = null
    loading.value = id === null ? 'ready' : 'loading'
  })
  if (id !== null) await load(id)
}

async function load(id: string): Promise<void> {
  const { signal: left } = readers
  try {
    const found = await client.sessions.get(id, { messages: PAGE, signal: left })
    if (!left.aborted) show(found)
  } catch (error) {
    const problem = toProblem(error)
    if (problem && !left.aborted) loading.value = problem.code === 'session_not_found' ? 'missing' : 'failed'
  }
}

function show(found: SessionWithMessages): void {
  version = toVersion(found)
  const { session_id: id, title, persona: hasPersona, brain: hasBrain, messages, has_more, active_turn_id } = found
  const before = exchanges.value
  batch(() => {
    shown.value = { id, title, persona: hasPersona, brain: hasBrain }
    const kept = toExchanges(messages, active_turn_id, before)
    exchanges.value = [...toEarlierOnes(before, kept), ...kept, ...toUnsent(before, kept)]
    if (before.length === 0) earlierBefore.value = toEarlierBefore(messages, has_more)
    loading.value = 'ready'
  })
}

/** Those that were loaded before the first of this page. */
function toEarlierOnes(before: Exchange[], kept: Exchange[]): Exchange[] {
  const first = kept[0] ? before.indexOf(kept[0]) : -1
  return first > 0 ? before.slice(0, first) : []
}

/** What the service does not have, unless it has it after all. */
function toUnsent(before: Exchange[], kept: Exchange[]): Exchange[] {
  const last = kept.at(-1)?.question.value
  return before.filter(({ state, question, turnId }) => {
    if (turnId.value !== null) return false
    return state.value === 'sending' || (state.value === 'unsent' && question.value !== last)
  })
}

/** Looks whether something happened to the session elsewhere. */
export async function look(): Promise<void> {
  const { id } = shown.value
  if (id === null || running.value || loading.value === 'missing') return
  const { signal: left } = readers
  try {
    const found = await client.sessions.get(id, { messages: 0, signal: left })
    if (left.aborted || running.value || toVersion(found) === version) return
    await load(id)
  } catch (error) {
    if (error instanceof ReparteeError && error.code === 'session_not_found' && !left.aborted) loading.value = 'missing'
  }
}

function toVersion(session: SessionWithMessages): string {
  return JSON.stringify({ ...session, messages: null, has_more: null })
}

/** Loads the messages before those that are shown. */
export async function loadEarlier(): Promise<void> {
  const { id } = shown.value
  const before = earlierBefore.value
  if (id === null || before === null) return
  await attempt(async () => {
    const { messages, has_more } = await client.sessions.get(id, { messages: PAGE, before, signal: untilLeft() })
    batch(() => {
      exchanges.value = [...toExchanges(messages, null, []), ...exchanges.value]
      earlierBefore.value = toEarlierBefore(messages, has_more)
    })
  })
}

function toEarlierBefore(messages: Message[], hasMore: boolean): string | null {
  return hasMore ? (messages[0]?.message_id ?? null) : null
}

/** Finds out what a reply of earlier times took, and what went wrong with it. */
export async function loadFacts(exchange: Exchange): Promise<void> {
  const turnId = exchange.turnId.value
  if (turnId === null || isRunning(exchange) || exchange.facts.value?.tokens !== undefined) return
  const turn = await client.turn(turnId, { signal: untilLeft() }).catch(() => null)
  if (!turn || exchange.turnId.value !== turnId) return
  batch(() => {
    exchange.facts.value = { ...fromTurn(turn), corrections: exchange.facts.value?.corrections }
    if (turn.state === 'stopped') exchange.state.value = 'stopped'
    if (turn.error === undefined || exchange.problem.value) return
    const facts = { code: turn.code ?? 'internal', retryable: turn.retryable, turnId }
    exchange.problem.value = new ReparteeError(turn.error, facts)
  })
}

export async function setPersona(id: string): Promise<void> {
  remember('local', 'persona', id)
  await patch({ persona: id }, { persona: id })
}

/** The active brain is followed, wherever it is switched to. */
export async function setBrain(id: string): Promise<void> {
  await patch({ brain: id }, { brain: id === brains.value.active ? null : id })
}

async function patch(seen: Partial<Shown>, sent: { persona?: string; brain?: string | null }): Promise<void> {
  const before = shown.value
  shown.value = { ...before, ...seen }
  if (before.id === null) return
  const { id } = before
  const isDone = await attempt(() => client.sessions.update(id, sent))
  if (isDone) nudge()
  else if (shown.value.id === id) shown.value = before
}

export async function clear(): Promise<void> {
  const { id } = shown.value
  if (id === null) return
  await attempt(async () => {
    await client.sessions.clear(id)
    batch(() => {
      exchanges.value = []
      earlierBefore.value = null
    })
    nudge()
  })
}
