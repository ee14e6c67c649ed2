/** Once before all tests: the redis-server that most of them share, each on keys of its own. */
import type { TestProject } from 'vitest/node'
import { hasRedis, startRedis } from './redis.ts'

declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!hasRedis) return undefined
  const server = await startRedis()
  project.provide('redisUrl', server.url)
  return () => server.close()
}
