/** Who is still there: what only time shows. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { WebSocket } from 'ws'
import type { Connection } from '#src/transports/connection.ts'
import { Heartbeat } from '#src/transports/heartbeat.ts'
import { bindWebSocket } from '#src/transports/web-socket.ts'

function open() {
  const socket = Object.assign(new EventEmitter(), { ping: vi.fn(), terminate: vi.fn() })
  const raw = Object.assign(new EventEmitter(), { writableNeedDrain: false })
  const connection = { receive: vi.fn(), receiveNothing: vi.fn(), drained: vi.fn() }
  bindWebSocket(
    socket as unknown as WebSocket,
    raw as unknown as Socket,
    connection as unknown as Connection,
    new Heartbeat(),
  )
  return { socket, raw, connection }
}

const pass = (seconds: number) => void vi.advanceTimersByTime(seconds * 1000)

describe('a WebSocket', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is asked for a sign of life, and is gone within 60 s when none comes', () => {
    const { socket } = open()
    pass(20)
    expect(socket.ping).toHaveBeenCalledTimes(1)
    pass(20)
    expect(socket.terminate).not.toHaveBeenCalled()
    pass(20)
    expect(socket.terminate).toHaveBeenCalled()
  })

  it('stays as long as it answers, or says anything', () => {
    const { socket } = open()
    for (const event of ['pong', 'message', 'ping']) {
      pass(40)
      socket.emit(event, Buffer.from('{}'), false)
    }
    pass(40)
    expect(socket.terminate).not.toHaveBeenCalled()
    expect(socket.ping).toHaveBeenCalledTimes(4)
  })

  it('stays as long as it reads, however slowly', () => {
    const { socket, raw, connection } = open()
    raw.writableNeedDrain = true
    pass(50)
    raw.emit('drain')
    expect(connection.drained).toHaveBeenCalledTimes(1)
    pass(50)
    expect(socket.terminate).not.toHaveBeenCalled()
    pass(10)
    expect(socket.terminate).toHaveBeenCalled()
  })

  it('is asked no more when it is gone', () => {
    const { socket } = open()
    socket.emit('close')
    pass(100)
    expect(socket.ping).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })
})
