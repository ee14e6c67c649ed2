/** What a reply lives through when its service is restarted, or killed, as a process with its file. */
import { expect, it } from 'vitest'
import { toProviderEnv } from '#test/helper.ts'
import { makeDirectory, startServer } from '#test/process.ts'
import { startNetwork } from './proxy.ts'
import { openClient, startTalk, TRANSPORTS, untilSaid } from './talk.ts'

it('a reply has the end that is kept when the service is restarted, and when it is killed', async () => {
  const { hand, provider } = await startTalk()
  const env = { ...toProviderEnv(provider), SQLITE_PATH: `${await makeDirectory()}/chat.db`, DRAIN_TIMEOUT_S: '1' }
  let server = await startServer(env)
  const network = await startNetwork(server.url)
  const clients = TRANSPORTS.map((transport) => openClient(network.url, { transport }))
  const sessions = await Promise.all(clients.map((client) => client.start()))
  const send = () => clients.map((client, index) => client.send(sessions[index]!.session_id, 'Hi'))

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const replies = send()
    for (const said of [await hand.next(), await hand.next()]) said.say('One ', 'two ')
    for (const reply of replies) await untilSaid(reply[Symbol.asyncIterator](), reply, 'two ')

    server.kill(signal)
    await server.exited
    server = await startServer(env)
    network.leadTo(server.url)
    for (const [index, reply] of replies.entries()) {
      const facts = { code: 'interrupted', turnId: reply.turnId }
      await expect(reply.done).rejects.toMatchObject(facts)
      const { messages } = await clients[index]!.sessions.get(sessions[index]!.session_id)
      const kept = messages.find(({ role, turn_id }) => role === 'assistant' && turn_id === reply.turnId)
      const text = kept?.content ?? ''
      // What was said in the last moment before a kill may have been seen and not kept.
      expect(signal === 'SIGTERM' ? ['One two '] : ['', 'One ', 'One two ']).toContain(text)
      expect(reply.text).toBe(text)
      await expect(reply.done).rejects.toMatchObject({ ...facts, partialText: text })
    }
  }

  const replies = send()
  for (const said of [await hand.next(), await hand.next()]) {
    said.say('Here.')
    said.finish()
  }
  for (const reply of replies) expect(await reply.done).toMatchObject({ full_text: 'Here.' })
})
