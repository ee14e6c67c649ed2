/** What a connection does when its socket is not as it should be. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { BEGINNING } from '#src/chat/event.ts'
import type { Turn } from '#src/chat/store.ts'
import { TurnLog } from '#src/chat/turn-log.ts'
import { EVERYBODY, type Identity } from '#src/identity/identity.ts'
import { Connection, type ConnectionOptions, type Port } from '#src/transports/connection.ts'

const TURN = { owner: '', sessionId: 's', n: 1, brain: 'b', model: 'm', persona: 'p' } as Turn

function connect(log = new TurnLog(), identity: Identity = EVERYBODY) {
  const port = {
    hasRoom: true,
    isFlooded: false,
    send: vi.fn<Port['send']>(),
    cork: (write: () => void) => write(),
    close: vi.fn<Port['close']>(),
    terminate: vi.fn<Port['terminate']>(),
  }
  const follow = async () => ({ turn: TURN, reader: log.read(BEGINNING) })
  const options = { chat: { follow }, identity, identify: async () => identity, onRefused: () => {} }
  const connection = new Connection(port, options as unknown as ConnectionOptions)
  const said = () => port.send.mock.calls.map(([event]) => event)
  const resume = async () => {
    await new Promise((resolve) => connection.receive('chat_resume', { turn_id: 's.1' }, resolve))
    await nextTurn()
  }
  return { port, connection, log, said, resume }
}

afterEach(() => void vi.useRealTimers())

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
    log.append(['a', 'b'])
    expect(said()).toEqual(['connected', 'chat_start'])
    port.hasRoom = true
    connection.drained()
    expect(said()).toEqual(['connected', 'chat_start', 'chat_token', 'chat_token'])
  })

  it('serves the turns on it in portions, one after the other', async () => {
    const { port, connection, log, resume } = connect()
    log.append(Array.from({ length: 100 }, () => 'x'.repeat(100)))
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
    log.append(['a'])
    connection.receive('ping')
    expect(said()).toEqual(['connected', 'chat_start'])
  })

  it('waits for its turns when the process drains, and sends their readers away when it ends', async () => {
    const { port, connection, log, said, resume } = connect()
    await resume()
    connection.drain()
    expect(port.close).not.toHaveBeenCalled()
    log.append(['a'])
    connection.leave()
    expect(said().slice(2)).toEqual(['chat_token', 'chat_stream_error'])
    const [, dismissal] = port.send.mock.calls.at(-1)!
    const frame = JSON.parse(dismissal) as object
    expect(frame).toMatchObject({
      code: 'draining',
      retry_after: expect.any(Number),
      turn_id: 's.1',
      session_id: 's',
      partial_text: 'a',
    })
    expect(frame).not.toHaveProperty('offset')
    expect(port.close).toHaveBeenCalledWith(1012, expect.any(String))
    expect(log.readers).toBe(0)
  })

  it('dismisses a slow client’s readers when its token’s time is over, once there is room to say it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const identity = { owner: '', isAdmin: false, expiresAt: Date.now() + 1_000 }
    const { port, connection, log, said, resume } = connect(new TurnLog(), identity)
    await resume()
    port.hasRoom = false
    log.append(['a'])
    vi.advanceTimersByTime(1_000)
    expect(said()).toEqual(['connected', 'chat_start'])
    expect(port.close).not.toHaveBeenCalled()
    port.hasRoom = true
    connection.drained()
    expect(said().slice(2)).toEqual(['chat_stream_error'])
    expect(port.close).toHaveBeenCalledWith(4401, expect.any(String))
    connection.receive('ping')
    expect(said()).toHaveLength(3)
  })

  it('stops its clock when its socket goes', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const { connection } = connect(new TurnLog(), { owner: '', isAdmin: false, expiresAt: Date.now() + 1_000 })
    expect(vi.getTimerCount()).toBe(1)
    connection.closed()
    expect(vi.getTimerCount()).toBe(0)
  })
})
