/** The chat page when things go wrong around it: networks, restarts, sign-in, and replies that mean harm. */
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startNetwork } from '#test/client/proxy.ts'
import { call, startService, startWithProvider, toProviderEnv } from '#test/helper.ts'
import { SIGNED_IN, tokenFor, tokenUntil } from '#test/identity/tokens.ts'
import { makeDirectory, startServer } from '#test/process.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { hasBrowser, launchBrowser } from './browser.ts'
import { button, expectFinished, expectReply, field, openPage, replies, say, SIZES } from './page.ts'

// A browser on a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 })

let browser: Browser

beforeAll(async () => {
  if (hasBrowser) browser = await launchBrowser()
})
afterAll(() => browser?.close())

/** The browser notices that its network is there, so that nobody waits for the next try. */
async function isBack(page: Page): Promise<void> {
  await page.evaluate('dispatchEvent(new Event("online"))')
}

describe.skipIf(!hasBrowser)('a reply', () => {
  it.each(SIZES)(
    'is whole, and there once, on a $name, though its network is cut and the service restarted in the middle',
    async (size) => {
      const hand = byHand()
      const { provider } = await startWithProvider(hand.script)
      const env = { ...toProviderEnv(provider), SQLITE_PATH: `${await makeDirectory()}/chat.db` }
      let server = await startServer(env)
      const network = await startNetwork(server.url)
      const page = await openPage(browser, network.url, { size })
      await say(page, 'Write')
      const said = await hand.next()
      said.say('One ')
      await expectReply(page, 'One')

      network.cut()
      said.say('two ')
      await expectReply(page, 'One two')

      network.refuse(true)
      network.cut()
      await page.getByText('The service cannot be reached; trying again. The reply goes on meanwhile.').waitFor()
      server.kill('SIGTERM')
      said.say('three.')
      said.finish()
      await server.exited
      server = await startServer(env)
      network.leadTo(server.url)
      network.refuse(false)
      await isBack(page)
      await expectFinished(page)
      await expectReply(page, 'One two three.')
      expect(await replies(page).count()).toBe(1)
      await expect.poll(() => page.getByText('cannot be reached').count()).toBe(0)
    },
  )

  it('comes to a message that waited for the network', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script)
    const network = await startNetwork(url)
    const page = await openPage(browser, network.url)
    await page.getByRole('radiogroup').waitFor()
    network.refuse(true)
    network.cut()
    await say(page, 'Write')
    await page
      .getByText('The service cannot be reached; trying again. Your message is sent as soon as it can be.')
      .waitFor()
    network.refuse(false)
    await isBack(page)
    const said = await hand.next()
    said.say('One.')
    said.finish()
    await expectFinished(page)
    await expectReply(page, 'One.')
  })

  it('that died with the service is tried again, and is whole', async () => {
    const hand = byHand()
    const { provider } = await startWithProvider(hand.script)
    const env = { ...toProviderEnv(provider), SQLITE_PATH: `${await makeDirectory()}/chat.db` }
    let server = await startServer(env)
    const network = await startNetwork(server.url)
    const page = await openPage(browser, network.url)
    await say(page, 'Write')
    ;(await hand.next()).say('One ')
    await expectReply(page, 'One')
    server.kill('SIGKILL')
    await server.exited
    server = await startServer(env)
    network.leadTo(server.url)
    await isBack(page)
    await button(page, 'Try again').click()
    const again = await hand.next()
    again.say('One two.')
    again.finish()
    await expectFinished(page)
    await expectReply(page, 'One two.')
    expect(await replies(page).count()).toBe(1)
  })

  it('runs nothing, fetches nothing and leads nowhere, whatever it says', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script)
    const page = await openPage(browser, url)
    const elsewhere: string[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) elsewhere.push(request.url())
    })
    page.on('dialog', (dialog) => elsewhere.push(dialog.message()))
    await say(page, '<img src=x onerror=alert(1)> [x](javascript:alert(1))')
    const said = await hand.next()
    for (const piece of HOSTILE) said.say(...piece.match(/[^]{1,7}/g)!, '\n\n')
    said.say('The end.')
    said.finish()
    await expectFinished(page)
    await page.getByText('The end.').waitFor()
    expect(elsewhere).toEqual([])
    const reply = page.locator('.reply .markdown')
    expect(await reply.locator('script, img, iframe, svg, form, input, style, object, math').count()).toBe(0)
    expect(await reply.locator('[onerror], [onload], [onclick], [style], [id]').count()).toBe(0)
    const addresses = await reply.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('href')))
    expect(addresses.every((address) => /^(https?:|mailto:)/.test(address ?? ''))).toBe(true)
    expect(await page.evaluate('globalThis.ran')).toBe(undefined)
  })

  it('may be one line of a million characters', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script)
    const page = await openPage(browser, url)
    await say(page, 'Write')
    const said = await hand.next()
    said.say('a'.repeat(500_000), '*['.repeat(250_000))
    said.finish()
    await expectFinished(page)
    expect((await replies(page).textContent())?.length).toBe(1_000_000)
    await field(page).fill('Still here')
  })
})

const HOSTILE = [
  '<script>globalThis.ran = 1</script>',
  '<img src=x onerror="globalThis.ran = 1">',
  '<svg onload="globalThis.ran = 1"><script>globalThis.ran = 1</script></svg>',
  '<iframe srcdoc="<script>parent.ran = 1</script>"></iframe>',
  '[a](javascript:globalThis.ran=1) [b](JaVaScRiPt:globalThis.ran=1) [c](data:text/html,<script>globalThis.ran=1</script>)',
  '[d](vbscript:x) [e](//evil.example/x) [f](file:///etc/passwd) <javascript:globalThis.ran=1>',
  '![g](http://evil.example/steal?what=it) ![h](data:image/svg+xml,<svg onload=globalThis.ran=1>)',
  '[i](https://example.com/"onclick="globalThis.ran=1) [j](<https://example.com/ onclick=globalThis.ran=1>)',
  '<a href="javascript:globalThis.ran=1" onclick="globalThis.ran=1">k</a><style>*{display:none}</style>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=globalThis.ran=1&gt;">',
  '```js"onload="globalThis.ran=1\n</code></pre><script>globalThis.ran=1</script>\n```',
  '| <img src=x onerror=globalThis.ran=1> | b |\n| - | - |\n| <form action=//evil.example> | `<b onclick=globalThis.ran=1>` |',
  '- [ ] <input onfocus=globalThis.ran=1 autofocus>',
  '&lt;script&gt;globalThis.ran=1&lt;/script&gt; \u202Eevil\u202C \u0000',
]

describe.skipIf(!hasBrowser)('signing in', () => {
  it('is asked for when the service wants to know, and again when the time is over', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script, SIGNED_IN)
    const page = await openPage(browser, url)
    const token = page.getByRole('textbox', { name: 'Token' })
    await token.fill('nonsense')
    await token.press('Enter')
    await page.getByText('did not take the token').waitFor()
    await token.fill(tokenUntil('ann', 4))
    await token.press('Enter')
    await page.getByRole('radiogroup').waitFor()
    await say(page, 'Write')
    const said = await hand.next()
    said.say('One ')
    await expectReply(page, 'One')
    await page.getByText('did not take the token').waitFor()
    await token.fill(tokenFor('ann'))
    await token.press('Enter')
    said.say('two.')
    said.finish()
    await expectFinished(page)
    await expectReply(page, 'One two.')
    await page.reload()
    await expectReply(page, 'One two.')
    expect(page.url()).not.toContain(tokenFor('ann'))
  })
})

describe.skipIf(!hasBrowser)('axe', () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

  async function findFaults(page: Page): Promise<string[]> {
    await page.evaluate(axe)
    const { violations } = await page.evaluate<{
      violations: { id: string; impact: string; nodes: { html: string }[] }[]
    }>('axe.run({ resultTypes: ["violations"] })')
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    return grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' ')}`)
  }

  it.each([
    { size: SIZES[0], colorScheme: 'dark' },
    { size: SIZES[1], colorScheme: 'light' },
  ] as const)('finds nothing grave on a $size.name in the $colorScheme', async ({ size, colorScheme }) => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script)
    const page = await openPage(browser, url, { size, colorScheme })
    await page.getByRole('radiogroup').waitFor()
    expect(await findFaults(page)).toEqual([])
    await say(page, 'Write')
    const said = await hand.next()
    said.say(
      '# A heading\n\n- a list\n\n```js\nconst x = 1 // a number\n```\n\n| a |\n| - |\n| [b](https://example.com) |\n\n',
    )
    said.finish()
    await expectFinished(page)
    await page.locator('.hljs-keyword').waitFor()
    await say(page, 'And one that fails')
    await (await hand.next()).exchange.reset()
    await button(page, 'Try again').waitFor()
    expect(await findFaults(page)).toEqual([])
    await button(page, 'More').click()
    await button(page, 'Delete chat').click()
    expect(await findFaults(page)).toEqual([])
  })
})

describe.skipIf(!hasBrowser)('a user', () => {
  it('is each browser, while there is no sign-in', async () => {
    const { url } = await startService()
    for (const message of ['What is 1 + 1?', 'What is 2 + 2?']) {
      const page = await openPage(browser, url)
      await say(page, message)
      await expectFinished(page)
      expect(await page.locator('.sessions li').count()).toBe(1)
    }
    const { sessions } = (await call(`${url}/chat/sessions`)).body as { sessions: { user_id: string }[] }
    expect(new Set(sessions.map(({ user_id }) => user_id)).size).toBe(2)
  })
})
