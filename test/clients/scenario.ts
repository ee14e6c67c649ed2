/** What every client of server-sent events has to live through: a conversation whose connections are lost again and again. */
import { expect } from 'vitest'
import { asks, history, toLines } from '#test/invariants/conversation.ts'
import { byHand, type Hand } from '#test/provider/by-hand.ts'
import type { Provider } from '#test/provider/provider.ts'
import { type Json, type Service, startSession, startWithProvider } from '#test/helper.ts'

/** What an app makes of the frames that its client hands it, lost connections or not. */
export interface Heard {
  /** For the client: the stream is open, and each frame as it comes. */
  open(): void
  take(data: string): void
  opened: Promise<void>
  readonly text: string
  /** Resolves when the text is this. */
  until(text: string): Promise<void>
  /** The done frame. */
  done: Promise<Json>
}

export function createHeard(): Heard {
  let text = ''
  const waiting = new Map<string, () => void>()
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  const { promise: done, resolve, reject } = Promise.withResolvers<Json>()
  done.catch(() => {})
  return {
    open,
    opened,
    take(data) {
      const frame = JSON.parse(data) as Json
      if (typeof frame.token === 'string') text += frame.token
      if (frame.done) resolve(frame)
      if (frame.error) reject(new Error(JSON.stringify(frame)))
      waiting.get(text)?.()
    },
    get text() {
      return text
    },
    until: (wanted) =>
      text === wanted ? Promise.resolve() : new Promise((heard) => void waiting.set(wanted, () => heard())),
    done,
  }
}

export interface Talk extends Service {
  provider: Provider
  hand: Hand
  sessionId: string
  /** What a client sends to `POST /chat/stream`. */
  toBody(message: string): string
}

export async function startTalk(): Promise<Talk> {
  const hand = byHand()
  const service = await startWithProvider(hand.script)
  const sessionId = await startSession(service.url)
  return {
    ...service,
    hand,
    sessionId,
    toBody: (message) => JSON.stringify({ session_id: sessionId, message }),
  }
}

/** Every connection that there is breaks. */
export function cut({ app }: Talk): void {
  app.server.closeAllConnections()
}

/**
 * Four turns that lose their connections in the middle of the reply, so often, or before it has begun.
 *
 * @param ask sends the message with the client, which has to come back by itself
 */
export async function converse(
  talk: Talk,
  ask: (message: string) => Promise<Heard> | Heard,
  lose: () => void | Promise<void> = () => cut(talk),
): Promise<void> {
  const said: string[] = []
  for (const [message, losses] of [
    ['First', 1],
    ['Second', 2],
    ['Third', 0],
    ['Fourth', 'at once'],
  ] as const) {
    const heard = await ask(message)
    const reply = await talk.hand.next()
    await heard.opened
    if (losses === 'at once') await lose()
    reply.say('One, ', 'data: \n\n')
    await heard.until('One, data: \n\n')
    if (losses === 1 || losses === 2) await lose()
    reply.say('two 🎈, ')
    await heard.until('One, data: \n\ntwo 🎈, ')
    if (losses === 2) await lose()
    reply.say('three.')
    reply.finish()
    const full_text = 'One, data: \n\ntwo 🎈, three.'
    expect(await heard.done).toMatchObject({ full_text, tokens: 4, finish_reason: 'stop' })
    expect(heard.text).toBe(full_text)
    said.push(`user complete: ${message}`, `assistant complete: ${full_text}`)
  }
  expect(toLines(await history(talk.url, talk.sessionId))).toEqual(said)
  expect(asks(talk.provider)).toBe(4)
}
