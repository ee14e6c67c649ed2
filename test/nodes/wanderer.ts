/** A client that goes to any node, and to another when that one sends it away: it says one thing after the other. */
import { setTimeout as delay } from 'node:timers/promises'
import { call, openStream, type Stream } from '#test/helper.ts'
import { follow, NEGOTIATED, turnIdOf } from '#test/invariants/conversation.ts'

export interface Outcome {
  /** What the token frames spelled, and their numbers as they came. */
  text: string
  counts: number[]
  /** What the end said that was said, and how it ended. */
  full: unknown
  end: unknown
  /** How often a node that left has sent the client away. */
  dismissals: number
}

/** Milliseconds until another node is tried. */
const RETRY_MS = 50

/** Tokens after which the client leaves the node that its message went to. */
const RESTLESS_AFTER = 3

/** Sends and reads messages until `signal`, the last one to its end. */
export async function talk(urls: readonly string[], name: string, signal: AbortSignal): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const start = { session_id: name, user_id: name }
  await persist(urls, async (url) => (await call(`${url}/chat/start`, 'POST', start)).status === 200)
  while (!signal.aborted) outcomes.push(await converse(urls, name, `m${outcomes.length}`))
  return outcomes
}

/** One message and its whole reply, from as many nodes as it takes. */
async function converse(urls: readonly string[], sessionId: string, messageId: string): Promise<Outcome> {
  const outcome: Outcome = { text: '', counts: [], full: null, end: null, dismissals: 0 }
  const sent = { session_id: sessionId, message: 'Tell me', client_message_id: messageId }
  let turnId: string | null = null
  let after = ''
  await persist(urls, async (url) => {
    const ids = after === '' ? {} : { 'last-event-id': after }
    const stream: Stream = turnId
      ? await follow(url, turnId, '', { ...NEGOTIATED, ...ids })
      : await openStream(`${url}/chat/stream`, sent, NEGOTIATED)
    if (stream.status !== 200) return false
    turnId = turnIdOf(stream)
    const isFirst = after === ''
    for (let [frame] = await stream.take(1); frame; [frame] = await stream.take(1)) {
      const { id, data } = frame
      if (id === null) {
        if (data.code === 'draining') outcome.dismissals++
        return false
      }
      after = id
      if (typeof data.token === 'string') {
        outcome.text += data.token
        outcome.counts.push(data.count as number)
        if (isFirst && outcome.counts.length >= RESTLESS_AFTER) {
          stream.leave()
          return false
        }
      } else {
        outcome.full = data.full_text ?? data.partial_text
        outcome.end = data.finish_reason ?? data.code
        return true
      }
    }
    return false
  })
  return outcome
}

/** Tries on one node after the other until it works. */
async function persist(urls: readonly string[], attempt: (url: string) => Promise<boolean>): Promise<void> {
  for (let n = Math.floor(Math.random() * urls.length); ; n++) {
    if (await attempt(urls[n % urls.length]!).catch(() => false)) return
    await delay(RETRY_MS)
  }
}
