/** What one connection may cost the others. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it, onTestFinished, vi } from 'vitest'
import { byHand } from '#test/provider/by-hand.ts'
import { call, openStream, startService, startSession, startWithProvider } from '#test/helper.ts'

function open(url: string): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}

function toRequest(path: string, body?: object): string {
  const json = body && JSON.stringify(body)
  const head = [`${body ? 'POST' : 'GET'} ${path} HTTP/1.1`, 'Host: localhost']
  if (json) head.push('Content-Type: application/json', `Content-Length: ${json.length}`)
  return `${head.join('\r\n')}\r\n\r\n${json ?? ''}`
}

/** A reply that goes on, and a connection that has begun to read it. */
async function openBusy() {
  const hand = byHand()
  const { url } = await startWithProvider(hand.script)
  const session_id = await startSession(url)
  const turn = await openStream(`${url}/chat/stream`, { session_id, message: 'Hi' })
  onTestFinished(() => turn.leave())
  const reply = await hand.next()
  const path = `/chat/turns/${session_id}.1/stream`
  const socket = open(url)
  socket.write(toRequest(path))
  await once(socket, 'readable')
  return { url, reply, path, socket }
}

const statusesOf = (answers: string) => [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))

it('answers sixteen requests at once on one connection, refuses the next, begins none behind it, and closes', async () => {
  const { url, reply, path, socket } = await openBusy()
  const starts = ['a', 'b', 'c'].map((session_id) => toRequest('/chat/start', { session_id }))
  // In one piece, so that the last is read with the first.
  socket.write(toRequest(path).repeat(15) + starts.join(''))
  const answers = text(socket)
  // The one that was said with the message, and the sixteen: what came behind them was read with them.
  await expect.poll(async () => (await fetch(`${url}/metrics`)).text()).toContain('repartee_event_streams 17')
  reply.finish()
  expect(statusesOf(await answers)).toEqual([...Array<number>(16).fill(200), 429])
  expect(await answers).toMatch(/"code":"rate_limited","retryable":true\}$/)
  const { body } = await call(`${url}/chat/sessions`)
  expect(body.sessions).toHaveLength(1)
})

it('answers any number of requests that come one after the other', async () => {
  const { url } = await startService()
  const socket = open(url)
  for (let count = 0; count < 40; count++) {
    socket.write(toRequest('/health'))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(statusesOf(answer.toString())).toEqual([200])
  }
})

it('ends a connection that goes on sending requests while answers wait', async () => {
  const { path, socket } = await openBusy()
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(toRequest(path).repeat(15) + toRequest('/health').repeat(5_000))
  await closed
})

it('ends a connection whose client leaves whole answers unread for a minute, and no other', async () => {
  // Node's own clocks go on.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const { url } = await startService()
  const reading = open(url)
  reading.write(toRequest('/health'))
  await once(reading, 'data')
  const silent = open(url)
  silent.pause()
  // 13 MB: more than the system takes when nobody reads.
  silent.write(toRequest('/docs/js/scalar.js').repeat(3))
  await once(silent, 'readable')
  const closed = new Promise((resolve) => silent.once('close', resolve))
  // It is seen to take nothing from the second look on.
  await vi.waitFor(async () => {
    await vi.advanceTimersByTimeAsync(70_000)
    silent.resume()
    expect(
      await Promise.race([closed.then(() => 'closed'), new Promise((resolve) => setImmediate(resolve, 'open'))]),
    ).toBe('closed')
  })
  reading.write(toRequest('/health'))
  expect(statusesOf(String((await once(reading, 'data'))[0]))).toEqual([200])
})
