/** Takes the pictures in `src/web/pictures/` from the running page: `npm run screenshots`. Needs Chromium. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { buildApp } from '#src/app.ts'
import { buildWebIfNeeded } from '#src/build-web.ts'
import { loadConfig } from '#src/config.ts'
import { launchBrowser } from '#test/web/browser.ts'

const DIRECTORY = join(import.meta.dirname, '..', 'src/web/pictures')

const PICTURES = [
  { name: 'chat-light', width: 1180, height: 760, colorScheme: 'light' },
  { name: 'chat-dark', width: 1180, height: 760, colorScheme: 'dark' },
  { name: 'chat-phone', width: 390, height: 760, colorScheme: 'light' },
] as const

const QUESTIONS = ['Give me a plan for the week', 'I only have ten minutes today', 'What is 17 × 23?']

async function talk(page: Page): Promise<void> {
  const field = page.getByRole('textbox', { name: 'Message', exact: true })
  for (const [index, question] of QUESTIONS.entries()) {
    await field.fill(question)
    await field.press('Enter')
    const took = page.locator('.took').nth(index)
    await took.getByText('first after').waitFor()
  }
  // The next one is being written.
  await field.fill('How do I stay motivated?')
  await field.press('Enter')
  await page.locator('.is-writing .open', { hasText: /\S+ \S+ \S+ \S+/ }).waitFor()
}

const data = await mkdtemp(join(tmpdir(), 'repartee-pictures-'))
await buildWebIfNeeded()
const app = await buildApp(
  loadConfig({ PORT: '0', SQLITE_PATH: join(data, 'chat.db'), LOG_LEVEL: 'silent', CONFIG_BRAIN_PACE_MS: '60' }),
)
const url = await app.listen({ port: 0, host: '127.0.0.1' })
const browser = await launchBrowser()
try {
  for (const { name, width, height, colorScheme } of PICTURES) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme, isMobile: width < 800 })
    await page.goto(url)
    await talk(page)
    await page.screenshot({ path: join(DIRECTORY, `${name}.png`) })
    await page.close()
  }
} finally {
  await browser.close()
  await app.close()
  await rm(data, { recursive: true })
}
