/** How the chat page shows a reply while it is written, and what it does besides. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startService, startWithProvider } from '#test/helper.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { hasBrowser, launchBrowser } from './browser.ts'
import { button, expectFinished, expectReply, field, openContext, openPage, openTab, say, SIZES } from './page.ts'

// A browser on a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 })

let browser: Browser

beforeAll(async () => {
  if (hasBrowser) browser = await launchBrowser()
})
afterAll(() => browser?.close())

function lines(from: number): string {
  return Array.from({ length: 40 }, (_, index) => `Line ${from + index}\n\n`).join('')
}

/** Pixels from what is seen to the conversation's end. */
function toDistance(page: Page): Promise<number> {
  return page.evaluate<number>(`(({ scrollTop, scrollHeight, clientHeight }) => scrollHeight - clientHeight - scrollTop)(
    document.querySelector('.thread'),
  )`)
}

async function startHeld() {
  const hand = byHand()
  return { hand, ...(await startWithProvider(hand.script)) }
}

describe.skipIf(!hasBrowser)('a reply', () => {
  it('grows where it is read: what is finished is not made anew', async () => {
    const { url, hand } = await startHeld()
    const page = await openPage(browser, url)
    await say(page, 'Write')
    const said = await hand.next()
    said.say('A **first** paragraph.\n\nThe second\n', '**begins')
    await expectReply(page, 'A first paragraph. The secondbegins')
    const first = await page.locator('.reply .text > p').elementHandle()
    said.say('**.\n\n```js\nlet x = 1\n')
    await page.locator('.reply pre', { hasText: 'let x = 1' }).waitFor()
    said.say('let y = 2\n```\n\nThe end.')
    await page.getByText('The end.').waitFor()
    said.finish()
    await expectFinished(page)
    const last = page.locator('.reply .text > p').first()
    expect(await last.evaluate((one, other) => one === other, first)).toBe(true)
    await page.locator('.reply .hljs-keyword').first().waitFor()
    expect(await page.locator('.reply code').textContent()).toBe('let x = 1\nlet y = 2')
  })

  it('is read in two tabs, and in another browser, while it is written', async () => {
    const { url, hand } = await startHeld()
    const context = await openContext(browser)
    const page = await openTab(context, url)
    await say(page, 'Write')
    const said = await hand.next()
    said.say('One ')
    await expectReply(page, 'One')
    const others = [await openTab(context, page.url()), await openPage(browser, page.url())]
    for (const other of others) await expectReply(other, 'One')
    said.say('two.')
    for (const reader of [page, ...others]) await expectReply(reader, 'One two.')
    said.finish()
    await expectFinished(page)

    await say(others[1]!, 'And more')
    const more = await hand.next()
    more.say('Three ')
    for (const reader of [page, ...others]) await expectReply(reader, 'Three', 1)
    await button(page, 'Stop').click()
    for (const reader of [page, ...others]) await reader.locator('.took', { hasText: 'stopped' }).waitFor()
  })

  it('is said whole to a screen reader when it is finished, and not before', async () => {
    const { url, hand } = await startHeld()
    const page = await openPage(browser, url)
    const announced = page.locator('.app > [role=status]')
    await say(page, 'Write')
    const said = await hand.next()
    said.say('One ')
    await expectReply(page, 'One')
    expect(await announced.textContent()).toBe('')
    expect(await button(page, 'Read aloud').count()).toBe(0)
    said.say('two.')
    said.finish()
    await expect.poll(() => announced.textContent()).toBe('Reply: One two.')
  })

  it('is followed to its end until the reader scrolls up', async () => {
    const { url, hand } = await startHeld()
    const page = await openPage(browser, url, { size: SIZES[1] })
    await say(page, 'Write')
    const said = await hand.next()
    said.say(lines(0))
    await page.getByText('Line 39').waitFor()
    const isAtEnd = async () => (await toDistance(page)) < 30
    await expect.poll(isAtEnd).toBe(true)
    await page.locator('.thread').hover()
    await page.mouse.wheel(0, -300)
    await button(page, 'To the end').waitFor()
    said.say(lines(40))
    await page.getByText('Line 79').waitFor({ state: 'attached' })
    expect(await isAtEnd()).toBe(false)
    await button(page, 'To the end').click()
    await expect.poll(isAtEnd).toBe(true)
    said.say('The end.')
    said.finish()
    await expectFinished(page)
    await expect.poll(isAtEnd).toBe(true)
  })
})

describe.skipIf(!hasBrowser)('the page', () => {
  it('keeps what was written and not sent, for each chat', async () => {
    const { url } = await startService()
    const page = await openPage(browser, url)
    await say(page, 'What is 1 + 1?')
    await expectFinished(page)
    await field(page).fill('Half a thought')
    await button(page, 'New chat').click()
    await expect.poll(() => field(page).inputValue()).toBe('')
    await field(page).fill('Another')
    await page.getByRole('link', { name: 'What is 1 + 1?' }).click()
    await expect.poll(() => field(page).inputValue()).toBe('Half a thought')
    await page.reload()
    await expect.poll(() => field(page).inputValue()).toBe('Half a thought')
    await button(page, 'New chat').click()
    await expect.poll(() => field(page).inputValue()).toBe('Another')
  })

  it('is used with the keyboard', async () => {
    const { url } = await startService()
    const page = await openPage(browser, url)
    await field(page).fill('')
    await field(page).press('Shift+Enter')
    await field(page).pressSequentially('x')
    expect(await field(page).inputValue()).toBe('\nx')
    await page.getByRole('heading', { name: 'New chat' }).click()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
    await page.keyboard.press('/')
    await expect
      .poll(() => field(page).evaluate((element) => element === element.ownerDocument.activeElement))
      .toBe(true)
    await page.keyboard.press('End')
    await page.keyboard.type('y')
    expect(await field(page).inputValue()).toBe('\nxy')
  })

  it('keeps the colours that were chosen', async () => {
    const { url } = await startService()
    const page = await openPage(browser, url, { colorScheme: 'light' })
    const ground = () => page.evaluate<string>('getComputedStyle(document.body).colorScheme')
    expect(await ground()).toBe('light dark')
    await button(page, 'Colours: as the system has them').click()
    await button(page, 'Colours: light').click()
    expect(await ground()).toBe('dark')
    await page.reload()
    await button(page, 'Colours: dark').waitFor()
    expect(await ground()).toBe('dark')
  })

  it('has corrections beside the message that they are of', async () => {
    const { url } = await startService()
    const page = await openPage(browser, url)
    await page.route('**/chat/stream', async (route) => {
      const response = await route.fetch()
      const corrections = [
        { original: 'yo soy Ana', corrected: 'soy Ana', explanation: 'The verb says it.', type: 'style' },
      ]
      const body = (await response.text()).replace(
        '"done":true',
        `"done":true,"corrections":${JSON.stringify(corrections)}`,
      )
      await route.fulfill({ response, body })
    })
    await say(page, 'Hola, yo soy Ana')
    const aside = page.getByRole('complementary', { name: 'Corrections' })
    await aside.getByText('The verb says it.').waitFor()
    expect(await aside.locator('ins').textContent()).toBe('soy Ana')
  })
})
