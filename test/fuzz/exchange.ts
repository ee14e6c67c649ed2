/** Sends bytes to the service, and judges the answers. */
import { connect, type Socket } from 'node:net'
import type { Sending } from './requests.ts'

/** Milliseconds within which each request must be answered, or its connection closed. */
const PATIENCE_MS = 10_000

/** Milliseconds after which a client that is to leave does so. */
const LEAVE_MS = 100

/** Codes of failures that are right: the brain takes no images, or has no key. */
export const RIGHT_FAILURES = /^brain_(rejected|unavailable)$/

export interface Outcome {
  said: string
  faults: string[]
}

/** Sends the bytes and reads until the connection is closed. */
export async function exchange(port: number, { bytes, isLeft }: Sending): Promise<Outcome> {
  const socket = connect(port, '127.0.0.1')
  socket.write(bytes)
  const { said, isClosed } = await listen(socket, isLeft ? LEAVE_MS : PATIENCE_MS)
  const faults = judge(said)
  if (!isClosed && !isLeft) faults.push(`is not over, after ${said.length} characters`)
  return { said, faults }
}

/** Reads all that the service says until it closes the connection, or until the patience ends. */
export function listen(socket: Socket, patienceMs: number): Promise<{ said: string; isClosed: boolean }> {
  return new Promise((resolve) => {
    let said = ''
    const end = (isClosed: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ said, isClosed })
    }
    const timer = setTimeout(() => end(false), patienceMs)
    socket.setEncoding('utf8').on('data', (text: string) => (said += text))
    // A connection that is cut is an answer, too.
    socket.on('error', () => {}).on('close', () => end(true))
  })
}

/** Lists what is wrong with the answers on one connection. */
export function judge(said: string): string[] {
  if (said !== '' && !said.startsWith('HTTP/1.1 ')) return ['no HTTP']
  return said.split(/HTTP\/1\.1 (?=\d{3} )/).flatMap(judgeAnswer)
}

function judgeAnswer(answer: string): string[] {
  const status = Number(answer.slice(0, 3))
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  if (status < 400) return head.includes('text/event-stream') ? judgeFrames(body) : []
  const { error, code } = toError(head, body)
  // Socket.IO's own errors have a number.
  if (typeof code === 'number' && status === 400) return []
  const isWhole = typeof code === 'string' && typeof error === 'string' && error !== ''
  if (status >= 500 && !(isWhole && RIGHT_FAILURES.test(code))) return [`${status} ${String(code)}`]
  // Node's own errors have no body.
  return isWhole || /^(0\s*)?$/.test(body) ? [] : [`${status} without an error's shape`]
}

/** Lists what a reader of a turn must not be told, whatever the transport. */
export function judgeFrames(frames: string): string[] {
  return [...frames.matchAll(/"code":"(internal|store_unavailable)"/g)].map(([, code]) => `says ${code}`)
}

/** Reads an error of any dialect in the service's own shape. */
function toError(head: string, body: string): { error?: unknown; code?: unknown } {
  if (!/\r\ncontent-type: application\/json/i.test(head)) return {}
  try {
    // Without the sizes of chunks.
    const { error, code, message } = JSON.parse(/\{.*\}/s.exec(body)?.[0] ?? '') as Record<string, unknown>
    const { message: text, code: inner } = Object(error) as Record<string, unknown>
    return typeof error === 'object' ? { error: text, code: inner } : { error: error ?? message, code }
  } catch {
    return {}
  }
}
