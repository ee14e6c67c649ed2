/** The raw byte proxy that the service is measured against: `node:http` in and out, piped, nothing parsed or kept. */
import { Agent, createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'

const target = new URL(process.argv[2]!)
const agent = new Agent({ keepAlive: true })

const server = createServer({ noDelay: true }, (incoming, outgoing) => {
  const { method, url: path, headers } = incoming
  const upstream = forward({ host: target.hostname, port: target.port, method, path, headers, agent }, (answer) => {
    outgoing.writeHead(answer.statusCode!, answer.headers)
    answer.pipe(outgoing)
  })
  incoming.pipe(upstream)
})

// Longer than the other target's rounds: who closes a connection just when it is used again breaks a stream.
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
