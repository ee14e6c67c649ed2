/** `EventSource` as browsers have it, by the package `eventsource`. */
import { EventSource } from 'eventsource'
import { expect, it, onTestFinished } from 'vitest'
import { converse, createHeard, startTalk } from './scenario.ts'

it('EventSource follows a conversation through lost connections, and stops when there is nothing left', async () => {
  const talk = await startTalk()
  const sources: EventSource[] = []
  onTestFinished(() => sources.forEach((source) => source.close()))
  await converse(talk, async (message) => {
    const sent = await fetch(`${talk.url}/chat/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: talk.toBody(message),
    })
    await sent.body!.cancel()
    const heard = createHeard()
    const source = new EventSource(`${talk.url}/chat/turns/${sent.headers.get('x-turn-id')}/stream`)
    source.addEventListener('open', () => heard.open())
    source.addEventListener('message', ({ data }) => heard.take(data as string))
    sources.push(source)
    return heard
  })
  // It comes back after the end, too, is told that there is nothing left, and stays away.
  const last = sources.at(-1)!
  if (last.readyState !== EventSource.CLOSED) {
    await new Promise<void>((resolve) => last.addEventListener('error', ({ code }) => code === 204 && resolve()))
  }
  expect(last.readyState).toBe(EventSource.CLOSED)
})
