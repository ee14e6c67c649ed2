/** What a user shows, from the door to the brain, on both stores. */
import OpenAI from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ask, askedOf, asks, type Said, send, transcript, turnIdOf } from '#test/invariants/conversation.ts'
import { startProvider, type Provider } from '#test/provider/provider.ts'
import { gemini } from '#test/provider/gemini.ts'
import { says } from '#test/provider/openai.ts'
import { answers, sends } from '#test/provider/scripts.ts'
import { STORES, type TestStore } from '#test/stores/each.ts'
import { call, openStream, startService, startSession, startWithProvider } from '#test/helper.ts'

/** The smallest of each. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const GIF = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'
const WEBP = 'UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA'
const JPEG =
  '/9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5'

const png = { media_type: 'image/png', data: PNG }
const address = { url: 'https://images.example.com/cat.webp?size=1&x=%20' }
const SEEN = [{ mediaType: 'image/png', data: PNG }, { url: address.url }]

/** What the brain was shown with each message of the latest request. */
function shownTo(provider: Provider): unknown[] {
  return askedOf(provider.requests.at(-1)!).messages.map(({ images }) => images)
}

const part = (url: string) => ({ type: 'image_url', image_url: { url } }) as const
const complete = (url: string, content: OpenAI.ChatCompletionUserMessageParam['content']) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 }).chat.completions.create({
    model: 'default',
    messages: [
      { role: 'user', content },
      { role: 'assistant', content: 'A cat.' },
      { role: 'user', content: [...(content as []), { type: 'text', text: 'Sure?' }] },
    ],
  })

async function startOn(store: TestStore, env: Record<string, string> = {}) {
  const service = await startWithProvider(says('I see.'), { ...(await store.env()), ...env })
  return { ...service, sessionId: await startSession(service.url) }
}

describe.each(STORES)('an image ($name)', (store) => {
  it('is shown to the brain, in this turn and in later ones', async () => {
    const { url, provider, sessionId } = await startOn(store)
    expect((await ask(url, sessionId, 'What is it?', { images: [png, address] })).status).toBe(200)
    expect(shownTo(provider)).toEqual([SEEN])
    await ask(url, sessionId, 'Are you sure?')
    expect(shownTo(provider)).toEqual([SEEN, undefined, undefined])
  })

  it('is in the history and in the export, without its data', async () => {
    const { url, sessionId } = await startOn(store)
    await ask(url, sessionId, 'What is it?', { images: [png, address] })
    const images = [{ media_type: 'image/png' }, address]
    for (const path of ['', '/export?format=json']) {
      const { body } = await call(`${url}/chat/sessions/${sessionId}${path}`)
      expect(JSON.stringify(body)).not.toContain(PNG)
      const [said, replied] = body.messages as (Said & { images?: unknown })[]
      expect(said!.images).toEqual(images)
      expect(replied).not.toHaveProperty('images')
    }
  })

  it('is named in the export for people', async () => {
    const { url, sessionId } = await startOn(store)
    await ask(url, sessionId, 'What is it?', { images: [png, address] })
    const markdown = await (await fetch(`${url}/chat/sessions/${sessionId}/export`)).text()
    expect(markdown).toContain(`What is it?\n\n*(image/png)*\n\n*(image: <${address.url}>)*\n`)
  })

  it('stays when the turn is said anew, or its message edited', async () => {
    const { url, provider, sessionId } = await startOn(store)
    const first = await send(url, sessionId, 'What is it?', { images: [png] })
    await first.rest()
    const second = await openStream(`${url}/chat/turns/${turnIdOf(first)}/regenerate`, {})
    await second.rest()
    expect(shownTo(provider)).toEqual([[SEEN[0]]])
    const third = await openStream(`${url}/chat/turns/${turnIdOf(second)}/regenerate`, { message: 'A cat?' })
    await third.rest()
    expect(shownTo(provider)).toEqual([[SEEN[0]]])
    expect(await transcript(url, sessionId)).toEqual(['user complete: A cat?', 'assistant complete: I see.'])
  })

  it('belongs to what was said: the same id with another image is another message', async () => {
    const { url, provider, sessionId } = await startOn(store)
    const id = { client_message_id: 'once' }
    const first = await ask(url, sessionId, 'What is it?', { ...id, images: [png] })
    const again = await ask(url, sessionId, 'What is it?', { ...id, images: [png] })
    expect(again.body.turn_id).toBe(first.body.turn_id)
    for (const images of [[address], [png, png], undefined]) {
      const other = await ask(url, sessionId, 'What is it?', { ...id, images })
      expect(other.body.code).toBe('message_id_reused')
    }
    expect(asks(provider)).toBe(1)
  })
})

describe('a brain that cannot see', () => {
  it.each([
    ['an image', [png], { brain: 'config' }],
    ['an address', [address], { brain: 'gemini' }],
    ['one address among them', [png, address], { brain: 'gemini' }],
  ])('is not asked about %s, and nothing is kept', async (_, images, brain) => {
    const { url, provider } = await startWithProvider(says('I see.'), { GEMINI_API_KEY: 'key' })
    const sessionId = await startSession(url)
    const id = { client_message_id: 'once' }
    const { status, body } = await ask(url, sessionId, 'What is it?', { images, ...brain, ...id })
    expect({ status, code: body.code, retryable: body.retryable }).toEqual({
      status: 502,
      code: 'brain_rejected',
      retryable: false,
    })
    expect(await transcript(url, sessionId)).toEqual([])
    expect((await ask(url, sessionId, 'What is it?', { images, ...id })).status).toBe(200)
    expect(asks(provider)).toBe(1)
  })

  it('goes on with a conversation in which something was shown', async () => {
    const { url } = await startWithProvider(says('I see.'))
    const sessionId = await startSession(url)
    await ask(url, sessionId, 'What is it?', { images: [png] })
    expect((await ask(url, sessionId, 'What is 2 + 2?', { brain: 'config' })).status).toBe(200)
  })

  it('does not stand in for one that can', async () => {
    const { url } = await startWithProvider(answers(500, '{}'), { BRAIN_FALLBACKS: 'config' })
    const sessionId = await startSession(url)
    const { status, body } = await ask(url, sessionId, 'What is it?', { images: [png] })
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'brain_unavailable' })
    expect((await ask(url, sessionId, 'What is 2 + 2?')).body).toMatchObject({ brain: 'config' })
  })
})

describe('a brain that takes data only', () => {
  it('is shown data, and of a conversation that another saw, no address', async () => {
    const google = await startProvider({
      script: sends(gemini.encode({ deltas: ['I see.'] }).frames),
      scriptCheck: answers(200, gemini.checkBody),
    })
    onTestFinished(() => google.close())
    const env = { GEMINI_API_KEY: 'key', GEMINI_BASE_URL: google.url }
    const { url } = await startWithProvider(says('I see.'), env)
    const sessionId = await startSession(url)
    await ask(url, sessionId, 'What is it?', { images: [png, address] })
    const { body } = await ask(url, sessionId, 'And this?', { images: [png], brain: 'gemini' })
    expect(body).toMatchObject({ message: 'I see.', brain: 'gemini', model: 'gemini-3.8-flash' })
    const { body: asked, path } = google.requests.at(-1)!
    const { messages } = gemini.toAsked(asked, path)
    expect(messages.map(({ images }) => images)).toEqual([[SEEN[0]], undefined, [SEEN[0]]])
  })
})

describe('what is no image', () => {
  const text = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')
  const large = Buffer.concat([Buffer.from(PNG, 'base64'), Buffer.alloc(5 << 20)]).toString('base64')

  it.each<[string, unknown, RegExp]>([
    ['another type than is said', [{ media_type: 'image/jpeg', data: PNG }], /image\/png/],
    ['a type that nobody sees', [{ media_type: 'image/svg+xml', data: text }], /media_type/],
    ['text', [{ media_type: 'image/png', data: text }], /no PNG/],
    ['nothing', [{ media_type: 'image/png', data: '' }], /base64/],
    ['half base64', [{ media_type: 'image/png', data: PNG.slice(0, -3) }], /base64/],
    ['a data address', [{ media_type: 'image/png', data: `data:image/png;base64,${PNG}` }], /base64/],
    ['more than 5 MB', [{ media_type: 'image/png', data: large }], /5 MB/],
    ['six', Array.from({ length: 6 }, () => png), /images/],
    ['no list', png, /images/],
    ['data without a type', [{ data: PNG }], /either/],
    ['data and an address', [{ ...png, ...address }], /either/],
    ['nothing of it', [{}], /either/],
    ['http', [{ url: 'http://images.example.com/cat.png' }], /https/],
    ['another scheme', [{ url: 'file:///etc/passwd' }], /https/],
    ['an inline address', [{ url: `data:image/png;base64,${PNG}` }], /https/],
    ['an address with a password', [{ url: 'https://user:pass@images.example.com/' }], /https/],
    ['an address with a line end', [{ url: 'https://images.example.com/\nHost: x' }], /https/],
    ['an address without a host', [{ url: 'https://' }], /https/],
    ['an endless address', [{ url: `https://images.example.com/${'a'.repeat(2048)}` }], /https/],
  ])('is refused: %s', async (_, images, sentence) => {
    const { url, provider } = await startWithProvider(says('I see.'), { BODY_LIMIT_KB: '8192' })
    const sessionId = await startSession(url)
    const { status, body } = await ask(url, sessionId, 'What is it?', { images })
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' })
    expect(body.error).toMatch(sentence)
    expect(await transcript(url, sessionId)).toEqual([])
    expect(asks(provider)).toBe(0)
  })

  it('is told from each type that is one', async () => {
    const { url, provider } = await startWithProvider(says('I see.'))
    const sessionId = await startSession(url)
    const images = Object.entries({ png: PNG, gif: GIF, webp: WEBP, jpeg: JPEG }).map(([type, data]) => ({
      media_type: `image/${type}`,
      data,
    }))
    expect((await ask(url, sessionId, 'What are they?', { images })).body.error).toBeUndefined()
    expect((shownTo(provider)[0] as unknown[]).length).toBe(4)
  })

  it('is no more than the door takes', async () => {
    const { url } = await startWithProvider(says('I see.'))
    const sessionId = await startSession(url)
    const images = [{ media_type: 'image/png', data: large }]
    expect(await ask(url, sessionId, 'What is it?', { images })).toMatchObject({ status: 413 })
  })
})

describe('on a socket', () => {
  it('an image comes with the message', async () => {
    const { url, provider } = await startWithProvider(says('I see.'))
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
    onTestFinished(() => socket.close())
    const ended = new Promise<Record<string, unknown>>((resolve) => {
      socket.addEventListener('message', ({ data }) => {
        const frame = JSON.parse(String(data)) as { event: string; data: Record<string, unknown> }
        if (frame.event === 'connected') {
          const message = { message: 'What is it?', images: [png] }
          socket.send(JSON.stringify({ event: 'chat_stream', data: message }))
        }
        if (frame.event === 'chat_complete' || frame.event === 'chat_stream_error') resolve(frame.data)
      })
    })
    expect(await ended).toMatchObject({ done: true })
    expect(shownTo(provider)).toEqual([[SEEN[0]]])
  })
})

describe('a client of OpenAI’s API', () => {
  it('shows images as it always does', async () => {
    const { url, provider } = await startWithProvider(says('I see.'))
    const shown = [{ type: 'text', text: 'What is it?' } as const, part(`data:image/png;base64,${PNG}`)]
    const answer = await complete(url, [...shown, part(address.url)])
    expect(answer.choices[0]!.message.content).toBe('I see.')
    expect(shownTo(provider)).toEqual([SEEN, undefined, SEEN])
  })

  it('is told when the brain cannot see them', async () => {
    const { url } = await startService()
    const shown = [{ type: 'text', text: 'What is it?' } as const, part(address.url)]
    await expect(complete(url, shown)).rejects.toMatchObject({ status: 502, code: 'brain_rejected' })
  })

  it.each([`data:image/jpeg;base64,${PNG}`, 'data:text/html;base64,PGI+', 'http://images.example.com/', 'cat.png'])(
    'is told what is no image: %s',
    async (place) => {
      const { url } = await startWithProvider(says('I see.'))
      const shown = [{ type: 'text', text: 'What is it?' } as const, part(place)]
      const problem = { status: 400, code: 'invalid_request', param: 'messages' }
      await expect(complete(url, shown)).rejects.toMatchObject(problem)
    },
  )
})
