/** The app's end does not wait for connections on which nothing was asked. */
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { expect, it } from 'vitest'
import { SIGNED_IN } from '#test/identity/tokens.ts'
import { within } from '#test/invariants/conversation.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { says } from '#test/provider/openai.ts'
import { call, openStream, startService, startSession, startWithProvider } from '#test/helper.ts'

it('closes connections that were opened and never used', async () => {
  const { app, url } = await startService()
  const { port } = app.server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  // The server has taken it when it has answered one that came after it.
  await call(`${url}/health`)
  const closed = once(socket, 'close')
  await within(1000, app.close())
  await closed
})

it('closes connections whose client was answered before all of its request was read', async () => {
  const { app, url } = await startService(SIGNED_IN)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write(
    'POST /chat/start HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{',
  )
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toContain(' 401 ')
  const closing = app.close()
  setImmediate(() => socket.write('}'))
  await within(2000, closing)
})

it('lets a request that is being answered have its answer', async () => {
  const { app, url } = await startWithProvider(byHand().script)
  const session_id = await startSession(url)
  const answer = call(`${url}/chat/message`, 'POST', { session_id, message: 'Hi' })
  await expect.poll(() => app.chat.running).toBe(1)
  await within(3000, app.close())
  expect(await answer).toMatchObject({ status: 503, body: { code: 'interrupted' } })
})

it('tells whoever asks while it closes to come back', async () => {
  const { app, url } = await startWithProvider(says('x'.repeat(8_000_000)))
  const session_id = await startSession(url)
  const stream = await openStream(`${url}/chat/stream`, { session_id, message: 'Hi' })
  stream.pause()
  await expect.poll(() => app.chat.running).toBe(0)
  // Waits for the reader that does not read.
  const closing = app.close()
  const ask = () => call(`${url}/chat/start`, 'POST', {})
  await expect.poll(async () => (await ask()).status).toBe(503)
  const { body, headers } = await ask()
  expect(body).toMatchObject({ code: 'draining', retryable: true })
  expect(headers.get('connection')).toBe('close')
  stream.leave()
  await closing
})
