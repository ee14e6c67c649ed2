/** `react-native-sse`: it sends its POST again some seconds after every end, a good one as well as a broken one. */
import Imported from 'react-native-sse'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { asks, history } from '#test/invariants/conversation.ts'
import { converse, createHeard, startTalk, type Talk } from './scenario.ts'
import { XMLHttpRequest } from './xml-http-request.ts'

// Vitest, like the bundlers of apps, unwraps the default of its module once more than its types know.
const EventSource = Imported as unknown as typeof Imported.default

/** Milliseconds until it sends again, in place of its 5 s. */
const AGAIN = 20

/** Every request that the app has made: its headers, and what came of it. */
let requests: { sent: Record<string, string>; xhr: XMLHttpRequest }[] = []

beforeEach(() => {
  requests = []
  vi.stubGlobal(
    'XMLHttpRequest',
    class extends XMLHttpRequest {
      readonly #sent: Record<string, string> = {}

      override setRequestHeader(name: string, value: string): void {
        this.#sent[name] = value
        super.setRequestHeader(name, value)
      }

      override send(body?: string): void {
        requests.push({ sent: this.#sent, xhr: this })
        super.send(body)
      }
    },
  )
  return () => vi.unstubAllGlobals()
})

function ask(talk: Talk, message: string, { isToStay = false } = {}) {
  const heard = createHeard()
  const source = new EventSource(`${talk.url}/chat/stream`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: talk.toBody(message),
    pollingInterval: AGAIN,
    timeoutBeforeConnection: 0,
  })
  onTestFinished(() => source.close())
  source.addEventListener('open', () => heard.open())
  source.addEventListener('message', ({ data }) => heard.take(data!))
  if (!isToStay) void heard.done.then(() => source.close())
  return heard
}

describe('react-native-sse', () => {
  it('goes on where it was when its connections are lost', async () => {
    const talk = await startTalk()
    await converse(talk, (message) => ask(talk, message))
    expect(requests).toHaveLength(8)
    for (const { xhr } of requests) expect(xhr.responseText).not.toMatch(/^retry:/m)
  })

  it('begins no turn by sending again after the end, however often', async () => {
    const talk = await startTalk()
    const heard = ask(talk, 'Hi', { isToStay: true })
    const reply = await talk.hand.next()
    reply.say('Hello.')
    reply.finish()
    await heard.done
    await vi.waitFor(() => expect(requests.length).toBeGreaterThan(3), { timeout: 10_000, interval: AGAIN })
    await vi.waitFor(() => expect(requests[2]!.xhr.readyState).toBe(XMLHttpRequest.DONE), {
      timeout: 10_000,
      interval: AGAIN,
    })
    const [first, second, third] = requests
    expect(first!.sent).not.toHaveProperty('Last-Event-ID')
    expect(second!.sent['Last-Event-ID']).toBe(`${talk.sessionId}.1.1-00000002`)
    expect([first, second, third].map((request) => request!.xhr.status)).toEqual([200, 204, 204])
    expect(heard.text).toBe('Hello.')
    expect(asks(talk.provider)).toBe(1)
    expect(await history(talk.url, talk.sessionId)).toHaveLength(2)
  })
})
