/**
 * A provider for the bench, in a process of its own: OpenAI's wire, as many streams as asked for, one timer for all.
 * Each token is `<number>:<microseconds>`: its place, and when it was written (CLOCK_MONOTONIC, the same in every
 * process). What is to be said stands in the last message: `<tokens>@<tokens per second>`, 0 for as fast as it goes.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

const TICK_MS = 2

interface Speaker {
  response: ServerResponse
  said: number
  tokens: number
  everyMs: number
  nextAt: number
}

const speakers = new Set<Speaker>()

const server = createServer({ noDelay: true }, (request, response) => {
  void json(request).then((body) => {
    const { messages } = body as { messages: { content: string }[] }
    const [tokens, rate] = messages.at(-1)!.content.split('@').map(Number) as [number, number]
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (rate === 0) return pour(response, tokens, 0)
    const everyMs = 1000 / rate
    // Spread over the interval, as people's replies are.
    const nextAt = performance.now() + Math.random() * everyMs
    speakers.add({ response, said: 0, tokens, everyMs, nextAt })
  })
})

function toFrame(number: number): string {
  const text = `${number}:${process.hrtime.bigint() / 1000n} `
  return `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795248000,"model":"bench","system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":"${text}"},"logprobs":null,"finish_reason":null}],"usage":null}\n\n`
}

function finish(response: ServerResponse): void {
  response.end(
    'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n' +
      'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\ndata: [DONE]\n\n',
  )
}

/** As fast as the reader takes it, each token in a write of its own, as providers flush them. */
function pour(response: ServerResponse, tokens: number, said: number): void {
  if (said === tokens) return finish(response)
  const isTaken = response.write(toFrame(said + 1))
  if (isTaken) setImmediate(pour, response, tokens, said + 1)
  else response.once('drain', () => pour(response, tokens, said + 1))
}

setInterval(() => {
  const now = performance.now()
  for (const speaker of speakers) {
    if (speaker.nextAt > now) continue
    speaker.nextAt += speaker.everyMs
    speaker.response.write(toFrame(++speaker.said))
    if (speaker.said < speaker.tokens) continue
    finish(speaker.response)
    speakers.delete(speaker)
  }
}, TICK_MS)

// Longer than the other target's rounds: who closes a connection just when it is used again breaks a stream.
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
