/** The bench's readers: they open streams, check that every token came, once and in order, and time each. */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'

export interface Readings {
  tokens: number
  /** Streams whose tokens were not 1, 2, 3 … to the last. */
  broken: number
  /** Microseconds from the provider's write to here, one a token. */
  delays: Float64Array
  /** Milliseconds from the request to the first token, one a stream. */
  firsts: number[]
}

/** What a stream is asked of. */
export interface Asked {
  url: string
  body: string
}

export interface Target {
  name: string
  /** What comes before a stream is asked for, and before its cost is counted. */
  prepare(message: string): Promise<Asked>
}

const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
const TOKEN = /"(?:token|content)":"(\d+):(\d+) "/g

export async function post(url: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return (await response.json()) as Record<string, unknown>
}

/** Hears, with the tokens that have come by then, when all streams speak, and when the first of them has ended. */
export interface Marks {
  onBegun(tokens: number): void
  onEnding(tokens: number): void
}

/** Opens the streams that were prepared at once, each of so many tokens, and reads them to their ends. */
export async function read(asked: Asked[], tokens: number, marks: Marks): Promise<Readings> {
  const readings: Readings = { tokens: 0, broken: 0, delays: new Float64Array(asked.length * tokens), firsts: [] }
  let ended = 0
  const onFirst = () => {
    if (readings.firsts.length === asked.length) marks.onBegun(readings.tokens)
  }
  const onLast = () => {
    if (ended++ === 0) marks.onEnding(readings.tokens)
  }
  await Promise.all(asked.map(({ url, body }) => readStream(url, body, tokens, readings, { onFirst, onLast })))
  return readings
}

async function readStream(
  url: string,
  body: string,
  tokens: number,
  readings: Readings,
  { onFirst, onLast }: { onFirst: () => void; onLast: () => void },
): Promise<void> {
  const startedAt = performance.now()
  const outgoing = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } })
  outgoing.end(body)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  let last = 0
  let rest = ''
  let isBroken = false
  response.setEncoding('utf8')
  for await (const chunk of response as AsyncIterable<string>) {
    const now = Number(process.hrtime.bigint() / 1000n)
    const text = rest + chunk
    const end = text.lastIndexOf('\n\n') + 2
    rest = text.slice(end)
    for (const [, number, writtenAt] of text.slice(0, end).matchAll(TOKEN)) {
      if (Number(number) !== ++last) isBroken = true
      readings.delays[readings.tokens++] = now - Number(writtenAt)
      if (last === 1) {
        readings.firsts.push(performance.now() - startedAt)
        onFirst()
      }
      if (last === tokens) onLast()
    }
  }
  if (isBroken || last !== tokens) readings.broken++
}
