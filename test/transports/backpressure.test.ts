import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { watchDrain } from '#src/transports/backpressure.ts'
import type { Beating } from '#src/transports/heartbeat.ts'

/** A response to a client that reads only when it is told to, and the clock that watches it. */
async function openResponse() {
  const beating = new Set<Beating>()
  const heartbeat = { add: (one: Beating) => void beating.add(one), remove: (one: Beating) => void beating.delete(one) }
  const server = createServer()
  const asked = once(server, 'request') as Promise<[unknown, ServerResponse]>
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => {})
  client.pause()
  client.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n')
  onTestFinished(() => {
    client.destroy()
    server.close()
  })
  const [, response] = await asked
  watchDrain(response.socket!, heartbeat)
  const tick = (times: number) => {
    for (let i = 0; i < times; i++) for (const one of beating) one.tick()
  }
  return { client, response, tick, beating }
}

/** More than the socket buffers of both sides hold. */
const MUCH = Buffer.alloc(32 << 20)

it('closes the connection of a client that takes nothing for a minute', async () => {
  const { response, tick, beating } = await openResponse()
  response.write(MUCH)
  const closed = once(response, 'close')
  tick(60)
  expect(response.destroyed).toBe(false)
  tick(1)
  await closed
  expect(beating.size).toBe(0)
})

it('does so, too, when nothing more is to come', async () => {
  const { response, tick } = await openResponse()
  response.end(MUCH)
  const closed = once(response, 'close')
  tick(61)
  await closed
})

it('leaves a client alone that takes what there is, however long nothing comes', async () => {
  const { client, response, tick } = await openResponse()
  client.resume()
  await new Promise((resolve) => response.write('a little', resolve))
  tick(1000)
  expect(response.destroyed).toBe(false)
})

it('does not close a slow client that is sent one large piece', async () => {
  const { client, response, tick } = await openResponse()
  response.end(MUCH)
  for (let megabytes = 4; megabytes <= 16; megabytes += 4) {
    tick(50)
    client.resume()
    while (client.bytesRead < megabytes << 20) await once(client, 'data')
    client.pause()
    // What the client takes makes room, and the system takes more of what is queued.
    await new Promise((resolve) => setImmediate(resolve))
  }
  tick(50)
  expect(response.destroyed).toBe(false)
})

it('leaves a slow client alone', async () => {
  const { client, response, tick } = await openResponse()
  // As streams are written: the next piece when the last one has gone.
  const write = () => void response.write(MUCH.subarray(0, 65_536), (error) => error ?? write())
  write()
  for (let megabytes = 4; megabytes <= 16; megabytes += 4) {
    tick(50)
    client.resume()
    while (client.bytesRead < megabytes << 20) await once(client, 'data')
    client.pause()
  }
  tick(50)
  expect(response.destroyed).toBe(false)
})
