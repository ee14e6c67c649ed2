/**
 * The app's table of contents: every capability, in the order in which they build on each other. `plugins/README.md`
 * says what each decorates.
 */
import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import auth from '#plugins/auth.ts'
import basePath, { stripBasePath } from '#plugins/base-path.ts'
import brains from '#plugins/brains.ts'
import chat from '#plugins/chat.ts'
import clients from '#plugins/clients.ts'
import config from '#plugins/config.ts'
import connectionLimits from '#plugins/connection-limits.ts'
import connections from '#plugins/connections.ts'
import docs from '#plugins/docs.ts'
import errors, { answerClientError, answerRouterError } from '#plugins/errors.ts'
import eventStream from '#plugins/event-stream.ts'
import limits from '#plugins/limits.ts'
import metrics from '#plugins/metrics.ts'
import personas from '#plugins/personas.ts'
import redis from '#plugins/redis.ts'
import aiSdkRoutes from '#plugins/routes/ai-sdk.ts'
import apiChatRoutes from '#plugins/routes/api-chat.ts'
import catalogueRoutes from '#plugins/routes/catalogue.ts'
import chatRoutes from '#plugins/routes/chat.ts'
import healthRoutes from '#plugins/routes/health.ts'
import openaiRoutes from '#plugins/routes/openai.ts'
import sessionRoutes from '#plugins/routes/sessions.ts'
import turnRoutes from '#plugins/routes/turns.ts'
import unifiedRoutes from '#plugins/routes/unified.ts'
import webRoutes from '#plugins/routes/web.ts'
import security from '#plugins/security.ts'
import socketIo from '#plugins/socket-io.ts'
import sockets from '#plugins/sockets.ts'
import stores from '#plugins/stores.ts'
import upgrade from '#plugins/upgrade.ts'
import validation from '#plugins/validation.ts'
import websocket from '#plugins/websocket.ts'
import wholeTurn from '#plugins/whole-turn.ts'
import { type Config, toList } from './config.ts'
import { type LogStream, toLoggerOptions } from './logger.ts'

/** Milliseconds for the headers of a request, for all of it, and between two looks for those that take longer. */
const HEAD_TIMEOUT_MS = 15_000
const REQUEST_TIMEOUT_MS = 30_000
const LOOK_MS = 5_000

/** An id that is too long names nothing, and its door says so. Node reads no more than 16 KiB of a request's head. */
const MAX_PARAM_LENGTH = 16_384

/**
 * Builds the app, whose log goes to stdout or to `log`. It does not listen yet.
 *
 * @throws Error with a sentence when something it needs cannot be had
 */
export async function buildApp(settings: Config, log?: LogStream): Promise<FastifyInstance> {
  const trusted = toList(settings.TRUSTED_PROXIES)
  const app = Fastify({
    logger: { ...toLoggerOptions(settings.LOG_LEVEL), ...(log ? { stream: log } : {}) },
    genReqId: () => randomUUID(),
    bodyLimit: settings.BODY_LIMIT_KB * 1024,
    http: {
      headersTimeout: HEAD_TIMEOUT_MS,
      connectionsCheckingInterval: LOOK_MS,
      // Java's clients offer an upgrade to HTTP/2 with every request: it is ignored, as all but WebSocket are.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: settings.KEEP_ALIVE_S * 1000,
    trustProxy: trusted.length > 0 ? trusted : false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    rewriteUrl: (request) => stripBasePath(settings.BASE_PATH, request),
    // `/v1//models`, `/v1/models/`: clients join addresses of parts, often with a slash in each.
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH, ignoreDuplicateSlashes: true, ignoreTrailingSlash: true },
    frameworkErrors: answerRouterError,
    clientErrorHandler: answerClientError,
  })

  await app.register(config, { config: settings })
  await app.register(validation)
  await app.register(errors)
  await app.register(connectionLimits)
  await app.register(security)
  await app.register(basePath)
  await app.register(docs)
  await app.register(metrics)
  await app.register(auth)
  await app.register(connections)

  await app.register(redis)
  await app.register(stores)
  await app.register(personas)
  await app.register(brains)
  await app.register(limits)
  await app.register(chat)
  await app.register(eventStream)
  await app.register(wholeTurn)
  await app.register(sockets)
  await app.register(clients)
  await app.register(upgrade)

  await app.register(websocket)
  await app.register(socketIo)

  await app.register(chatRoutes)
  await app.register(turnRoutes)
  await app.register(sessionRoutes)
  await app.register(catalogueRoutes)
  await app.register(healthRoutes)
  await app.register(apiChatRoutes)
  await app.register(aiSdkRoutes)
  await app.register(openaiRoutes)
  await app.register(unifiedRoutes)
  await app.register(webRoutes)
  return app
}
