/** Sending, stopping, and reading a reply to its end. */
import { batch } from '@preact/signals'
import { createId } from '#src/client/id.ts'
import type { DoneFrame, Reply, ReparteeError } from '#src/client/index.ts'
import { client, toProblem, userId } from './api.ts'
import { brain, exchanges, open, persona, running, shown, untilLeft } from './conversation.ts'
import { brains } from './catalogue.ts'
import { forgetPending, keepDraft, keepPending, type Pending, recallDraft, recallPending } from './drafts.ts'
import { createExchange, type Exchange, fromDone } from './exchange.ts'
import { announce, notify } from './notices.ts'
import { go } from './route.ts'
import { attempt, refreshSessions } from './sessions.ts'
import { nudge } from './tabs.ts'

/** What is being delivered, by its exchange: sent again it is the same. */
const deliveries = new Map<Exchange, { pending: Pending; leaving: AbortController }>()

/** Shows a session, and goes on with whatever is under way in it. */
export async function openAndFollow(id: string | null): Promise<void> {
  await open(id)
  const pending = id === null ? null : recallPending(id)
  if (pending) await deliver(pending)
  else await followRunning()
}

/** Follows the turn that runs in the session, whoever began it. */
export async function followRunning(): Promise<void> {
  const exchange = running.value
  if (!exchange || exchange.turnId.value === null || followed.has(exchange)) return
  await follow(exchange)
}

const followed = new WeakSet<Exchange>()

/** Reads a turn from its beginning. */
export async function follow(exchange: Exchange): Promise<void> {
  const turnId = exchange.turnId.value
  if (turnId === null) return
  batch(() => {
    exchange.state.value = 'writing'
    exchange.problem.value = null
  })
  await read(exchange, client.follow(turnId, { signal: untilLeft() }))
}

export async function send(message: string): Promise<void> {
  const { id } = shown.value
  const sessionId = id ?? createId()
  const chosen = brain.value === brains.value.active ? null : brain.value
  const begin = id === null ? { persona: persona.value, brain: chosen } : null
  keepDraft(id, '')
  await deliver({ sessionId, clientMessageId: createId(), message, begin })
}

async function deliver(pending: Pending): Promise<void> {
  const { sessionId, begin, message } = pending
  keepPending(pending)
  const exchange = createExchange(message, 'sending')
  batch(() => {
    exchanges.value = [...exchanges.value, exchange]
    if (begin) shown.value = { id: sessionId, title: null, persona: begin.persona, brain: begin.brain }
  })
  if (begin) go(sessionId, { isSame: true })
  await push(exchange, pending)
}

/** Sends what was refused once more. */
export async function sendAgain(exchange: Exchange): Promise<void> {
  const delivery = deliveries.get(exchange)
  if (!delivery) return
  keepPending(delivery.pending)
  batch(() => {
    exchange.state.value = 'sending'
    exchange.problem.value = null
  })
  await push(exchange, delivery.pending)
}

/** Takes back what was not sent. @returns its text */
export function takeBack(exchange: Exchange): string {
  deliveries.delete(exchange)
  exchanges.value = exchanges.value.filter((one) => one !== exchange)
  return exchange.question.value
}

async function push(exchange: Exchange, pending: Pending): Promise<void> {
  const { sessionId, clientMessageId, message, begin } = pending
  const leaving = new AbortController()
  deliveries.set(exchange, { pending, leaving })
  const signal = AbortSignal.any([untilLeft(), leaving.signal])
  try {
    if (begin) {
      const { persona: chosen, brain: withBrain } = begin
      const options = withBrain === null ? {} : { brain: withBrain }
      await client.start({ session_id: sessionId, user_id: userId, persona: chosen, ...options, signal })
    }
    const reply = client.send(sessionId, message, { client_message_id: clientMessageId, signal })
    void reply.started.then(
      () => {
        forgetPending()
        deliveries.delete(exchange)
        if (recallDraft(sessionId) === message) keepDraft(sessionId, '')
      },
      () => {},
    )
    await read(exchange, reply)
  } catch (error) {
    fail(exchange, error)
  }
  if (exchange.state.value !== 'unsent') return
  forgetPending()
  keepDraft(sessionId, message)
}

/** A new reply in place of the last one; with a message, to that. */
export async function regenerate(exchange: Exchange, message?: string): Promise<void> {
  const turnId = exchange.turnId.value
  if (turnId === null || running.value) return
  const { question, text, facts, earlier, state, problem } = exchange
  const before = [question.value, text.value, facts.value, earlier.value, state.value] as const
  batch(() => {
    const speaker = facts.value?.brain ?? null
    const said = { turnId, question: question.value, text: text.value, state: state.value, brain: speaker }
    if (said.text) earlier.value = [...earlier.value, said]
    question.value = message ?? question.value
    text.value = ''
    facts.value = null
    problem.value = null
    state.value = 'writing'
  })
  const options = message === undefined ? {} : { message }
  await read(exchange, client.regenerate(turnId, { ...options, signal: untilLeft() }))
  if (exchange.turnId.value !== turnId || !problem.value) return
  // It was refused: what was said before still stands.
  const refusal = (problem as { value: ReparteeError }).value
  notify(refusal.message)
  batch(() => {
    ;[question.value, text.value, facts.value, earlier.value, state.value] = before
    problem.value = null
  })
}

async function read(exchange: Exchange, reply: Reply): Promise<void> {
  followed.add(exchange)
  const shownBefore = exchange.text.value.length
  try {
    for await (const frame of reply) {
      if (frame.start) accept(exchange, frame.turn_id)
      // Read once more from its beginning, it does not shrink meanwhile.
      else if (frame.token !== undefined && reply.text.length >= shownBefore) exchange.text.value = reply.text
    }
    finish(exchange, await reply.done)
  } catch (error) {
    fail(exchange, error)
  }
  followed.delete(exchange)
  nudge()
  await refreshSessions().catch(() => {})
}

function accept(exchange: Exchange, turnId: string): void {
  batch(() => {
    exchange.turnId.value = turnId
    exchange.state.value = 'writing'
  })
  nudge()
  void refreshSessions().catch(() => {})
}

function finish(exchange: Exchange, frame: DoneFrame): void {
  batch(() => {
    exchange.text.value = frame.full_text
    exchange.facts.value = fromDone(frame)
    exchange.state.value = frame.finish_reason === 'stopped' ? 'stopped' : 'complete'
  })
  announce(frame.finish_reason === 'stopped' ? 'Stopped.' : `Reply: ${frame.full_text}`)
}

function fail(exchange: Exchange, error: unknown): void {
  const problem = toProblem(error)
  const isSent = exchange.turnId.value !== null
  if (!problem) {
    // Left: for another session, where nobody looks any more, or because it was taken back.
    if (!isSent) exchange.state.value = 'unsent'
    return
  }
  batch(() => {
    if (problem.partialText !== undefined && isSent) exchange.text.value = problem.partialText
    exchange.problem.value = problem
    exchange.state.value = isSent ? 'failed' : 'unsent'
  })
  announce(`${isSent ? 'The reply has failed' : 'The message was not sent'}: ${problem.message}`)
}

/** Ends the running reply; what has not been accepted yet is taken back. */
export async function stop(): Promise<void> {
  const exchange = running.value
  if (!exchange) return
  const turnId = exchange.turnId.value
  if (turnId === null) return deliveries.get(exchange)?.leaving.abort()
  await attempt(() => client.stop(turnId, { signal: untilLeft() }))
}
