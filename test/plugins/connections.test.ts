/** The app's end does not wait for connections on which nothing was asked. */
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { expect, it } from 'vitest'
import { within } from '#test/invariants/conversation.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { call, startService, startSession, startWithProvider } from '#test/helper.ts'

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

it('lets a request that is being answered have its answer', async () => {
  const { app, url } = await startWithProvider(byHand().script)
  const session_id = await startSession(url)
  const answer = call(`${url}/chat/message`, 'POST', { session_id, message: 'Hi' })
  await expect.poll(() => app.chat.running).toBe(1)
  await within(3000, app.close())
  expect(await answer).toMatchObject({ status: 503, body: { code: 'interrupted' } })
})
