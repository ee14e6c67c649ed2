/** A network between a client and the service that can be cut, go silent, and lose answers. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Network {
  /** The service as seen from the other side. */
  readonly url: string
  /** Connections that were made. */
  readonly made: number
  /** Connections that are open. */
  readonly open: number
  /** Where new connections lead: another process, or one that has been started anew. */
  leadTo(url: string): void
  /** Breaks all connections: closed, or reset. */
  cut(how?: Cut): void
  /** Whether new connections are broken at once. */
  refuse(isRefused: boolean): void
  /** From now on nothing that the service says arrives on the connections that there are, and they stay. */
  silence(): void
  /** Cuts the next connection that the client says something on, in place of the answer. Resolves when it has. */
  loseAnswer(): Promise<void>
  /** Says after how many bytes of answers each new connection breaks; undefined lets it live. */
  limit(toBytes: () => Limit): void
}

export const CUTS = ['fin', 'reset'] as const
export type Cut = (typeof CUTS)[number]

interface Wire {
  incoming: Socket
  isSilent: boolean
}

type Limit = { bytes: number; how: Cut } | undefined

function unlimited(): Limit {
  return undefined
}

/** Passes on what comes, up to the limit, and breaks there. */
function createPass(socket: Socket, limit: Limit): (bytes: Buffer) => void {
  let left = limit?.bytes ?? Infinity
  return (bytes) => {
    if (bytes.length <= left) socket.write(bytes)
    else socket.write(bytes.subarray(0, left), () => breakOff(socket, limit!.how))
    left = Math.max(0, left - bytes.length)
  }
}

/** Leads to a service until the test ends. */
export async function startNetwork(serviceUrl: string): Promise<Network> {
  const wires = new Set<Wire>()
  let target = new URL(serviceUrl)
  let made = 0
  let isRefusing = false
  let toLimit: () => Limit = unlimited
  let lost: (() => void) | null = null

  const server = createServer((incoming) => {
    if (isRefusing) {
      incoming.resetAndDestroy()
      return
    }
    made++
    const outgoing = connect(Number(target.port), target.hostname)
    const wire: Wire = { incoming, isSilent: false }
    wires.add(wire)
    for (const socket of [incoming, outgoing]) {
      socket.on('error', () => {})
      socket.once('close', () => {
        wires.delete(wire)
        incoming.destroy()
        outgoing.destroy()
      })
    }
    let onLost: (() => void) | null = null
    incoming.on('data', (bytes) => {
      onLost ??= lost
      lost = null
      outgoing.write(bytes)
    })
    const pass = createPass(incoming, toLimit())
    outgoing.on('data', (bytes) => {
      onLost?.()
      if (onLost) incoming.destroy()
      else if (!wire.isSilent) pass(bytes)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  onTestFinished(() => {
    server.close()
    for (const { incoming } of wires) incoming.destroy()
  })

  return {
    url: `http://127.0.0.1:${port}`,
    get made() {
      return made
    },
    get open() {
      return wires.size
    },
    leadTo: (url) => void (target = new URL(url)),
    cut(how = 'reset') {
      for (const { incoming } of wires) breakOff(incoming, how)
    },
    refuse: (isRefused) => void (isRefusing = isRefused),
    silence() {
      for (const wire of wires) wire.isSilent = true
    },
    loseAnswer: () => new Promise((resolve) => (lost = resolve)),
    limit: (toBytes) => void (toLimit = toBytes),
  }
}

function breakOff(socket: Socket, how: Cut): void {
  if (how === 'reset') socket.resetAndDestroy()
  else socket.destroy()
}
