/**
 * Bounds what one client holds open beside its sockets: replies that it reads or waits for, answers that it has not
 * read, bodies that it sends, and connections. A client is its network, as for sockets: an open service knows nothing
 * else of it.
 */
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { FastifyContextConfig, FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { ChatError } from '#src/chat/errors.ts'
import { toList } from '#src/config.ts'
import { createProxyCheck, toNetwork, toPlain } from '#src/transports/address.ts'
import { boundBody } from '#src/transports/body.ts'
import { Counts } from '#src/transports/counts.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route's answers last as long as a turn, so only so many may be under way for one client. */
    followsTurn?: boolean
    /** Bytes that a streamed answer may hold while its client does not read it. */
    holdsBytes?: number
  }
}

/** Readers cost less than sockets: a thousand silent ones do not slow down the others. */
const REPLIES_PER_SOCKET = 60

const MAX_LISTENERS = 20

/** Bytes of answers that one client may leave unread. They stay in memory until the operating system takes them. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024

/** Bytes. Smaller answers are not counted: as many as one client's connections can ask for do no harm. */
const LARGE_ANSWER_BYTES = 4_096

/** Bytes of bodies whose requests are not answered yet, of one client: each is in memory until then. */
const MAX_BODY_BYTES = 64 * 1024 * 1024

/** Bytes. Smaller bodies are not counted. */
const LARGE_BODY_BYTES = 65_536

/** Clients keep idle connections, and make other calls while they read a reply. */
const CONNECTIONS_PER_REPLY = 2

export default fp(
  async (app) => {
    const max = app.sockets.limit * REPLIES_PER_SOCKET
    if (max === 0) return
    boundConnections(app, max * CONNECTIONS_PER_REPLY)
    boundAnswers(app)
    boundBodies(app)
    const replies = new Counts()
    // Before anything begins: a send that is refused leaves nothing.
    app.addHook('onRequest', async ({ routeOptions, raw }, reply) => {
      if (!routeOptions.config.followsTurn) return
      const network = app.toNetwork(raw)
      if (replies.of(network) >= max) {
        throw new ChatError('rate_limited', `This address already reads ${max} replies: leave one, or wait.`, {
          retryAfter: 1,
        })
      }
      const release = replies.add(network)
      // Several parts listen for the end of a reply, and Node warns of more than ten listeners.
      reply.raw.setMaxListeners(MAX_LISTENERS).once('close', release)
      if (reply.raw.destroyed) release()
    })
  },
  { name: 'clients', dependencies: ['config', 'security', 'auth', 'sockets'] },
)

/** Refuses a large answer to a client that leaves too much unread. One at a time is always sent. */
function boundAnswers(app: FastifyInstance): void {
  const unread = new Counts()
  app.addHook('onSend', async ({ raw, routeOptions }, reply, payload) => {
    const bytes = toHeldBytes(payload, routeOptions.config)
    if (bytes < LARGE_ANSWER_BYTES) return
    const network = app.toNetwork(raw)
    const held = unread.of(network)
    if (held > 0 && held + bytes > MAX_UNREAD_BYTES) {
      throw new ChatError('rate_limited', 'This address has unread answers: read those first.', {
        retryAfter: 1,
      })
    }
    reply.raw.once('close', unread.add(network, bytes))
  })
}

/** Refuses a large body while its client has many under way. One at a time is always accepted. */
function boundBodies(app: FastifyInstance): void {
  const sent = new Counts()
  app.addHook('preParsing', async ({ raw }, reply, payload) => {
    // A body without a length may be of any size.
    if (Number(raw.headers['content-length'] ?? Infinity) < LARGE_BODY_BYTES) return undefined
    const network = app.toNetwork(raw)
    let own = 0
    let release: (() => void) | undefined
    // Not as soon as it is read: its values live as long as its request.
    reply.raw.once('close', () => release?.())
    function take({ length }: Buffer): void {
      const others = sent.of(network) - own
      if (others > 0 && others + own + length > MAX_BODY_BYTES) {
        throw new ChatError('rate_limited', 'This address has large requests under way: wait for answers.', {
          retryAfter: 1,
        })
      }
      own += length
      release?.()
      release = sent.add(network, own)
    }
    return Readable.from(boundBody(payload as Readable, take), { objectMode: false })
  })
}

/** Returns the bytes that an answer holds until it is read. Buffers hold none: they are made once, for all clients. */
function toHeldBytes(payload: unknown, { holdsBytes = 0 }: FastifyContextConfig): number {
  if (typeof payload === 'string') return payload.length
  return payload instanceof Readable ? holdsBytes : 0
}

/** Closes new connections of an address that has too many. A trusted proxy's are its clients', and are not counted. */
function boundConnections(app: FastifyInstance, max: number): void {
  const isProxy = createProxyCheck(toList(app.config.TRUSTED_PROXIES))
  const connections = new Counts()
  app.server.on('connection', (socket: Socket) => {
    const address = toPlain(socket.remoteAddress ?? '')
    if (isProxy(address)) return
    const network = toNetwork(address)
    if (connections.of(network) >= max) socket.destroy()
    else socket.once('close', connections.add(network))
  })
}
