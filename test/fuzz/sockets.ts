/** Plays a client of `/ws` or `/socket.io/` that sends what the events' schemas take, and what no client should. */
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { CLIENT_EVENTS } from '#src/wire/socket-events.ts'
import type { Random } from '#test/random.ts'
import { judge, judgeFrames, listen, type Outcome } from './exchange.ts'
import { ODDITIES, type Schema, type Values } from './values.ts'

const KEY = 'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=='

/** Milliseconds within which a socket must end after its client has closed it. */
const PATIENCE_MS = 10_000

/** Milliseconds that a client waits to be let in, and for answers. */
const CONNECT_MS = 15
const ANSWER_MS = 100

export interface Talk {
  isSocketIo: boolean
  frames: Buffer[]
  /** Whether the last frame is incomplete: nothing need come of it. */
  isHalf: boolean
}

/** Makes up to a dozen frames. */
export function createTalk(random: Random, values: Values): Talk {
  const { next, integer, pick } = random
  const isSocketIo = next() < 0.5
  const say = (): Buffer => {
    const [event, schema] = pick(Object.entries(CLIENT_EVENTS))
    const valid = values.valid(schema as Schema)
    const data = next() < 0.5 ? values.mutate(valid) : valid
    const name = next() < 0.95 ? event : values.hostile()
    if (!isSocketIo) return toFrame(values.toBytes({ event: name, data }))
    return toFrame(Buffer.concat([Buffer.from(`42${next() < 0.5 ? integer(0, 9) : ''}`), values.toBytes([name, data])]))
  }
  const frames = Array.from({ length: integer(1, 12) }, () => {
    if (next() < 0.9) return say()
    return isSocketIo && next() < 0.8 ? toFrame(Buffer.from(pick(ODDITIES.packets))) : toBytes(pick(ODDITIES.frames))
  })
  const isHalf = next() < 0.1
  if (isHalf) frames.push(toBytes(pick(ODDITIES.halves)))
  return { isSocketIo, frames, isHalf }
}

export async function talk(port: number, { isSocketIo, frames, isHalf }: Talk, token?: string): Promise<Outcome> {
  const socket = connect(port, '127.0.0.1')
  const path = isSocketIo ? '/socket.io/?EIO=4&transport=websocket' : '/ws'
  const signIn = token ? [`authorization: Bearer ${token}`] : []
  const upgrade = ['connection: Upgrade', 'upgrade: websocket', 'sec-websocket-version: 13', KEY, ...signIn]
  socket.write([`GET ${path} HTTP/1.1`, 'host: 127.0.0.1', ...upgrade, '', ''].join('\r\n'))
  socket.once('data', () => void speak())

  async function speak(): Promise<void> {
    if (isSocketIo) {
      socket.write(toFrame(Buffer.from('40')))
      await delay(CONNECT_MS)
    }
    socket.write(Buffer.concat(frames))
    await delay(ANSWER_MS)
    if (!isHalf) socket.write(toBytes('8882 00000000 03e8'))
  }

  const { said, isClosed } = await listen(socket, isHalf ? 2 * ANSWER_MS : PATIENCE_MS)
  // It may be refused for its token.
  const faults = said.startsWith('HTTP/1.1 101') ? judgeFrames(said) : judge(said)
  if (!isClosed && !isHalf) faults.push('is not closed')
  return { said, faults }
}

/** Encodes a client's text frame, with a mask of zeros. */
function toFrame(text: Buffer): Buffer {
  const head = Buffer.alloc(text.length < 126 ? 6 : text.length < 65_536 ? 8 : 14)
  head[0] = 0x81
  head[1] = 0x80 | (head.length === 6 ? text.length : head.length === 8 ? 126 : 127)
  if (head.length === 8) head.writeUInt16BE(text.length, 2)
  if (head.length === 14) head.writeBigUInt64BE(BigInt(text.length), 2)
  return Buffer.concat([head, text])
}

function toBytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}
