/** A reader's stream where its dialect holds events back. */
import { expect, it, onTestFinished } from 'vitest'
import { BEGINNING } from '#src/chat/event.ts'
import { TurnLog } from '#src/chat/turn-log.ts'
import { EventStream } from '#src/transports/event-stream.ts'
import { Heartbeat } from '#src/transports/heartbeat.ts'
import { createUnifiedDialect } from '#src/wire/dialects/unified.ts'
import { createBareEncoder } from '#src/wire/event-stream.ts'
import { done, TURN } from '#test/wire/dialects/events.ts'

function openStream() {
  const log = new TurnLog()
  const reader = log.read(BEGINNING)
  const encoder = createBareEncoder(createUnifiedDialect({ turn: TURN, reader }))
  const stream = new EventStream(reader, encoder, new Heartbeat())
  onTestFinished(() => void stream.destroy())
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  return { log, stream, text: () => text }
}

/** What was written has been read. */
const settle = () => new Promise(setImmediate)

it('goes on after events of which nothing was to be said', async () => {
  const { log, text } = openStream()
  await settle()
  // The second comes while the stream is still busy with the first.
  log.append(['Hel'])
  log.append(['lo'])
  await settle()
  log.append([' there'])
  log.finish(done())
  await settle()
  expect(text()).toMatch(/^data: "Hello "\n\ndata: "there"\n\n: \{.*\}\n\n$/)
})

it('beats while all that comes is held back', async () => {
  const { log, stream, text } = openStream()
  for (let second = 0; second < 15; second++) {
    log.append(['a'])
    await settle()
    stream.tick()
  }
  await settle()
  expect(text()).toBe(': ping\n\n')
})
