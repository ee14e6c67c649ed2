/** How the chat page is served, and how large it is. */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Fastify from 'fastify'
import { describe, expect, it, onTestFinished } from 'vitest'
import errors from '#plugins/errors.ts'
import web from '#plugins/routes/web.ts'
import { call, startService } from '#test/helper.ts'
import { SIGNED_IN } from '#test/identity/tokens.ts'
import { makeDirectory } from '#test/process.ts'

const BUILT = join(import.meta.dirname, '..', '..', 'dist', 'web')

describe('the page', () => {
  it('is served to everybody, with a policy that lets it use its own files alone', async () => {
    const { app, url } = await startService(SIGNED_IN)
    const page = await fetch(url)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('cache-control')).toBe('no-cache')
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|https?:|\*|data:/)
    const html = await page.text()
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/)
    const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!)
    expect(addresses.length).toBeGreaterThan(2)
    for (const address of addresses) {
      expect(address).toMatch(/^\.\/assets\/[\w-]+-[\w-]{8}\.(js|css|svg)$/)
      const asset = await fetch(new URL(address, url), { headers: { 'accept-encoding': 'br' } })
      expect(asset.status).toBe(200)
      expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      if (/js|css/.test(address)) expect(asset.headers.get('content-encoding')).toBe('br')
    }
    const again = await app.inject({ url: '/', headers: { 'if-none-match': page.headers.get('etag') ?? '' } })
    expect(again.statusCode).toBe(304)
  })

  it('is served whole to a client that asks for a part of it, and refused on conditions that do not hold', async () => {
    const { url } = await startService()
    const [asset = ''] = readdirSync(join(BUILT, 'assets')).filter((name) => name.endsWith('.js'))
    for (const path of ['/', `/assets/${asset}`]) {
      for (const range of ['bytes=0-0', 'bytes=99999999-', 'bytes=5-2', 'lines=1-2']) {
        expect((await fetch(url + path, { headers: { range } })).status, range).toBe(200)
      }
      expect(await call(url + path, 'GET', undefined, { 'if-match': '"other"' })).toMatchObject({
        status: 400,
        body: { code: 'invalid_request' },
      })
    }
  })

  it('has no other files', async () => {
    const { url } = await startService()
    for (const path of [
      'nothing.js',
      '..%2findex.html',
      '%2e%2e%2f%2e%2e%2fpackage.json',
      'a%00.js',
      'x.js.br',
      '%2fetc',
    ]) {
      const { status } = await fetch(`${url}/assets/${path}`)
      expect(status, path).toBeGreaterThanOrEqual(400)
      expect(status, path).toBeLessThan(500)
    }
  })

  it('costs at most 60 KB of JavaScript before the first code is highlighted', () => {
    const names = readdirSync(join(BUILT, 'assets')).filter((name) => name.endsWith('.js.gz'))
    const first = names.filter((name) => !name.startsWith('highlighter'))
    expect(names.length).toBeGreaterThan(first.length)
    const bytes = first.reduce((sum, name) => sum + readFileSync(join(BUILT, 'assets', name)).length, 0)
    expect(bytes).toBeGreaterThan(10_000)
    expect(bytes).toBeLessThanOrEqual(60 * 1024)
  })

  it('says how it is built where it is not, and is there as soon as it is built', async () => {
    const directory = join(await makeDirectory(), 'web')
    const app = Fastify()
    onTestFinished(() => app.close())
    await app.register(errors)
    await app.register(web, { directory })
    const answer = await app.inject('/')
    expect(answer.statusCode).toBe(404)
    expect(answer.json()).toMatchObject({ code: 'not_found', error: expect.stringContaining('npm run build:web') })

    await mkdir(directory)
    for (const version of ['one', 'two']) {
      await writeFile(join(directory, 'index.html'), `<p>Version ${version}</p>`)
      const page = await app.inject('/')
      expect(page.statusCode).toBe(200)
      expect(page.headers['content-security-policy']).toContain("default-src 'none'")
      expect(page.body).toBe(`<p>Version ${version}</p>`)
    }
  })
})
