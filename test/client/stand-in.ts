/** Answers written by hand, as no service in good health gives them. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

export interface StandIn {
  url: string
  readonly asked: number
  /** The paths that were asked for. */
  readonly paths: string[]
}

/** Something in front of the service that answers in its place: with the answers in turn, and with the last for ever. */
export async function startStandIn(...answers: Answer[]): Promise<StandIn> {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url!)
    answers[Math.min(paths.length, answers.length) - 1]!(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    get asked() {
      return paths.length
    },
  }
}

export const json =
  (status: number, body: object): Answer =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

export const page =
  (status: number, headers = {}): Answer =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'text/html', ...headers }).end('<h1>Hello</h1>')

export type Written = [offset: string | null, frame: object]

/** A negotiated stream of the turn `s.1`. */
export const stream =
  (...frames: Written[]): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-session-id': 's', 'x-turn-id': 's.1' })
    const lines = frames.map(([id, frame]) => `${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(frame)}\n\n`)
    response.end(lines.join(''))
  }
