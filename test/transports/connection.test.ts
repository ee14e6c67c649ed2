/** What a connection does when its socket is not as it should be. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { BEGINNING } from '#src/chat/event.ts'
import type { Turn } from '#src/chat/store.ts'
import { TurnLog } from '#src/chat/turn-log.ts'
import { Connection, type ConnectionOptions, type Port } from '#src/transports/connection.ts'

const TURN = { owner: '', sessionId: 's', n: 1, brain: 'b', model: 'm', persona: 'p' } as Turn

function connect(log = new TurnLog()) {
  const port = {
    hasRoom: true,
    isFlooded: false,
    send: vi.fn<Port['send']>(),
    cork: (write: () => void) => write(),
    close: vi.fn<Port['close']>(),
    terminate: vi.fn<Port['terminate']>(),
  }
  const follow = async () => ({ turn: TURN, reader: log.read(BEGINNING) })
  const options = { chat: { follow }, owner: '', identify: async () => '', onRefused: () => {} }
  const connection = new Connection(port, options as unknown as ConnectionOptions)
  const said = () => port.send.mock.calls.map(([event]) => event)
  const resume = async () => {
    await new Promise((resolve) => connection.receive('chat_resume', { turn_id: 's.1' }, resolve))
    await nextTurn()
  }
  return { port, connection, log, said, resume }
}

describe('a connection', () => {
  it('is ended when its client asks and asks and never reads', () => {
    const { port, connection } = connect()
    port.isFlooded = true
    connection.receive('ping')
    expect(port.terminate).toHaveBeenCalled()
    expect(port.send).toHaveBeenCalledTimes(1)
  })

  it('takes nothing from a log while there is no room, and everything when there is', async () => {
    const { port, connection, log, said, resume } = connect()
    port.hasRoom = false
    await resume()
    log.append(['a', 'b'], 1)
    expect(said()).toEqual(['connected', 'chat_start'])
    port.hasRoom = true
    connection.drained()
    expect(said()).toEqual(['connected', 'chat_start', 'chat_token', 'chat_token'])
  })

  it('serves the turns on it in portions, one after the other', async () => {
    const { port, connection, log, resume } = connect()
    log.append(
      Array.from({ length: 100 }, () => 'x'.repeat(100)),
      1,
    )
    await resume()
    const sent = port.send.mock.calls.length
    expect(sent).toBe(102)
    port.hasRoom = false
    connection.drained()
    expect(port.send.mock.calls.length).toBe(sent)
  })

  it('lets go of a turn that it began to follow when its socket had gone', async () => {
    const { connection, log, resume } = connect()
    const resumed = resume()
    connection.closed()
    await resumed
    expect(log.readers).toBe(0)
  })

  it('leaves all turns when its socket goes', async () => {
    const { connection, log, said, resume } = connect()
    await resume()
    expect(log.readers).toBe(1)
    connection.closed()
    expect(log.readers).toBe(0)
    log.append(['a'], 1)
    connection.receive('ping')
    expect(said()).toEqual(['connected', 'chat_start'])
  })

  it('waits for its turns when the process drains, and sends their readers away when it ends', async () => {
    const { port, connection, log, said, resume } = connect()
    await resume()
    connection.drain()
    expect(port.close).not.toHaveBeenCalled()
    log.append(['a'], 1)
    connection.leave()
    expect(said().slice(2)).toEqual(['chat_token', 'chat_stream_error'])
    const [, dismissal] = port.send.mock.calls.at(-1)!
    const frame = JSON.parse(dismissal) as object
    expect(frame).toMatchObject({
      code: 'draining',
      retry_after: 1,
      turn_id: 's.1',
      session_id: 's',
      partial_text: 'a',
    })
    expect(frame).not.toHaveProperty('offset')
    expect(port.close).toHaveBeenCalledWith(1012, expect.any(String))
    expect(log.readers).toBe(0)
  })
})
