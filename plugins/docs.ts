/**
 * The reference of every door: OpenAPI 3.1 at `/openapi.json`, to be read at `/docs`. Doors are described by the table in
 * `src/wire/doors.ts`; one that it does not know, and that is not hidden, is an error of the document.
 */
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import swagger, { type SwaggerTransform } from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { DOORS } from '#src/wire/doors.ts'
import {
  type Components,
  describeService,
  describeTags,
  toHeadersSchema,
  toQuerySchema,
  toReference,
  toResponses,
} from '#src/wire/openapi.ts'
import { STATUS } from './errors.ts'
import { FixedBody } from './fixed-body.ts'

const { version, license } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
  license: string
}

const BEARER = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description: "A token of the service's issuer: `sub` is the user.",
} as const

export default fp(
  async (app) => {
    const isSignIn = Boolean(app.config.JWT_SECRET ?? app.config.JWKS_URL)
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: {
          title: 'Repartee',
          version,
          description: describeService(),
          license: { name: license, identifier: license },
        },
        servers: [{ url: app.config.BASE_PATH || '/', description: 'This service' }],
        tags: describeTags(),
        components: { examples: {}, ...(isSignIn && { securitySchemes: { bearer: BEARER } }) },
        security: isSignIn ? [{ bearer: [] }] : [],
      },
      convertConstToEnum: false,
      transform: createTransform(app, isSignIn),
    })

    let document: FixedBody | undefined
    app.get('/openapi.json', { config: { isOpen: true } }, (request, reply) => {
      document ??= new FixedBody('application/json; charset=utf-8', JSON.stringify(app.swagger()))
      return document.send(request, reply)
    })
    servePage(app)
  },
  { name: 'docs', dependencies: ['config', 'errors'] },
)

/** Puts into a route's schema what the table says of its door. */
function createTransform({ config }: FastifyInstance, isSignIn: boolean): SwaggerTransform {
  return ({ schema, url, route, ...rest }) => {
    if (schema?.hide) return { schema, url }
    const name = `${String(route.method)} ${url.replaceAll(/:(\w+)/g, '{$1}')}`
    const door = DOORS.get(name)
    if (!door) throw new Error(`No door is described as "${name}" in src/wire/doors.ts.`)
    const { openapiObject } = rest as unknown as { openapiObject: { components: Components } }
    const { components } = openapiObject
    const { isOpen = false, isForAdmins = false } = route.config ?? {}
    const takesBody = route.method !== 'GET'
    const reach = { takesBody, isSignIn, hasIssuer: config.JWKS_URL !== undefined, isOpen, isForAdmins }
    const { params, querystring, body } = schema ?? {}
    const headers = toHeadersSchema(door)
    return {
      url,
      schema: {
        operationId: door.id,
        tags: [door.tag],
        summary: door.summary,
        ...(door.description && { description: door.description }),
        ...(params ? { params } : {}),
        ...(querystring ? { querystring: toQuerySchema(querystring) } : {}),
        ...(body ? { body: toReference(body, components) } : {}),
        ...(headers && { headers }),
        ...(isSignIn && isOpen && { security: [] }),
        response: toResponses(door, reach, STATUS, components),
      },
    }
  }
}

/** The page. All that it loads comes from here: no fonts, no proxy, no telemetry, and its policy allows none. */
function servePage(app: FastifyInstance): void {
  const config = { isOpen: true }
  const schema = { hide: true }
  let page: Promise<Page> | undefined
  const load = () => (page ??= loadPage())

  app.get('/docs', { config, schema }, async (request, reply) => {
    // The addresses in the page are relative to this one, with its slash.
    if (!request.url.split('?', 1)[0]!.endsWith('/')) return reply.redirect('docs/', 301)
    const { html, policy } = await load()
    return html.send(request, reply.header('Content-Security-Policy', policy))
  })
  app.get('/docs/js/scalar.js', { config, schema }, async (request, reply) => {
    const { script } = await load()
    return script.send(request, reply.header('Cache-Control', 'max-age=3600'))
  })
}

interface Page {
  html: FixedBody
  policy: string
  script: FixedBody
}

/** Made when someone first looks: the script is 4 MB of text, which most processes are never asked for. */
async function loadPage(): Promise<Page> {
  const { default: scalar } = await import('@scalar/fastify-api-reference')
  const page = Fastify()
  await page.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      url: '../openapi.json',
      pageTitle: 'Repartee: the reference',
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      showDeveloperTools: 'never',
      mcp: { disabled: true },
      agent: { disabled: true },
    },
  })
  const [html, script] = await Promise.all([page.inject('/docs/'), page.inject('/docs/js/scalar.js')])
  await page.close()
  return {
    html: new FixedBody('text/html; charset=utf-8', html.body),
    policy: toPolicy(html.body),
    script: new FixedBody('text/javascript; charset=utf-8', script.body),
  }
}

/** Lets the page run its own scripts alone, those in it by their hashes; it makes its style sheet itself. */
function toPolicy(page: string): string {
  const scripts = [...page.matchAll(/<script[^>]*>([^<]+)<\/script>/g)]
  const hashes = scripts.map(([, script]) => `'sha256-${hash('sha256', script!, 'base64')}'`)
  return [
    "default-src 'none'",
    `script-src ${["'self'", ...hashes].join(' ')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join('; ')
}
