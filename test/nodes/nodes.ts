/** Several processes of the service on one Redis, with a provider beside them. */
import { onTestFinished } from 'vitest'
import { startSession, toProviderEnv } from '#test/helper.ts'
import { follow, NEGOTIATED, send, turnIdOf } from '#test/invariants/conversation.ts'
import { type OnOver, type ServerProcess, startServer } from '#test/process.ts'
import type { Hand } from '#test/provider/by-hand.ts'
import { startOpenAIProvider } from '#test/provider/openai.ts'
import type { Provider, Script } from '#test/provider/provider.ts'
import { newPrefix, type RedisServer, startRedis } from '#test/stores/redis.ts'

export interface Nodes {
  servers: ServerProcess[]
  urls: string[]
  redis: RedisServer
  provider: Provider
  prefix: string
  /** Starts one more. */
  start(env?: Record<string, string>): Promise<ServerProcess>
}

/** Starts so many nodes; they end with the test, or when `onOver` says so. */
export async function startNodes(
  count: number,
  script: Script,
  env: Record<string, string> = {},
  onOver: OnOver = onTestFinished,
): Promise<Nodes> {
  const redis = await startRedis()
  onOver(() => redis.close())
  const provider = await startOpenAIProvider({ script })
  onOver(() => provider.close())
  const prefix = newPrefix()
  const shared = { ...toProviderEnv(provider), REDIS_URL: redis.url, REDIS_PREFIX: prefix, ...env }
  const start = (own: Record<string, string> = {}) => startServer({ ...shared, ...own }, { onOver })
  const servers = await Promise.all(Array.from({ length: count }, () => start()))
  return { servers, urls: servers.map(({ url }) => url), redis, provider, prefix, start }
}

/** A turn that runs on one node, and is read there and on another one. */
export async function startReadTurn(hand: Hand, runsOn: string, readOn: string) {
  const sessionId = await startSession(runsOn)
  const here = await send(runsOn, sessionId, 'Ready?', {}, NEGOTIATED)
  const reply = await hand.next()
  const turnId = turnIdOf(here)
  return { sessionId, turnId, reply, here, there: await follow(readOn, turnId, '', NEGOTIATED) }
}

/** What is shared by a whole file's tests ends by `end`, also when not all of it could be started: for `afterAll`. */
export function createEnding(): { onOver: OnOver; end: (this: void) => Promise<void> } {
  const ends: (() => void | Promise<void>)[] = []
  return {
    onOver: (end) => void ends.unshift(end),
    async end() {
      for (const end of ends) await end()
    },
  }
}
