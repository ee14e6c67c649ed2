/** Gives every error its status and its body: the one place where codes meet HTTP. */
import { randomUUID } from 'node:crypto'
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ChatError, type ErrorCode, toChatError } from '#src/chat/errors.ts'
import { toErrorBody } from '#src/wire/frames.ts'

export const STATUS: Record<ErrorCode, number> = {
  invalid_request: 400,
  persona_unknown: 400,
  brain_unknown: 400,
  frame_invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  session_not_found: 404,
  turn_not_found: 404,
  model_not_found: 404,
  turn_in_progress: 409,
  message_id_reused: 409,
  turn_not_last: 409,
  turn_expired: 410,
  message_too_long: 413,
  body_too_large: 413,
  unsupported_media_type: 415,
  host_not_allowed: 421,
  guardrail_blocked: 422,
  rate_limited: 429,
  internal: 500,
  brain_rejected: 502,
  brain_bad_response: 502,
  brain_unavailable: 503,
  brain_rate_limited: 503,
  store_unavailable: 503,
  draining: 503,
  interrupted: 503,
  brain_timeout: 504,
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How a door's clients know errors, where they know them otherwise than ours. */
    toErrorBody?: (error: ChatError) => object
  }
  interface FastifyReply {
    /** Answers with the error's status and body, and more fields where a door has them. */
    sendError(error: ChatError, more?: Record<string, unknown>): FastifyReply
  }
}

function sendError(this: FastifyReply, error: ChatError, more: Record<string, unknown> = {}): FastifyReply {
  if (error.retryAfter !== undefined) this.header('Retry-After', Math.ceil(error.retryAfter))
  if (error.code === 'unauthorized') this.header('WWW-Authenticate', 'Bearer')
  // The answer that failed may have set another type.
  this.type('application/json; charset=utf-8')
  const { toErrorBody: toOwnBody } = this.request.routeOptions.config
  return this.code(STATUS[error.code]).send(toOwnBody ? toOwnBody(error) : { ...toErrorBody(error), ...more })
}

export function notJson(): ChatError {
  return new ChatError(
    'unsupported_media_type',
    'Send JSON, with Content-Type: application/json (curl: --json, not -d).',
  )
}

/** What Fastify refuses before a door sees it. Its own sentences can quote the body, so they are not passed on. */
function fromFastify({ code, statusCode = 500 }: FastifyError): ChatError | undefined {
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new ChatError('body_too_large', 'The body is too large.')
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return notJson()
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY') return new ChatError('invalid_request', 'The body is empty.')
  if (statusCode === 400) return new ChatError('invalid_request', 'The request cannot be read: is the body valid JSON?')
  // Such as a condition on one of the page's files that does not hold.
  if (statusCode > 400 && statusCode < 500) {
    return new ChatError('invalid_request', 'The request cannot be answered as it is: check its headers.')
  }
  return undefined
}

function handleError(error: FastifyError | ChatError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = error instanceof ChatError ? error : (fromFastify(error) ?? toChatError(error))
  if (STATUS[known.code] >= 500 && !hasLeft(error)) {
    request.log.error({ code: known.code, err: known.cause }, 'request failed')
  }
  return reply.sendError(known)
}

/** Says whether the client left while a file was sent to it: that is no failure of the service. */
function hasLeft(error: FastifyError | ChatError): boolean {
  return error.code === 'ERR_STREAM_PREMATURE_CLOSE'
}

/** Answers an address that the router cannot read. No hooks have run, and so no limits: the connection closes. */
export function answerRouterError(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const error = new ChatError('invalid_request', 'The address cannot be read.')
  const headers = { 'X-Request-Id': request.id, Connection: 'close' }
  void reply.code(STATUS[error.code]).headers(headers).send(toErrorBody(error))
}

/** Answers what is no HTTP, too long, or too slow, while there is neither a request nor a reply. */
export function answerClientError(cause: Error & { code?: string }, socket: Socket): void {
  // What was written may be half a response, and this would land in the middle of it. A client that has sent nothing,
  // such as a browser that connects ahead, would take it for the answer to its first request.
  if (!socket.writable || socket.bytesWritten > 0 || socket.bytesRead === 0) return void socket.destroy()
  answerSocket(socket, new ChatError('invalid_request', toClientSentence(cause.code)))
}

/** Answers on a socket that has no reply, and ends it. */
export function answerSocket(socket: Socket, error: ChatError): void {
  const { status, headers, body } = toAnswer(error)
  const all = { ...headers, 'X-Request-Id': randomUUID(), Connection: 'close' }
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(all).map(([name, value]) => `${name}: ${value}`),
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

/** Answers on a response that Fastify has handed over, and keeps the headers that are set already. */
export function answerResponse(response: ServerResponse, error: ChatError): void {
  const { status, headers, body } = toAnswer(error)
  response.writeHead(status, headers).end(body)
}

function toAnswer(error: ChatError) {
  const body = JSON.stringify(toErrorBody(error))
  return {
    status: STATUS[error.code],
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      ...(error.retryAfter !== undefined && { 'Retry-After': Math.ceil(error.retryAfter) }),
    },
    body,
  }
}

function toClientSentence(code: string | undefined): string {
  if (code === 'HPE_HEADER_OVERFLOW') return 'The head of the request is too large.'
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'The request took too long to arrive.'
  return 'The request is not valid HTTP.'
}

export default fp(
  async (app) => {
    app.decorateReply('sendError', sendError)
    app.setErrorHandler(handleError)
    app.setNotFoundHandler((_request, reply) => reply.sendError(new ChatError('not_found', 'There is no such door.')))
  },
  { name: 'errors' },
)
