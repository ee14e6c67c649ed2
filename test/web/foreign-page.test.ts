/** Pages of other origins in a real browser: what one that is listed can do, and what any other cannot. */
import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { call, type Json, startService } from '#test/helper.ts'
import { hasBrowser, launchBrowser } from './browser.ts'

const PACKAGES = join(import.meta.dirname, '..', '..', 'node_modules')

/** Serves an empty page, and the packages that are installed, as modules. */
async function startSite(): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    if (url === '/') return response.setHeader('content-type', 'text/html').end('<p>A page of somebody’s')
    response.setHeader('content-type', 'text/javascript')
    return createReadStream(join(PACKAGES, url))
      .on('error', () => response.writeHead(404).end())
      .pipe(response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

// Kept as text: what the page runs must not be compiled here.
const streamWithOpenAI = (module: string, baseURL: string) => `(async () => {
  const { default: OpenAI } = await import('${module}')
  const client = new OpenAI({ baseURL: '${baseURL}', apiKey: 'none', dangerouslyAllowBrowser: true, maxRetries: 0 })
  const messages = [{ role: 'user', content: 'Hello' }]
  const stream = await client.chat.completions.create({ model: 'default', messages, stream: true })
  let text = ''
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
  return text
})()`

/** Does what browsers let any page do without asking, and returns whether sockets opened and an answer was read. */
const tryEverything = (base: string) => `(async () => {
  const blind = { method: 'POST', mode: 'no-cors' }
  for (const path of ['sessions/conversation_7/clear', 'turns/conversation_7.1/regenerate', 'start']) {
    await fetch('${base}/chat/' + path, blind)
    await fetch('${base}/chat/' + path, { ...blind, body: '{}' })
    navigator.sendBeacon('${base}/chat/' + path)
  }
  const form = document.createElement('form')
  Object.assign(form, { method: 'post', action: '${base}/chat/start', enctype: 'text/plain', target: 'away' })
  const frame = Object.assign(document.createElement('iframe'), { name: 'away' })
  document.body.append(form, frame)
  const answered = new Promise((resolve) => frame.addEventListener('load', resolve))
  form.submit()
  await answered
  await fetch('${base}/socket.io/?EIO=4&transport=polling', { mode: 'no-cors' })
  const open = (path) => new Promise((resolve) => {
    const socket = new WebSocket('${base}'.replace('http', 'ws') + path)
    socket.addEventListener('open', () => resolve('open'))
    socket.addEventListener('error', () => resolve('refused'))
  })
  const read = fetch('${base}/chat/sessions').then(() => 'read', () => 'refused')
  return Promise.all([open('/ws'), open('/socket.io/?EIO=4&transport=websocket&sid='), read])
})()`

describe.runIf(hasBrowser)('a page of another origin', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchBrowser()))
  afterAll(() => browser.close())

  async function visit(site: string): Promise<Page> {
    const page = await browser.newPage()
    onTestFinished(() => page.close())
    await page.goto(site)
    return page
  }

  it('streams with OpenAI’s client as it is, whatever headers that sends', async () => {
    const site = await startSite()
    const { url } = await startService({ ALLOWED_ORIGINS: site })
    const page = await visit(site)
    const said = await page.evaluate(streamWithOpenAI(`${site}/openai/index.mjs`, `${url}/v1`))
    expect(said).toMatch(/\w+ \w+/)
  })

  it('sends its message as plain text, as `fetch` does by itself', async () => {
    const site = await startSite()
    const { url } = await startService({ ALLOWED_ORIGINS: site })
    const page = await visit(site)
    const started = await page.evaluate(async (address) => {
      const response = await fetch(address, { method: 'POST', body: JSON.stringify({ title: 'Mine' }) })
      return (await response.json()) as { session_id: string }
    }, `${url}/chat/start`)
    expect((await call(`${url}/chat/sessions/${started.session_id}`)).body).toMatchObject({ title: 'Mine' })
  })

  it('changes nothing, opens nothing and reads nothing where it is not listed', async () => {
    const site = await startSite()
    const { url, app } = await startService({ ALLOWED_ORIGINS: 'https://app.example.com' })
    await call(`${url}/chat/stream`, 'POST', { conversation_id: 7, user_message: 'Hola' }).catch(() => {})
    const before = (await call(`${url}/chat/sessions/conversation_7`)).body
    expect(before).toMatchObject({ message_count: 2 })
    const page = await visit(site)
    const opened = await page.evaluate(tryEverything(url))
    expect(opened).toEqual(['refused', 'refused', 'refused'])
    expect((await call(`${url}/chat/sessions/conversation_7`)).body).toEqual(before)
    expect(((await call(`${url}/chat/sessions`)).body.sessions as Json[]).length).toBe(1)
    expect(app.io.engine.clientsCount).toBe(0)
  })
})
