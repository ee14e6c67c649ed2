/** Plays an HTTP proxy such as companies have: the only way to a provider, whatever the provider's name. */
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

export interface ForwardProxy {
  readonly port: number
  /** The first line of each request, such as `CONNECT provider.example:443`. */
  readonly seen: readonly string[]
  /** The `Proxy-Authorization` of each request. */
  readonly authorized: readonly (string | undefined)[]
  close(): void
}

/** Starts the proxy. @param target the port that every request is sent to; null refuses each with 407 */
export async function startForwardProxy(target: number | null): Promise<ForwardProxy> {
  const seen: string[] = []
  const authorized: (string | undefined)[] = []
  const sockets = new Set<Socket>()
  const server = createServer((incoming, outgoing) => {
    const { method, url = '', headers } = incoming
    const { 'proxy-authorization': authorization, ...rest } = headers
    seen.push(`${method} ${url}`)
    authorized.push(authorization)
    if (target === null) {
      outgoing.writeHead(407).end()
      return
    }
    const { pathname, search } = new URL(url)
    const onward = httpRequest({ port: target, method, path: pathname + search, headers: rest, agent: false })
    onward.on('response', (response) => {
      outgoing.writeHead(response.statusCode!, response.headers)
      response.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    incoming.pipe(onward)
  })
  server.on('connect', ({ url, headers }: { url: string; headers: Record<string, string> }, near: Socket) => {
    seen.push(`CONNECT ${url}`)
    authorized.push(headers['proxy-authorization'])
    if (target === null) {
      near.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const far = connect(target, '127.0.0.1')
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => other.destroy())
    }
    near.write('HTTP/1.1 200 Connection established\r\n\r\n')
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    authorized,
    close() {
      server.closeAllConnections()
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
