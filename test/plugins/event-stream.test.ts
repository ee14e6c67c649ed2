/** How event streams stand on the wire: the chunked coding is written here, not by Node. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { call, startService, startSession } from '#test/helper.ts'

/** A turn that has ended, with more than one byte to a character. */
async function startTurn() {
  const { url } = await startService()
  const session_id = await startSession(url)
  const { body } = await call(`${url}/chat/message`, 'POST', { session_id, message: 'Hello 🎈' })
  return { url, path: `/chat/turns/${String(body.turn_id)}/stream`, fullText: body.full_text as string }
}

/** Sends `requests` at once on one connection and reads until the server closes it. */
async function ask(url: string, requests: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(requests)
  return text(socket)
}

/** Undoes the chunked coding by the book, and returns what comes after it, too. */
function dechunk(coded: string): { body: string; rest: string } {
  const bytes = Buffer.from(coded)
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const end = bytes.indexOf('\r\n', at)
    const length = Number.parseInt(bytes.toString('latin1', at, end), 16)
    const begin = end + 2
    expect(bytes.toString('latin1', begin + length, begin + length + 2)).toBe('\r\n')
    at = begin + length + 2
    if (length === 0) return { body: Buffer.concat(chunks).toString(), rest: bytes.toString('utf8', at) }
    chunks.push(bytes.subarray(begin, begin + length))
  }
}

function toText(body: string): string {
  const frames = [...body.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!) as { token?: string })
  return frames.map(({ token = '' }) => token).join('')
}

const get = (path: string, connection: string) =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: ${connection}\r\n\r\n`

it('leaves the connection to the request that follows', async () => {
  const { url, path, fullText } = await startTurn()
  const answer = await ask(url, get(path, 'keep-alive') + get('/health', 'close'))
  const end = answer.indexOf('\r\n\r\n')
  const head = answer.slice(0, end)
  expect(head.toLowerCase()).toContain('transfer-encoding: chunked')
  const { body, rest } = dechunk(answer.slice(end + 4))
  expect(toText(body)).toBe(fullText)
  expect(rest).toMatch(/^HTTP\/1\.1 200 OK[^]*{"status":"ok"}$/)
})

it('has no chunks for a client of HTTP/1.0', async () => {
  const { url, path, fullText } = await startTurn()
  const answer = await ask(url, `GET ${path} HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n`)
  const [head = '', ...blocks] = answer.split('\r\n\r\n')
  expect(head.toLowerCase()).not.toContain('transfer-encoding')
  const body = blocks.join('')
  expect(body).toMatch(/^: {512,}\n\nretry: /)
  expect(toText(body)).toBe(fullText)
})
