/** The chat page in a browser, as its readers use it. */
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'

export const SIZES = [
  { name: 'laptop', width: 1280, height: 800 },
  { name: 'phone', width: 390, height: 844 },
] as const

export type Size = (typeof SIZES)[number]

export interface Look {
  size?: Size
  colorScheme?: 'light' | 'dark'
}

/** A browser of somebody's own: what it keeps is gone with the test. */
export async function openContext(browser: Browser, { size = SIZES[0], colorScheme = 'light' }: Look = {}) {
  const { name, width, height } = size
  const isPhone = name === 'phone'
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    isMobile: isPhone,
    hasTouch: isPhone,
    // Blinking would be painted for nobody.
    reducedMotion: 'reduce',
  })
  onTestFinished(() => context.close())
  return context
}

/** A tab on the page. What it reports as an error, as of its policy, fails the test. */
export async function openTab(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const faults: string[] = []
  page.on('pageerror', ({ message }) => faults.push(message))
  page.on('console', (message) => {
    // A request that fails is what many a test asks for.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text())
  })
  onTestFinished(() => expect(faults).toEqual([]))
  await page.goto(url)
  await field(page).waitFor()
  return page
}

export async function openPage(browser: Browser, url: string, look: Look = {}): Promise<Page> {
  return openTab(await openContext(browser, look), url)
}

export function field(page: Page): Locator {
  return page.getByRole('textbox', { name: 'Message', exact: true })
}

export async function say(page: Page, message: string): Promise<void> {
  await field(page).fill(message)
  await field(page).press('Enter')
}

/** Presses as people do there: a finger is nowhere before it touches. */
export async function press(target: Locator, { name }: Size): Promise<void> {
  if (name === 'phone') return target.tap()
  // What is only there for a pointer comes when that is near.
  await target.hover({ force: true })
  await target.click()
}

/** What can be touched now, and is less than 44 pixels high or wide; links within text aside. */
export function findSmall(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const front = document.querySelector('dialog[open], .sidebar.is-open') ?? document
    return [...front.querySelectorAll('button, select, textarea, input:not(.unseen), a:not(.text a, .images a)')]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('[inert]'))
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.width < 44 || box.height < 44 || box.left < 0 || box.right > innerWidth)
      .map(({ element, box }) => [element.ariaLabel ?? element.textContent, box.width, box.height].join(' '))
  })()`)
}

/** The texts of the replies, oldest first. */
export function replies(page: Page): Locator {
  return page.locator('.reply .text')
}

export function button(page: Page, name: string): Locator {
  return page.getByRole('button', { name, exact: true })
}

/** Waits until a reply's text, white space aside, is this. */
export async function expectReply(page: Page, text: string, nth = 0): Promise<void> {
  const reply = replies(page).nth(nth)
  await expect.poll(async () => toWords((await reply.textContent()) ?? ''), { timeout: 10_000 }).toBe(toWords(text))
}

/** Waits until a reply is finished, and it is known what it took. */
export async function expectFinished(page: Page, nth = 0): Promise<void> {
  await page.locator('.took').nth(nth).getByText('first\u00A0after').waitFor()
}

function toWords(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
