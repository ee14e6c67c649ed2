/** What people do with the chat page, in a real browser, on a laptop and on a phone. */
import { readFile } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { call, openStream, startService, startSession, startWithProvider } from '#test/helper.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { hasBrowser, launchBrowser } from './browser.ts'
import { button, expectFinished, expectReply, field, findSmall, openPage, press, replies, say, SIZES } from './page.ts'

// A browser on a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 })

let browser: Browser

beforeAll(async () => {
  if (hasBrowser) browser = await launchBrowser()
})
afterAll(() => browser?.close())

async function startHeld() {
  const hand = byHand()
  return { hand, ...(await startWithProvider(hand.script)) }
}

/** A PNG of one pixel. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

describe.skipIf(!hasBrowser).each(SIZES)('on a $name, somebody', (size) => {
  it('asks the offline brain, switches the persona, and takes the conversation along', async () => {
    const { url } = await startService()
    const page = await openPage(browser, url, { size })
    await page.getByText('The offline brain answers').waitFor()
    await page.getByRole('radio', { name: /Calm coach/ }).check({ force: true })
    await say(page, 'What is 17 × 23?')
    await expectFinished(page)
    await expect.poll(() => replies(page).textContent()).toContain('391')
    expect(await page.getByLabel('Persona').inputValue()).toBe('calm_coach')

    await page.getByLabel('Persona').selectOption('drill_sergeant')
    await say(page, 'And 2 + 2?')
    await expectFinished(page, 1)
    const { sessions } = (await call(`${url}/chat/sessions`)).body as { sessions: { persona: string }[] }
    expect(sessions).toMatchObject([{ persona: 'drill_sergeant', message_count: 4, title: 'What is 17 × 23?' }])

    for (const [format, name] of [
      ['Markdown', 'What-is-17-23.md'],
      ['JSON', 'What-is-17-23.json'],
    ] as const) {
      await button(page, 'More').click()
      const downloaded = page.waitForEvent('download')
      await button(page, `Export as ${format}`).click()
      const download = await downloaded
      expect(download.suggestedFilename()).toBe(name)
      expect(await readFile(await download.path(), 'utf8')).toContain('And 2 + 2?')
    }
  })

  it('stops a reply, asks for another one, edits the question, and reads what was said before', async () => {
    const { url, hand } = await startHeld()
    const page = await openPage(browser, url, { size })
    await say(page, 'First question')
    const first = await hand.next()
    first.say('Half of ')
    await expectReply(page, 'Half of')
    await press(button(page, 'Stop'), size)
    await expect.poll(() => first.exchange.signal.aborted).toBe(true)
    await page.locator('.took', { hasText: 'stopped' }).waitFor()

    // What is stopped before it says anything takes nothing away.
    await press(button(page, 'Another reply'), size)
    await hand.next()
    await field(page).press('Escape')
    await page.getByText('Stopped before anything was said.').waitFor()
    await page.reload()
    await page.getByText('2/2').waitFor()
    await press(button(page, 'Earlier reply'), size)
    await expectReply(page, 'Half of')
    await press(button(page, 'Later reply'), size)

    await press(button(page, 'Try again'), size)
    const second = await hand.next()
    second.say('A whole one.')
    second.finish()
    await expectFinished(page)
    await expectReply(page, 'A whole one.')

    await press(button(page, 'Edit message'), size)
    await page.getByRole('textbox', { name: 'Edit message' }).fill('Second question')
    await page.getByRole('textbox', { name: 'Edit message' }).press('Enter')
    const third = await hand.next()
    third.say('To the second.')
    third.finish()
    await expectReply(page, 'To the second.')
    for (const isReloaded of [false, true]) {
      await page.getByText('3/3').waitFor()
      expect(await page.getByText('Answer to').count()).toBe(0)
      await press(button(page, 'Earlier reply'), size)
      await expectReply(page, 'A whole one.')
      // The history does not tell whether it was the edited one that was said anew.
      await page.getByText(isReloaded ? 'Answer to this message, or to an earlier' : 'Answer to: First').waitFor()
      expect(await button(page, 'Edit message').count()).toBe(0)
      await press(button(page, 'Earlier reply'), size)
      await expectReply(page, 'Half of')
      await page.locator('.took', { hasText: 'stopped' }).waitFor()
      await page.getByText('Answer to: First question').waitFor()
      await page.locator('.said', { hasText: 'First question' }).waitFor()
      await page.reload()
    }
  })

  it('reloads in the middle of a reply, and before the message was accepted', async () => {
    const { url, hand, provider } = await startHeld()
    const page = await openPage(browser, url, { size })
    await say(page, 'Write')
    const said = await hand.next()
    said.say('One ')
    await expectReply(page, 'One')
    await page.reload()
    await expectReply(page, 'One')
    said.say('two.')
    said.finish()
    await expectFinished(page)
    await expectReply(page, 'One two.')

    // The message never arrives, and the page is loaded anew.
    let sends = 0
    await page.route('**/chat/stream', async (route) => {
      if (++sends > 1) await route.continue()
    })
    await say(page, 'Write more')
    await page.locator('.is-sending').waitFor()
    await expect.poll(() => sends).toBe(1)
    await page.reload()
    const more = await hand.next()
    more.say('Three.')
    more.finish()
    await expectFinished(page, 1)
    await expectReply(page, 'Three.', 1)
    expect(provider.requests.length).toBe(2)
  })

  it('keeps what a reply said that fails, and tries again', async () => {
    const { url, hand } = await startHeld()
    const page = await openPage(browser, url, { size })
    await say(page, 'Write')
    const said = await hand.next()
    said.say('One ')
    await expectReply(page, 'One')
    await said.exchange.reset()
    await page.locator('.problem').waitFor()
    await expectReply(page, 'One')
    await page.reload()
    await expectReply(page, 'One')
    await button(page, 'Try again').click()
    const again = await hand.next()
    again.say('One two.')
    again.finish()
    await expectFinished(page)
    await expectReply(page, 'One two.')
    expect(await page.locator('.problem').count()).toBe(0)
  })

  it('renames the chat that is shown, clears it, and deletes it', async () => {
    const { url } = await startService()
    const page = await openPage(browser, url, { size })
    await say(page, 'What is 1 + 1?')
    await expectFinished(page)
    await button(page, 'More').click()
    await button(page, 'Rename').click()
    await page.getByRole('textbox', { name: 'Title' }).fill('Sums')
    await page.getByRole('textbox', { name: 'Title' }).press('Enter')
    await page.getByRole('heading', { name: 'Sums' }).waitFor()

    await button(page, 'More').click()
    await button(page, 'Clear messages').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Clear' }).click()
    await expect.poll(() => replies(page).count()).toBe(0)

    await button(page, 'More').click()
    await button(page, 'Delete chat').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('heading', { name: 'New chat' }).waitFor()
    expect((await call(`${url}/chat/sessions`)).body.sessions).toEqual([])
  })

  it('renames and deletes chats in the list, whichever is shown', async () => {
    const { url } = await startService()
    const page = await openPage(browser, url, { size })
    const openList = async () => {
      if (size.name === 'phone') await press(button(page, 'Chats'), size)
    }
    const isListed = (name: string) => page.getByRole('link', { name }).waitFor()
    await say(page, 'What is 1 + 1?')
    await expectFinished(page)
    await openList()
    await press(button(page, 'New chat'), size)
    await page.getByRole('radiogroup').waitFor()
    await say(page, 'What is 2 + 2?')
    await expectFinished(page)

    await openList()
    await isListed('What is 1 + 1?')
    await press(button(page, 'Rename What is 1 + 1?'), size)
    await page.getByRole('textbox', { name: 'Title' }).fill('Sums')
    await page.getByRole('textbox', { name: 'Title' }).press('Enter')
    await isListed('Sums')
    await press(button(page, 'Delete What is 2 + 2?'), size)
    await press(page.getByRole('dialog').getByRole('button', { name: 'Delete' }), size)
    await expect.poll(() => page.getByRole('link', { name: 'What is 2 + 2?' }).count()).toBe(0)
    await press(page.getByRole('link', { name: 'Sums' }), size)
    await page.getByRole('heading', { name: 'Sums' }).waitFor()
    await expect.poll(() => replies(page).textContent()).toContain('2')
    const { sessions } = (await call(`${url}/chat/sessions`)).body
    expect(sessions).toMatchObject([{ title: 'Sums' }])
  })

  it('comes to a chat by its address, and learns when there is none', async () => {
    const { url } = await startService()
    const session = (await call(`${url}/chat/start`, 'POST', { session_id: 'mine', title: 'Mine' })).body.session_id
    await openPage(browser, `${url}/?session=${String(session)}`, { size }).then((page) =>
      page.getByRole('heading', { name: 'Mine' }).waitFor(),
    )
    const page = await openPage(browser, `${url}/#/s/nobodys`, { size })
    await page.getByText('This chat does not exist any more.').waitFor()
    await page.locator('.plain').getByRole('button', { name: 'New chat' }).click()
    await page.getByRole('radiogroup').waitFor()
  })

  it('sees that pictures were shown, and of which kind', async () => {
    const { url, hand } = await startHeld()
    const images = [{ media_type: 'image/png', data: PIXEL }, { url: 'https://example.com/cat.png' }]
    const id = await startSession(url)
    const sent = await openStream(`${url}/chat/stream`, { session_id: id, message: 'What is this?', images })
    const said = await hand.next()
    said.say('A cat.')
    said.finish()
    await sent.ended
    const page = await openPage(browser, `${url}/#/s/${id}`, { size })
    const shown = page.locator('.said', { hasText: 'What is this?' })
    await shown.getByText('Picture (image/png)').waitFor()
    const link = shown.getByRole('link', { name: 'Picture (example.com)' })
    expect(await link.getAttribute('href')).toBe('https://example.com/cat.png')
    expect(await page.locator('img').count()).toBe(0)
  })
})

describe.skipIf(!hasBrowser)('on a phone', () => {
  it('whatever is touched is large enough for a finger', async () => {
    const size = SIZES[1]
    const { url, hand } = await startHeld()
    const page = await openPage(browser, url, { size })
    await page.getByRole('radiogroup').waitFor()
    expect(await findSmall(page)).toEqual([])
    await say(page, 'Write')
    const said = await hand.next()
    said.say('Some code:\n\n```js\nlet x = 1\n```\n')
    said.finish()
    await expectFinished(page)
    await press(button(page, 'Edit message'), size)
    expect(await findSmall(page)).toEqual([])
    await press(button(page, 'Cancel'), size)
    await press(button(page, 'Another reply'), size)
    await (await hand.next()).exchange.reset()
    await button(page, 'Try again').waitFor()
    expect(await findSmall(page)).toEqual([])
    await press(button(page, 'More'), size)
    expect(await findSmall(page)).toEqual([])
    await press(button(page, 'Rename'), size)
    expect(await findSmall(page)).toEqual([])
    await press(button(page, 'Cancel'), size)
    await press(button(page, 'Chats'), size)
    expect(await findSmall(page)).toEqual([])
  })
})
