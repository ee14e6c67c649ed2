/** A way over TCP that can be cut, refused, slowed down, or struck dumb, from processes to others. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export interface Way {
  readonly port: number
  /** Where new connections lead. */
  leadTo(port: number): void
  /** Resets all connections, or closes them. */
  cut(how?: 'fin' | 'reset'): void
  /** Whether new connections are reset at once. */
  refuse(isRefused: boolean): void
  /** How long whatever comes next waits, in both directions. */
  slow(ms: number): void
  /** From now on nothing that is answered arrives, and, where it is deaf, nothing that is asked; the connections stay. */
  mute(options?: { isDeaf: boolean }): void
  /** Lets new connections speak again. Those that were mute are reset: what they have lost is lost. */
  unmute(): void
  close(): Promise<void>
}

interface Pair {
  incoming: Socket
  outgoing: Socket
  isMute: boolean
  isDeaf: boolean
}

export async function startWay(target = 0): Promise<Way> {
  const pairs = new Set<Pair>()
  let isRefusing = false
  let slowMs = 0
  let muted: { isDeaf: boolean } | null = null

  const breakOff = ({ incoming, outgoing }: Pair, how: 'fin' | 'reset') => {
    if (how === 'reset') incoming.resetAndDestroy()
    else incoming.destroy()
    outgoing.destroy()
  }

  async function pump(from: Socket, to: Socket, isLost: () => boolean): Promise<void> {
    for await (const chunk of from) {
      if (slowMs > 0) await delay(slowMs)
      if (isLost()) continue
      if (!to.write(chunk as Buffer)) await Promise.race([once(to, 'drain'), once(to, 'close')])
    }
    to.end()
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (incoming) => {
    incoming.on('error', () => {})
    if (isRefusing) {
      incoming.resetAndDestroy()
      return
    }
    const outgoing = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    outgoing.on('error', () => {})
    const pair: Pair = { incoming, outgoing, isMute: muted !== null, isDeaf: muted?.isDeaf ?? false }
    pairs.add(pair)
    incoming.once('close', () => {
      pairs.delete(pair)
      outgoing.destroy()
    })
    // A reset is passed on as one; an end is passed on by the pump.
    outgoing.once('close', (wasReset) => wasReset && incoming.resetAndDestroy())
    const give = () => breakOff(pair, 'reset')
    pump(incoming, outgoing, () => pair.isDeaf).catch(give)
    pump(outgoing, incoming, () => pair.isMute).catch(give)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    port: (server.address() as AddressInfo).port,
    leadTo: (port) => void (target = port),
    cut: (how = 'reset') => pairs.forEach((pair) => breakOff(pair, how)),
    refuse: (isRefused) => void (isRefusing = isRefused),
    slow: (ms) => void (slowMs = ms),
    mute(options = { isDeaf: false }) {
      muted = options
      for (const pair of pairs) Object.assign(pair, { isMute: true, isDeaf: options.isDeaf })
    },
    unmute() {
      muted = null
      for (const pair of pairs) if (pair.isMute) breakOff(pair, 'reset')
    },
    async close() {
      server.close()
      for (const pair of pairs) breakOff(pair, 'reset')
      await once(server, 'close')
    },
  }
}
