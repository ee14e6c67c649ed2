/** The chat page: built by `npm run build:web`, served from `dist/web`. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'
import { ChatError } from '#src/chat/errors.ts'

const DIRECTORY = join(import.meta.dirname, '..', '..', 'dist', 'web')

/** Everything is the page's own; scripts and styles are files, and HTML is made by the sanitiser alone. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types dompurify',
].join('; ')

/** Built files have their hash in their names. */
const FOR_EVER = { maxAge: '365d', immutable: true }

const NAME = /^[\w-]+\.(?:js|css|svg)$/

interface WebOptions {
  directory?: string
}

const routes: FastifyPluginAsync<WebOptions> = async (app, { directory = DIRECTORY }) => {
  await app.register(fastifyStatic, { root: directory, serve: false, preCompressed: true, acceptRanges: false })
  // Asked each time: the page may be built, and built anew, while the service runs.
  const isBuilt = () => existsSync(join(directory, 'index.html'))
  if (!isBuilt()) app.log.warn('The chat page is not built: `npm run build:web` builds it.')
  const config = { isOpen: true }
  // No doors of the API.
  const schema = { hide: true }

  app.get('/', { config, schema }, (_request, reply) => {
    if (!isBuilt()) {
      return reply.sendError(new ChatError('not_found', 'The chat page is not built: `npm run build:web` builds it.'))
    }
    reply.headers({ 'Content-Security-Policy': POLICY, 'Cross-Origin-Resource-Policy': 'same-origin' })
    reply.header('Cache-Control', 'no-cache')
    return reply.sendFile('index.html', { cacheControl: false })
  })

  app.get<{ Params: { name: string } }>('/assets/:name', { config, schema }, ({ params }, reply) => {
    if (!NAME.test(params.name)) return reply.callNotFound()
    return reply.sendFile(`assets/${params.name}`, FOR_EVER)
  })
}

export default routes
