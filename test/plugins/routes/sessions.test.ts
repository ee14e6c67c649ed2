/** Doors of sessions: begin, list, look into, change, export. */
import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { describe, expect, it } from 'vitest'
import { ask, askedOf, send, turnIdOf } from '#test/invariants/conversation.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { says } from '#test/provider/openai.ts'
import { call, type Json, openStream, startService, startSession, startWithProvider } from '#test/helper.ts'

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** Opens an answer of which nothing is read yet. */
async function openDownload(url: string): Promise<IncomingMessage> {
  const request = httpRequest(url, { agent: false }).end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return response.on('error', () => {})
}

async function listIds(url: string, query = ''): Promise<string[]> {
  const { body } = await call(`${url}/chat/sessions${query}`)
  return (body.sessions as Json[]).map(({ session_id }) => session_id as string)
}

describe('POST /chat/start', () => {
  it('begins a session with the defaults', async () => {
    const { url } = await startService()
    const { status, body } = await call(`${url}/chat/start`, 'POST', {})
    expect(status).toBe(200)
    expect(body).toEqual({
      session_id: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      user_id: 'anonymous',
      persona: 'fitness_coach',
      persona_description: 'Energetic and motivating fitness coach',
      available_personas: expect.arrayContaining(['fitness_coach', 'calm_coach', 'default']),
      brain: 'config',
      created_at: expect.stringMatching(TIME),
    })
  })

  it('returns the session that is there, unchanged', async () => {
    const { url } = await startService()
    const own = { session_id: 'mine', user_id: 'ada', persona: 'calm_coach', title: 'Mine' }
    const first = await call(`${url}/chat/start`, 'POST', own)
    await ask(url, 'mine', 'Hello')
    const again = await call(`${url}/chat/start`, 'POST', { session_id: 'mine', persona: 'default' })
    expect(again.body).toEqual(first.body)
    expect(await call(`${url}/chat/sessions/mine`)).toMatchObject({ body: { message_count: 2, title: 'Mine' } })
  })

  it.each([
    [{ persona: 'nobody' }, 'persona_unknown'],
    [{ persona: 'constructor' }, 'persona_unknown'],
    [{ brain: 'nobody' }, 'brain_unknown'],
    [{ brain: 'openai' }, 'brain_unknown'],
    [{ model: '' }, 'invalid_request'],
    [{ model: 'x'.repeat(129) }, 'invalid_request'],
    [{ model: 'a\u0000b' }, 'invalid_request'],
    [{ model: null }, 'invalid_request'],
    [{ session_id: 'a b' }, 'invalid_request'],
    [{ session_id: 'x'.repeat(65) }, 'invalid_request'],
    [{ title: 7 }, 'invalid_request'],
    [{ on_disconnect: 'explode' }, 'invalid_request'],
  ])('refuses %j', async (body, code) => {
    const { url } = await startService()
    const refused = await call(`${url}/chat/start`, 'POST', body)
    expect(refused).toMatchObject({ status: 400, body: { code, retryable: false } })
    expect(await listIds(url)).toEqual([])
  })

  it('lists the personas that there are where one is unknown', async () => {
    const { url } = await startService()
    const { body } = await call(`${url}/chat/start`, 'POST', { persona: 'nobody' })
    expect(body.error).toContain('calm_coach')
    expect(body.details).toMatchObject({ available_personas: expect.arrayContaining(['calm_coach']) })
  })
})

describe('GET /chat/sessions', () => {
  it('pages through all sessions, the latest first, each once', async () => {
    const { url } = await startService()
    const made: string[] = []
    for (let count = 0; count < 25; count++) made.push(await startSession(url, { session_id: `s${count}` }))
    await ask(url, 's3', 'Hello')
    const pages: string[][] = []
    let query = '?limit=10'
    for (;;) {
      const { body } = await call(`${url}/chat/sessions${query}`)
      pages.push((body.sessions as Json[]).map(({ session_id }) => session_id as string))
      if (body.next_cursor === null) break
      query = `?limit=10&cursor=${body.next_cursor as string}`
    }
    expect(pages.map(({ length }) => length)).toEqual([10, 10, 5])
    expect(new Set(pages.flat())).toEqual(new Set(made))
    expect(pages[0]![0]).toBe('s3')
    expect(await listIds(url, '?limit=200')).toEqual(pages.flat())
  })

  it('has no next page after one that is just full', async () => {
    const { url } = await startService()
    for (const session_id of ['a', 'b']) await startSession(url, { session_id })
    const { body } = await call(`${url}/chat/sessions?limit=2`)
    expect(body).toMatchObject({ next_cursor: null })
    expect(body.sessions).toHaveLength(2)
  })

  it('shows what each session is, and those of one user', async () => {
    const { url } = await startWithProvider(byHand().script)
    await startSession(url, { session_id: 'a', user_id: 'ada' })
    await startSession(url, { session_id: 'b', user_id: 'bob', title: 'Bob speaks', persona: 'default' })
    const stream = await send(url, 'a', '  One\n two   three  ')
    const { body } = await call(`${url}/chat/sessions?user_id=ada`)
    expect(body).toEqual({
      sessions: [
        {
          session_id: 'a',
          user_id: 'ada',
          title: 'One two three',
          persona: 'fitness_coach',
          brain: 'openai',
          model: null,
          on_disconnect: 'continue',
          message_count: 1,
          created_at: expect.stringMatching(TIME),
          updated_at: expect.stringMatching(TIME),
          active_turn_id: turnIdOf(stream),
        },
      ],
      next_cursor: null,
    })
    expect(await listIds(url, '?user_id=nobody')).toEqual([])
    expect(await listIds(url, '?user_id=bob')).toEqual(['b'])
    expect(await listIds(url)).toEqual(['a', 'b'])
  })

  it.each(['?limit=0', '?limit=201', '?limit=x', '?limit=1.5', '?cursor=junk', `?cursor=${'x'.repeat(300)}`])(
    'refuses %s',
    async (query) => {
      const { url } = await startService()
      const refused = await call(`${url}/chat/sessions${query}`)
      expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    },
  )
})

describe('titles', () => {
  it('default to the first 60 characters said, whole ones', async () => {
    const { url } = await startService()
    const sessionId = await startSession(url)
    expect((await call(`${url}/chat/sessions/${sessionId}`)).body.title).toBeNull()
    await ask(url, sessionId, `${'x'.repeat(59)}🔥 and more`)
    await ask(url, sessionId, 'Another')
    expect((await call(`${url}/chat/sessions/${sessionId}`)).body.title).toBe('x'.repeat(59))
  })
})

describe('GET /chat/sessions/:id', () => {
  it('pages back through the messages, each once', async () => {
    const { url } = await startWithProvider(says('Yes.'))
    const sessionId = await startSession(url)
    for (const message of ['one', 'two', 'three']) await ask(url, sessionId, message)
    const page = async (query: string) => {
      const { body } = await call(`${url}/chat/sessions/${sessionId}?${query}`)
      return body.messages as Json[]
    }
    const all = await page('messages=50')
    expect(all.map(({ content }) => content)).toEqual(['one', 'Yes.', 'two', 'Yes.', 'three', 'Yes.'])
    expect(all.at(-1)).toEqual({
      message_id: `${sessionId}.3.assistant`,
      turn_id: `${sessionId}.3`,
      role: 'assistant',
      content: 'Yes.',
      status: 'complete',
      created_at: expect.stringMatching(TIME),
      brain: 'openai',
      model: 'gpt-5.4-mini',
    })
    const latest = await page('messages=3')
    const earlier = await page(`messages=3&before=${latest[0]!.message_id as string}`)
    expect([...earlier, ...latest]).toEqual(all)
    expect(await page(`messages=3&before=${all[0]!.message_id as string}`)).toEqual([])
    expect(await page('messages=0')).toEqual([])
    expect(await page('')).toEqual(all)
  })

  it('says whether there are earlier messages', async () => {
    const { url } = await startWithProvider(says('Yes.'))
    const sessionId = await startSession(url)
    const hasMore = async (query: string) => (await call(`${url}/chat/sessions/${sessionId}?${query}`)).body.has_more
    expect(await hasMore('')).toBe(false)
    expect(await hasMore('messages=0')).toBe(false)
    for (const message of ['one', 'two']) await ask(url, sessionId, message)
    expect(await Promise.all(['messages=0', 'messages=3', 'messages=4', ''].map(hasMore))).toEqual([
      true,
      true,
      false,
      false,
    ])
    const before = `before=${sessionId}.2.user`
    expect(await Promise.all([`messages=1&${before}`, `messages=2&${before}`].map(hasMore))).toEqual([true, false])
    expect(await hasMore(`before=${sessionId}.1.user`)).toBe(false)
  })

  it('has about 1 MB of long messages at a time, each once', async () => {
    const { url } = await startWithProvider(says('y'.repeat(150_000)), { MAX_MESSAGE_CHARS: '100000' })
    const sessionId = await startSession(url)
    for (let count = 0; count < 6; count++) await ask(url, sessionId, `${count}${'x'.repeat(99_000)}`)
    const sizes: number[] = []
    const messages: Json[] = []
    for (let query = ''; ; query = `&before=${messages[0]!.message_id as string}`) {
      const { body } = await call(`${url}/chat/sessions/${sessionId}?messages=1000${query}`)
      messages.unshift(...(body.messages as Json[]))
      sizes.push((body.messages as Json[]).length)
      if (!body.has_more) break
    }
    expect(sizes).toEqual([9, 3])
    expect(messages.map(({ content }) => (content as string)[0]).join('')).toBe('0y1y2y3y4y5y')
  })

  it.each(['messages=-1', 'messages=1001', 'messages=x', 'messages='])('refuses ?%s', async (query) => {
    const { url } = await startService()
    const sessionId = await startSession(url)
    expect((await call(`${url}/chat/sessions/${sessionId}?${query}`)).status).toBe(400)
  })
})

describe('PATCH /chat/sessions/:id', () => {
  it('during a turn counts from the next one', async () => {
    const hand = byHand()
    const { url, provider } = await startWithProvider(hand.script)
    const sessionId = await startSession(url, { persona: 'calm_coach' })
    const running = await send(url, sessionId, 'One')
    const reply = await hand.next()
    const change = { persona: 'drill_sergeant', brain: 'config', title: 'Changed' }
    const patched = await call(`${url}/chat/sessions/${sessionId}`, 'PATCH', change)
    expect(patched).toMatchObject({ status: 200, body: { ...change, active_turn_id: `${sessionId}.1` } })
    reply.finish()
    expect((await running.rest()).at(-1)!.data).toMatchObject({ brain: 'openai', persona: 'calm_coach' })
    const next = await ask(url, sessionId, 'Two')
    expect(next.body).toMatchObject({ brain: 'config', persona: 'drill_sergeant' })
    expect(provider.requests).toHaveLength(1)

    const back = await call(`${url}/chat/sessions/${sessionId}`, 'PATCH', { brain: null })
    expect(back.body).toMatchObject({ brain: 'openai', persona: 'drill_sergeant', title: 'Changed' })
    const last = ask(url, sessionId, 'Three')
    ;(await hand.next()).finish()
    await last
    expect(askedOf(provider.requests[1]!).system).not.toBe(askedOf(provider.requests[0]!).system)
  })

  it('loses to what one send says for its turn', async () => {
    const { url } = await startService()
    const sessionId = await startSession(url, { persona: 'calm_coach' })
    expect((await ask(url, sessionId, 'Hi', { persona: 'default' })).body.persona).toBe('default')
    expect((await ask(url, sessionId, 'Hi')).body.persona).toBe('calm_coach')
  })

  it.each([
    [{ persona: 'nobody' }, 'persona_unknown'],
    [{ brain: 'nobody' }, 'brain_unknown'],
    [{ persona: null }, 'invalid_request'],
    [{ model: 7 }, 'invalid_request'],
    [{ title: '' }, 'invalid_request'],
    [{ on_disconnect: 'never' }, 'invalid_request'],
  ])('refuses %j and changes nothing', async (change, code) => {
    const { url } = await startService()
    const sessionId = await startSession(url)
    const before = (await call(`${url}/chat/sessions/${sessionId}`)).body
    const refused = await call(`${url}/chat/sessions/${sessionId}`, 'PATCH', { title: 'New', ...change })
    expect(refused).toMatchObject({ status: 400, body: { code } })
    expect((await call(`${url}/chat/sessions/${sessionId}`)).body).toEqual(before)
  })
})

describe('GET /chat/sessions/:id/export', () => {
  it('is a Markdown download that marks what did not come to its end', async () => {
    const { url, provider } = await startWithProvider(says('Yes, **you**.'))
    await startSession(url, { session_id: 'mine', title: 'My plan' })
    await ask(url, 'mine', 'Ready?')
    provider.script(says('Well', { finish: null, ending: 'fin' }))
    await ask(url, 'mine', 'And now?')
    const response = await fetch(`${url}/chat/sessions/mine/export`)
    expect(response.headers.get('content-type')).toBe('text/markdown; charset=utf-8')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="mine.md"')
    const lines = (await response.text()).split('\n').filter((line) => line)
    expect(lines[0]).toBe('# My plan')
    expect(lines.filter((line) => !line.startsWith('#'))).toEqual([
      'Ready?',
      'Yes, **you**.',
      'And now?',
      'Well',
      '*(failed)*',
    ])
  })

  it('is a JSON download of everything, alternatives included', async () => {
    const { url } = await startWithProvider(says('Yes.'))
    await startSession(url, { session_id: 'mine' })
    for (let count = 0; count < 30; count++) await ask(url, 'mine', `Message ${count}`)
    await (await openStream(`${url}/chat/turns/mine.30/regenerate`, {})).rest()
    const { headers, body } = await call(`${url}/chat/sessions/mine/export?format=json`)
    expect(headers.get('content-disposition')).toBe('attachment; filename="mine.json"')
    expect(body).toEqual((await call(`${url}/chat/sessions/mine?messages=1000`)).body)
    const messages = body.messages as Json[]
    expect(messages).toHaveLength(60)
    expect(messages.at(-1)!.alternatives).toHaveLength(1)
  })

  it('refuses a format that there is not', async () => {
    const { url } = await startService()
    await startSession(url, { session_id: 'mine' })
    expect((await call(`${url}/chat/sessions/mine/export?format=pdf`)).status).toBe(400)
  })

  it.each(['markdown', 'json'])('is whole where nothing was said, too: %s', async (format) => {
    const { url } = await startService()
    await startSession(url, { session_id: 'mine', title: 'Nothing' })
    const response = await fetch(`${url}/chat/sessions/mine/export?format=${format}`)
    const text = await response.text()
    if (format === 'markdown') expect(text).toBe('# Nothing\n')
    else expect(JSON.parse(text)).toEqual((await call(`${url}/chat/sessions/mine`)).body)
  })

  it.each([
    ['markdown', 'DELETE', ''],
    ['json', 'DELETE', ''],
    ['json', 'POST', '/clear'],
  ])(
    'of a conversation that is deleted or cleared meanwhile never looks whole: %s, %s%s',
    async (format, method, what) => {
      // More than the system takes when nobody reads.
      const { url } = await startWithProvider(says('y'.repeat(500_000)))
      await startSession(url, { session_id: 'mine' })
      for (let count = 0; count < 24; count++) await ask(url, 'mine', 'Go on')
      const download = await openDownload(`${url}/chat/sessions/mine/export?format=${format}`)
      expect(download.statusCode).toBe(200)
      expect((await call(`${url}/chat/sessions/mine${what}`, method)).status).toBe(200)
      await new Promise((resolve) => download.resume().once('close', resolve))
      expect(download.complete).toBe(false)
    },
  )
})
