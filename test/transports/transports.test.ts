/** Every transport keeps the same contract, on every store. */
import { describe } from 'vitest'
import { describeTransport, type StoreEnv } from '#test/suites/transport.ts'
import { socketIo, socketIoPolling, socketIoWebSocket, sse, webSocket } from './clients.ts'

const STORES: Record<string, StoreEnv> = {
  SQLite: async () => ({ SQLITE_PATH: ':memory:' }),
}

describe.each(Object.entries(STORES))('on %s', (_store, env) => {
  describeTransport(sse, webSocket, env)
  describeTransport(webSocket, socketIo, env)
  describeTransport(socketIo, sse, env)
  describeTransport(socketIoWebSocket, webSocket, env)
  describeTransport(socketIoPolling, sse, env)
})
