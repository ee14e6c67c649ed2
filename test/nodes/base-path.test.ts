/** The service under a path of nginx's, as the README configures it: passed on whole, and with the prefix taken off. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI from 'openai'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createClient } from '#src/client/index.ts'
import { call, startService } from '#test/helper.ts'
import { openSocketIo, webSocket } from '#test/transports/clients.ts'
import { hasBrowser, launchBrowser } from '#test/web/browser.ts'
import { expectFinished, openPage, replies, say } from '#test/web/page.ts'
import { hasNginx, startNginx } from './nginx.ts'

const README = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8')
const [, LOCATION = ''] = /^```nginx\n([\s\S]*?)^```$/m.exec(README) ?? []

const MANNERS = [
  { manner: 'passes it on', location: LOCATION },
  { manner: 'takes it off', location: LOCATION.replace(/(proxy_pass [^;]+);/, '$1/;') },
]

describe.skipIf(!hasNginx).each(MANNERS)('behind an nginx that $manner', ({ location }) => {
  let browser: Browser | undefined
  beforeAll(async () => void (browser = hasBrowser ? await launchBrowser() : undefined))
  afterAll(() => browser?.close())

  async function start() {
    const { url } = await startService({ BASE_PATH: '/repartee', TRUSTED_PROXIES: '127.0.0.1' })
    const proxied = location.replace('http://127.0.0.1:5001', url)
    const outside = await startNginx([url], onTestFinished, proxied)
    return { outside, url: `${outside}/repartee` }
  }

  it.skipIf(!hasBrowser)('the page chats, and knows its chat after a reload', async () => {
    const { url } = await start()
    const page = await openPage(browser!, url)
    expect(new URL(page.url()).pathname).toBe('/repartee/')
    await say(page, 'I only have ten minutes today')
    await expectFinished(page)
    const reply = await replies(page).first().textContent()
    await page.reload()
    await expect.poll(() => replies(page).first().textContent()).toBe(reply)
  })

  it.skipIf(!hasBrowser)('the reference is shown', async () => {
    const { url } = await start()
    const page = await browser!.newPage()
    onTestFinished(() => page.close())
    await page.goto(`${url}/docs`)
    expect(new URL(page.url()).pathname).toBe('/repartee/docs/')
    await page.getByText('Repartee').first().waitFor()
    await page.getByText('/repartee').first().waitFor()
  })

  it('every kind of client is answered', async () => {
    const { url, outside } = await start()
    const client = createClient({ baseUrl: url, transport: 'websocket' })
    const { session_id } = await client.start()
    expect(await client.send(session_id, 'Hi').done).toMatchObject({ finish_reason: 'stop' })
    client.close()
    const line = await webSocket.connect(url)
    expect((await (await line.send({ message: 'Hi' })).rest()).at(-1)?.data).toMatchObject({ done: true })
    for (const transports of [['polling'], ['polling', 'websocket'], ['websocket']]) {
      const socket = openSocketIo(outside, transports, { path: '/repartee/socket.io/' })
      const ended = new Promise((resolve) => socket.once('chat_complete', resolve))
      socket.emit('chat_stream', { message: 'Hi' })
      expect(await ended).toMatchObject({ done: true })
    }
    const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
    expect((await openai.models.list()).data.length).toBeGreaterThan(3)
    expect((await call(`${url}/openapi.json`)).body.servers).toMatchObject([{ url: '/repartee' }])
  })
})
