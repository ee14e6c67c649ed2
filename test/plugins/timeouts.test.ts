/** How long a client may take to send its request. Node keeps the limits, so these tests wait for real. */
import { connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { byHand } from '#test/provider/by-hand.ts'
import { openStream, startService, startSession, startWithProvider, toText } from '#test/helper.ts'

const START = 'POST /chat/start HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'

/** Sends the beginning at once and the rest a byte a second. Resolves to what came, and how many seconds it took. */
async function drip(url: string, beginning: string, rest: string): Promise<{ answer: string; seconds: number }> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  const began = Date.now()
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  if (beginning) socket.write(beginning)
  let sent = 0
  const dripping = setInterval(() => sent < rest.length && socket.write(rest[sent++]!), 1_000)
  onTestFinished(() => clearInterval(dripping))
  await new Promise((resolve) => socket.once('close', resolve))
  return { answer, seconds: (Date.now() - began) / 1_000 }
}

const GET = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n'
const LONG = 'x'.repeat(1_000)

it('closes a connection that sends nothing, or drips, and none on which a reply is read', async () => {
  const hand = byHand()
  const { url } = await startWithProvider(hand.script, { TOKEN_TIMEOUT_S: '120' })
  const session_id = await startSession(url)
  const stream = await openStream(`${url}/chat/stream`, { session_id, message: 'Hi' })
  const reply = await hand.next()
  reply.say('Well')

  const [silent, head, second, body] = await Promise.all([
    drip(url, '', ''),
    drip(url, START, `X-Long: ${LONG}`),
    drip(url, GET + START, `X-Long: ${LONG}`),
    drip(url, `${START}Content-Length: 1000\r\n\r\n`, `{"title":"${LONG}`),
  ])
  // A browser that connects ahead would take it for the answer to its request.
  expect(silent.answer).toBe('')
  for (const { answer } of [head, body]) expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*took too long/)
  expect(second.answer).toMatch(/^HTTP\/1\.1 200 /)
  for (const { seconds } of [silent, head, second]) expect(seconds).toBeLessThan(body.seconds)
  expect(body.seconds).toBeGreaterThan(25)

  reply.say(' then')
  reply.finish()
  expect(toText(await stream.rest())).toBe('Well then')
})

it('closes a connection that is not used for KEEP_ALIVE_S', async () => {
  const { url } = await startService({ KEEP_ALIVE_S: '0.5' })
  const { answer, seconds } = await drip(url, GET, '')
  expect(answer).toMatch(/^HTTP\/1\.1 200/)
  expect(seconds).toBeLessThan(14)
})
