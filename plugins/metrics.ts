/**
 * Decorates the app with its meter, and opens the door `GET /metrics` for Prometheus: to this machine, and to whoever has
 * `METRICS_TOKEN`. No label is a text from outside: paths are the routes', and models are left out, as any may be named.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  register as ofProcess,
  Registry,
} from '@prometheus-io/client'
import type { FastifyRequest } from 'fastify'
import fastifyMetrics from 'fastify-metrics'
import fp from 'fastify-plugin'
import { ChatError } from '#src/chat/errors.ts'
import type { TerminalEvent } from '#src/chat/event.ts'
import type { Turn } from '#src/chat/store.ts'
import { isLoopback } from '#src/config.ts'
import { toPlain } from '#src/transports/address.ts'
import { toToken } from '#src/wire/credentials.ts'
import { hostNotAllowed } from './security.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly meter: Meter
  }
}

export interface Meter {
  /** Shows a figure as it is whenever it is asked for. */
  gauge(name: string, help: string, read: () => number): void
  readonly turnStarted: (turn: Turn) => void
  readonly turnEnded: (end: TerminalEvent) => void
}

/** Seconds. A stream's request lasts as long as its reply. */
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300]
const FIRST_TOKEN_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64]

export default fp(
  async (app) => {
    const registry = new Registry()
    // Once for the process: what watches the event loop is never switched off again.
    if (ofProcess.getMetricsAsArray().length === 0) collectDefaultMetrics()
    await app.register(fastifyMetrics.default, {
      endpoint: null,
      defaultMetrics: { enabled: false },
      routeMetrics: {
        enabled: { histogram: true, summary: false },
        overrides: {
          histogram: { registers: [registry], buckets: REQUEST_BUCKETS },
          summary: { registers: [] },
        },
      },
    })
    app.decorate('meter', createMeter(registry))

    const token = app.config.METRICS_TOKEN
    app.get('/metrics', { config: { isOpen: true }, logLevel: 'warn' }, async (request, reply) => {
      if (!isToken(request, token)) {
        if (!isFromHere(request)) throw refusal(token)
        // A page of any name that leads to this machine asks from here, too.
        if (!app.isKnownHost(request.raw)) throw hostNotAllowed()
      }
      const all = Registry.merge([ofProcess, registry])
      return reply.type(all.contentType).send(await all.metrics())
    })
  },
  { name: 'metrics', dependencies: ['config', 'errors', 'security'] },
)

function createMeter(registry: Registry): Meter {
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers })
  const started = counter('repartee_turns_started_total', 'Turns that began here', ['brain'])
  const ended = counter('repartee_turns_ended_total', 'Turns that ended here, by how they did', ['brain', 'outcome'])
  const tokens = counter('repartee_tokens_total', 'Tokens of replies, as they are sent', ['brain'])
  const used = counter('repartee_provider_tokens_total', 'Tokens as providers count them', ['brain', 'direction'])
  const cost = counter('repartee_cost_usd_total', 'What replies cost, where that is known', ['brain'])
  const firstToken = new Histogram({
    name: 'repartee_time_to_first_token_seconds',
    help: 'Time from acceptance to the first token',
    labelNames: ['brain'],
    buckets: FIRST_TOKEN_BUCKETS,
    registers,
  })
  return {
    gauge(name, help, read) {
      const gauge: Gauge = new Gauge({ name, help, registers, collect: () => gauge.set(read()) })
    },
    turnStarted: ({ brain }) => started.inc({ brain }),
    turnEnded(end) {
      const { brain, stats } = end
      ended.inc({ brain, outcome: end.type === 'error' ? end.code : end.finishReason })
      tokens.inc({ brain }, stats.tokens)
      used.inc({ brain, direction: 'input' }, stats.inputTokens ?? 0)
      used.inc({ brain, direction: 'output' }, stats.outputTokens ?? 0)
      cost.inc({ brain }, stats.costUsd ?? 0)
      if (stats.timeToFirstToken !== null) firstToken.observe({ brain }, stats.timeToFirstToken)
    },
  }
}

/** By the connection itself: whoever comes through a proxy on this machine is not from here. */
function isFromHere({ raw: { socket, headers } }: FastifyRequest): boolean {
  const isForwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined
  return !isForwarded && isLoopback(toPlain(socket.remoteAddress ?? ''))
}

function isToken({ headers }: FastifyRequest, token: string | undefined): boolean {
  const given = toToken(headers)
  if (token === undefined || given === undefined) return false
  return timingSafeEqual(toDigest(given), toDigest(token))
}

/** Of one length, whatever the text's. */
function toDigest(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

function refusal(token: string | undefined): ChatError {
  if (token === undefined) return new ChatError('forbidden', 'Ask from the machine itself, or set METRICS_TOKEN.')
  return new ChatError('unauthorized', 'Send the token for metrics as Authorization: Bearer.')
}
