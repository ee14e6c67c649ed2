/**
 * Serves the app under a path prefix such as `/apps/chat`. A request without the prefix is served, too: some proxies
 * take it off. An address that can be read both ways is read with the prefix.
 */
import type { IncomingMessage } from 'node:http'
import fp from 'fastify-plugin'
import { splitTarget } from '#src/target.ts'

/** Returns a request's address as the routes know it, with its query, and with the host where it begins with one. */
export function stripBasePath(basePath: string, { url = '/' }: IncomingMessage): string {
  const { origin, path } = splitTarget(url)
  return origin + (path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path)
}

export default fp(
  async (app) => {
    const { BASE_PATH } = app.config
    if (BASE_PATH === '') return
    // Relative, and with a slash at the end: the page's own addresses start there, whatever path a proxy puts in front.
    const target = `${BASE_PATH.slice(BASE_PATH.lastIndexOf('/') + 1)}/`
    app.addHook('onRequest', async ({ originalUrl, method }, reply) => {
      const [path, ...query] = originalUrl.split('?')
      if (path !== BASE_PATH || (method !== 'GET' && method !== 'HEAD')) return undefined
      return reply.redirect([target, ...query].join('?'), 301)
    })
  },
  { name: 'base-path', dependencies: ['config'] },
)
