/** A real browser, where there is one: Debian's Chromium, or the one that `CHROMIUM_PATH` names. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PATHS = [
  process.env.CHROMIUM_PATH ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

const path = PATHS.find((one) => one !== '' && existsSync(one))

export const hasBrowser = path !== undefined

if (!hasBrowser && process.env.CI === 'true') throw new Error('There is no Chromium on this machine.')

/** Playwright gives it a profile of its own, which is gone with it. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: path!,
    args: (
      '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run ' +
      '--disable-background-networking --disable-component-update --disable-sync'
    ).split(' '),
  })
}
