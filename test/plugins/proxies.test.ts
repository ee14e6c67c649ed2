/** Providers that only a proxy can reach, which the environment names: to others, their names lead nowhere. */
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createBrains } from '#plugins/brains.ts'
import type { Brain } from '#src/chat/brain.ts'
import { loadConfig } from '#src/config.ts'
import { ask, send, within } from '#test/invariants/conversation.ts'
import { call, startSession } from '#test/helper.ts'
import { makeDirectory, startServer } from '#test/process.ts'
import { anthropic } from '#test/provider/anthropic.ts'
import type { Dialect } from '#test/provider/dialect.ts'
import { type ForwardProxy, startForwardProxy } from '#test/provider/forward-proxy.ts'
import { gemini } from '#test/provider/gemini.ts'
import { nvidia } from '#test/provider/nvidia.ts'
import { ollama } from '#test/provider/ollama.ts'
import { encodeReply, openai } from '#test/provider/openai.ts'
import { type Provider, startProvider } from '#test/provider/provider.ts'
import { answers, sends } from '#test/provider/scripts.ts'
import { never, read, toRequest } from '#test/suites/brain/subject.ts'

const HOST = 'provider.invalid'

/** Each wire, and the variables of a brain that speaks it. */
const WIRES: [string, Dialect, (base: string) => Record<string, string>][] = [
  ['Claude', anthropic, (base) => ({ ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: base })],
  ['OpenAI', openai, (base) => ({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: base })],
  ['Gemini', gemini, (base) => ({ GEMINI_API_KEY: 'k', GEMINI_BASE_URL: base })],
  ['Ollama', ollama, (base) => ({ OLLAMA_BASE_URL: base })],
  ['NVIDIA', nvidia, (base) => ({ NVIDIA_API_KEY: 'k', NVIDIA_BASE_URL: base })],
]

async function startBehindProxy(dialect: Dialect = openai): Promise<{ provider: Provider; proxy: ForwardProxy }> {
  const provider = await startProvider({
    script: sends(dialect.encode({ deltas: ['Over ', 'there.'] }).frames),
    scriptCheck: answers(200, dialect.checkBody),
  })
  const proxy = await startForwardProxy(Number(new URL(provider.url).port))
  onTestFinished(() => {
    proxy.close()
    return provider.close()
  })
  return { provider, proxy }
}

async function makeBrain(env: Record<string, string>): Promise<Brain> {
  return (await createBrains(loadConfig(env))).available[1]!
}

const makeOpenAI = (base: string, env: Record<string, string>) =>
  makeBrain({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `${base}/v1`, ...env })

describe.each(WIRES)('%s over a proxy', (_name, dialect, toEnv) => {
  it.each(['HTTP_PROXY', 'http_proxy'])('is asked, and checked, with the user and password of %s', async (name) => {
    const { provider, proxy } = await startBehindProxy(dialect)
    const base = `http://${HOST}${dialect.basePath}`
    const brain = await makeBrain({ ...toEnv(base), [name]: `http://ada:s%40cret@127.0.0.1:${proxy.port}` })
    expect(await read(brain, toRequest(), never())).toMatchObject({ text: 'Over there.', error: undefined })
    // Ollama's check also asks whether it has the model.
    await brain.check(never()).catch((error: unknown) => expect(error).toMatchObject({ code: 'brain_rejected' }))
    const [asked, checked] = proxy.seen
    expect(asked).toMatch(new RegExp(`^POST http://${HOST}/`))
    expect(checked).toMatch(new RegExp(`^GET http://${HOST}/`))
    expect(proxy.authorized).toEqual([`Basic ${btoa('ada:s@cret')}`, `Basic ${btoa('ada:s@cret')}`])
    expect(provider.requests.map(({ headers }) => headers.host)).toEqual([HOST, HOST])
  })
})

describe('a provider over a proxy', () => {
  it('has its connection closed when the turn is stopped', async () => {
    const { provider, proxy } = await startBehindProxy()
    provider.script(sends(encodeReply({ deltas: ['One'], finish: null }).frames, { ending: 'stall' }))
    const brain = await makeOpenAI(`http://${HOST}`, { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` })
    const stop = new AbortController()
    const reason = new Error('stopped')
    const reading = read(brain, toRequest(), stop.signal, () => stop.abort(reason))
    expect((await reading).error).toBe(reason)
    await within(1_000, provider.requests[0]!.closed)
  })

  it('cannot be reached when the proxy refuses, in a sentence without its password', async () => {
    const proxy = await startForwardProxy(null)
    onTestFinished(() => proxy.close())
    const address = `http://ada:secret@127.0.0.1:${proxy.port}`
    for (const base of [`http://${HOST}`, `https://${HOST}`]) {
      const brain = await makeOpenAI(base, { HTTP_PROXY: address })
      const { error } = await read(brain, toRequest(), never())
      expect(error).toMatchObject({ code: 'brain_unavailable', message: 'OpenAI cannot be reached.' })
    }
    expect(proxy.seen).toEqual([`POST http://${HOST}/v1/chat/completions`, `CONNECT ${HOST}:443`])
  })

  it.each([
    ['*', true],
    ['127.0.0.1', true],
    ['example.com, 127.0.0.1 , example.org', true],
    ['127.0.0.1:PORT', true],
    ['127.0.0.1:1', false],
    ['example.com', false],
    ['7.0.0.1', false],
    ['', false],
  ])('is asked without it where NO_PROXY is "%s": %s', async (list, isDirect) => {
    const { provider, proxy } = await startBehindProxy()
    const NO_PROXY = list.replace('PORT', new URL(provider.url).port)
    const brain = await makeOpenAI(provider.url, { HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY })
    expect((await read(brain, toRequest(), never())).text).toBe('Over there.')
    expect(proxy.seen).toHaveLength(isDirect ? 0 : 1)
  })

  it.each([
    ['.invalid', false],
    ['provider.invalid', false],
    ['*.provider.invalid', true],
    ['ovider.invalid', true],
  ])('is matched by NO_PROXY as a host, or below one: "%s"', async (NO_PROXY, isOverProxy) => {
    const { proxy } = await startBehindProxy()
    const brain = await makeOpenAI(`http://${HOST}`, { HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY })
    await read(brain, toRequest(), never())
    expect(proxy.seen).toHaveLength(isOverProxy ? 1 : 0)
  })

  it('is asked as the configuration says, whatever else stands in the environment', async () => {
    const { provider, proxy } = await startBehindProxy()
    for (const name of ['HTTP_PROXY', 'http_proxy']) vi.stubEnv(name, 'http://127.0.0.1:1')
    onTestFinished(() => void vi.unstubAllEnvs())
    for (const env of [{}, { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` }]) {
      expect((await read(await makeOpenAI(provider.url, env), toRequest(), never())).text).toBe('Over there.')
    }
    expect(proxy.seen).toEqual([])
  })
})

/** A provider with a certificate of its own, for a host that has no address. */
async function startTlsProvider() {
  const directory = await makeDirectory()
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const subject = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`]
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  await promisify(execFile)('openssl', [...made, ...subject, '-keyout', key, '-out', cert])
  const closed: Promise<unknown>[] = []
  const server = createTlsServer(
    { key: readFileSync(key), cert: readFileSync(cert) },
    ({ socket, method }, response) => {
      if (method === 'POST') closed.push(once(socket, 'close'))
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const { frames } = encodeReply({ deltas: ['Over ', 'a tunnel.'] })
      if (closed.length === 1) response.end(frames.join(''))
      else response.write(frames.slice(0, 2).join(''))
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => server.close().closeAllConnections())
  return { cert, closed, port: (server.address() as AddressInfo).port }
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    return false
  }
}

describe.skipIf(!hasOpenssl())('a provider with TLS over a proxy', () => {
  it('is asked through a tunnel, whose end is the turn’s', async () => {
    const { cert, closed, port } = await startTlsProvider()
    const proxy = await startForwardProxy(port)
    onTestFinished(() => proxy.close())
    const { url } = await startServer({
      ACTIVE_BRAIN: 'openai',
      OPENAI_API_KEY: 'k',
      OPENAI_BASE_URL: `https://${HOST}/v1`,
      HTTPS_PROXY: `http://ada:secret@127.0.0.1:${proxy.port}`,
      NODE_EXTRA_CA_CERTS: cert,
    })
    const sessionId = await startSession(url)
    expect((await ask(url, sessionId, 'Hello')).body).toMatchObject({ message: 'Over a tunnel.' })
    expect(proxy.seen).toEqual([`CONNECT ${HOST}:443`])
    expect(proxy.authorized).toEqual([`Basic ${btoa('ada:secret')}`])
    const stream = await send(url, sessionId, 'Again')
    await stream.take(1)
    await call(`${url}/chat/sessions/${sessionId}/stop`, 'POST')
    await within(1_000, closed[1]!)
  })
})
