/** `@microsoft/fetch-event-source` in a page: it sends its POST again when the connection breaks or the page comes back. */
import { setImmediate } from 'node:timers/promises'
import { fetchEventSource } from '@microsoft/fetch-event-source'
import { describe, it, onTestFinished, vi } from 'vitest'
import { converse, createHeard, type Heard, startTalk, type Talk } from './scenario.ts'

/** What the package uses of a page. */
class Page extends EventTarget {
  hidden = false

  show(isShown: boolean): void {
    this.hidden = !isShown
    this.dispatchEvent(new Event('visibilitychange'))
  }
}

const page = new Page()
vi.stubGlobal('window', { fetch, setTimeout, clearTimeout })
vi.stubGlobal('document', page)

function ask(talk: Talk, message: string): Heard {
  const heard = createHeard()
  const leave = new AbortController()
  onTestFinished(() => leave.abort())
  void fetchEventSource(`${talk.url}/chat/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: talk.toBody(message),
    signal: leave.signal,
    onmessage: ({ id, data }) => {
      if (id) heard.open()
      // Comments and the like come as messages without data.
      if (data) heard.take(data)
    },
    // Milliseconds before it tries again.
    onerror: () => 5,
  })
  return heard
}

describe('fetch-event-source', () => {
  it('goes on where it was when its connections are lost', async () => {
    const talk = await startTalk()
    await converse(talk, (message) => ask(talk, message))
  })

  it('goes on where it was when the page was hidden', async () => {
    const talk = await startTalk()
    await converse(
      talk,
      (message) => ask(talk, message),
      async () => {
        page.show(false)
        // It notices that it has left a little later.
        await setImmediate()
        page.show(true)
      },
    )
  })
})
