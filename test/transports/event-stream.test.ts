/** A reader's stream where its dialect holds events back. */
import { text as readText } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { BEGINNING } from '#src/chat/event.ts'
import { TurnLog } from '#src/chat/turn-log.ts'
import { EventStream } from '#src/transports/event-stream.ts'
import { PORTION_CHARS } from '#src/transports/followed-turns.ts'
import { Heartbeat } from '#src/transports/heartbeat.ts'
import { createNativeDialect } from '#src/wire/dialects/native.ts'
import { createUnifiedDialect } from '#src/wire/dialects/unified.ts'
import { createBareEncoder } from '#src/wire/event-stream.ts'
import { done, TURN } from '#test/wire/dialects/events.ts'

it('takes little at once where every token repeats the text so far, and nothing while nobody reads', async () => {
  const log = new TurnLog()
  log.append(Array.from({ length: 2_048 }, (_, index) => `${index} `.padStart(8, '.')))
  log.finish(done())
  const reader = log.read(BEGINNING)
  const dialect = createNativeDialect({ turn: TURN, reader }, { partial: true })
  const stream = new EventStream(reader, createBareEncoder(dialect), new Heartbeat(), PORTION_CHARS)
  onTestFinished(() => void stream.destroy())
  stream.read(0)
  for (let turns = 0; turns < 10; turns++) await settle()
  expect(stream.readableLength).toBeGreaterThan(0)
  expect(stream.readableLength).toBeLessThan(500_000)
  const frames = (await readText(stream)).split('\n\n').filter(Boolean)
  const parsed = frames.map((frame) => JSON.parse(frame.slice('data: '.length)) as { token?: string; partial?: string })
  let soFar = ''
  for (const { token, partial } of parsed.slice(0, -1)) {
    soFar += token
    expect(partial).toBe(soFar.length > 16_384 ? undefined : soFar)
  }
  expect(soFar).toBe(log.text())
})

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
