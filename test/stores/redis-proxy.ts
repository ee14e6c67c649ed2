/** A way to Redis that can lose answers: what was asked has been done, and whoever asked does not know. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface RedisProxy {
  url: string
  /** Cuts the connection instead of passing on the answer to whatever next contains this; resolves when it has. */
  loseAnswerTo(text: string): Promise<void>
  /** Keeps back the answer to whatever next contains this; resolves when there is one, with what lets it go. */
  holdAnswerTo(text: string): Promise<() => void>
  /** Cuts all connections and turns away whoever connects, or lets them in again. */
  refuse(isRefused: boolean): void
  /** How often something that contains this was asked. */
  count(text: string): number
  close(): Promise<void>
}

export async function startProxy(port: number): Promise<RedisProxy> {
  const sockets = new Set<Socket>()
  let asked = ''
  let isClosed = false
  let loss: { text: string; resolve: () => void } | null = null
  let held: { text: string; resolve: (release: () => void) => void } | null = null

  function lose(socket: Socket): void {
    loss?.resolve()
    loss = null
    socket.destroy()
  }

  const server = createServer((incoming) => {
    const outgoing = connect(port, '127.0.0.1')
    let isLosing = false
    let isHolding = false
    const pass = (bytes: Buffer): void => void incoming.write(bytes)
    const hold = (bytes: Buffer): void => {
      isHolding = false
      outgoing.pause()
      held?.resolve(() => {
        pass(bytes)
        outgoing.resume()
      })
      held = null
    }
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        sockets.delete(socket)
        incoming.destroy()
        outgoing.destroy()
      })
    }
    incoming.on('data', (bytes) => {
      asked += bytes.toString()
      isLosing ||= loss !== null && bytes.includes(loss.text)
      isHolding ||= held !== null && bytes.includes(held.text)
      outgoing.write(bytes)
    })
    outgoing.on('data', (bytes) => {
      if (isLosing) lose(outgoing)
      else if (isHolding) hold(bytes)
      else pass(bytes)
    })
    if (isClosed) incoming.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseAnswerTo: (text) => new Promise((resolve) => (loss = { text, resolve })),
    holdAnswerTo: (text) => new Promise((resolve) => (held = { text, resolve })),
    refuse(isRefused) {
      isClosed = isRefused
      if (isRefused) for (const socket of sockets) socket.destroy()
    },
    count: (text) => asked.split(text).length - 1,
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
