/** Doors of the clients of `/api/v1/chat/unified`. */
import { describe, expect, it } from 'vitest'
import { askedOf, history, last, NEGOTIATED, send, toLines, turnIdOf } from '#test/invariants/conversation.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { says } from '#test/provider/openai.ts'
import { answers } from '#test/provider/scripts.ts'
import { type Answer, call, type Json, openStream, startService, startWithProvider } from '#test/helper.ts'

const WHOLE = '/api/v1/chat/unified'
const STREAM = '/api/v1/chat/unified/stream'

function speak(url: string, message: string, more: Json = {}, headers: Json = {}) {
  return openStream(url + STREAM, { message, user_id: 'ada', ...more }, headers)
}

function ask(url: string, message: string, more: Json = {}, headers: Json = {}): Promise<Answer> {
  return call(url + WHOLE, 'POST', { message, user_id: 'ada', ...more }, headers)
}

/** What a client written by hand makes of a stream: the strings, and the last comment. */
function read(raw: string): { strings: string[]; comment: Json } {
  const blocks = raw.split('\n\n').filter((block) => block !== '')
  const data = blocks.flatMap((block) => /^(?:id: .*\n)?data: (.*)$/.exec(block)?.[1] ?? [])
  const strings = data.map((text) => JSON.parse(text) as string)
  const comment = blocks.at(-1) ?? ''
  return { strings, comment: comment.startsWith(': {') ? (JSON.parse(comment.slice(2)) as Json) : {} }
}

async function readAll(stream: Awaited<ReturnType<typeof speak>>) {
  await stream.ended
  return read(stream.raw)
}

describe('POST /api/v1/chat/unified/stream', () => {
  it('streams bare strings, cut after white space, and closes with its numbers', async () => {
    const { url, provider } = await startWithProvider(says(['Hel', 'lo the', 're,\n', ' my', ' fri', 'end']))
    const stream = await speak(url, 'Hi', { session_id: 'mine' })
    expect(stream.status).toBe(200)
    expect(stream.headers).toMatchObject({ 'x-session-id': 'mine', 'x-turn-id': 'mine.1' })
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    const { strings, comment } = await readAll(stream)
    expect(strings).toEqual(['Hello ', 'there,\n', ' ', 'my ', 'friend'])
    expect(comment).toMatchObject({ session_id: 'mine', turn_id: 'mine.1', tokens: 6, finish_reason: 'stop' })
    expect(comment).not.toHaveProperty('full_text')
    expect(stream.raw).toMatch(/^(data: "(?:[^"\\]|\\.)*"\n\n){5}: \{.*\}\n\n$/)
    expect(askedOf(provider.requests[0]!).system).toContain('helpful assistant')
    expect((await call(`${url}/chat/sessions/mine`)).body).toMatchObject({ persona: 'default', user_id: 'ada' })
  })

  it('begins a session of its own where none is named, and goes on in one that is', async () => {
    const { url } = await startWithProvider()
    const first = await speak(url, 'Hi')
    await first.ended
    const session_id = first.headers['x-session-id'] as string
    expect(session_id).toMatch(/^[A-Za-z0-9_-]{22}$/)
    const second = await speak(url, 'Again', { session_id })
    await second.ended
    expect(turnIdOf(second)).toBe(`${session_id}.2`)
  })

  it('asks for the language and tells what the app knows, for this turn alone', async () => {
    const { url, provider } = await startWithProvider()
    await (
      await speak(url, 'Hi', { session_id: 'mine', language: 'de', context: { page: 'prices' } })
    ).ended
    expect(askedOf(provider.requests[0]!).system).toMatch(/"German"[^]*\{"page":"prices"\}/)
    await (
      await speak(url, 'Hi', { session_id: 'mine' })
    ).ended
    expect(askedOf(provider.requests[1]!).system).not.toMatch(/German|prices/)
  })

  it('leaves out what the app knows where clients may not speak to the brain beside the user', async () => {
    const { url, provider } = await startWithProvider(undefined, { ALLOW_CLIENT_SYSTEM: 'false' })
    await (
      await speak(url, 'Hi', { language: 'de', context: 'prices' })
    ).ended
    expect(askedOf(provider.requests[0]!).system).toMatch(/"German"/)
    expect(askedOf(provider.requests[0]!).system).not.toContain('prices')
  })

  it('shows a failure as its last string, after what was said', async () => {
    const { url } = await startWithProvider(says(['One, ', 'tw'], { finish: null }))
    const { strings, comment } = await readAll(await speak(url, 'Count'))
    expect(strings.slice(0, 2)).toEqual(['One, ', 'tw'])
    expect(strings).toHaveLength(3)
    expect(strings[2]).toMatch(/^Error: \S.*\.$/)
    expect(comment).toMatchObject({ code: 'brain_bad_response' })
    expect(comment).not.toHaveProperty('partial_text')
  })

  it('stops the running turn and begins the new one', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script)
    const first = await speak(url, 'One', { session_id: 'mine' })
    ;(await hand.next()).say('Well, ', 'so')
    while (!first.raw.includes('Well')) await first.changed()
    const second = await speak(url, 'Two', { session_id: 'mine' })
    const stopped = await readAll(first)
    expect(stopped).toMatchObject({ strings: ['Well, ', 'so'], comment: { finish_reason: 'stopped' } })
    const reply = await hand.next()
    reply.say('Yes. ')
    reply.finish()
    expect((await readAll(second)).strings).toEqual(['Yes. ', ''])
    expect(toLines(await history(url, 'mine'))).toEqual([
      'user complete: One',
      'assistant stopped: Well, so',
      'user complete: Two',
      'assistant complete: Yes. ',
    ])
  })

  it('gives a reader that comes back the rest of the text, from any offset', async () => {
    const { url, provider } = await startWithProvider(says(['Hel', 'lo ', 'wide', ' ', 'wor', 'ld! ', 'Bye', '.']))
    const first = await speak(url, 'Hi', { session_id: 'mine' }, NEGOTIATED)
    await first.ended
    const ids = [...first.raw.matchAll(/^id: (.*)\ndata: (.*)$/gm)].map(([, id, data]) => ({ id: id!, data: data! }))
    expect(ids.map(({ data }) => JSON.parse(data) as string)).toEqual(['Hello ', 'wide ', 'world! ', 'Bye.'])
    for (const [index, { id }] of ids.entries()) {
      const again = await speak(url, 'Hi', { session_id: 'mine' }, { ...NEGOTIATED, 'last-event-id': id })
      await again.ended
      expect(again.status).toBe(index === ids.length - 1 ? 204 : 200)
      const rest = ids.slice(index + 1).map(({ data }) => JSON.parse(data) as string)
      expect(read(again.raw).strings).toEqual(rest)
    }
    expect(provider.requests).toHaveLength(1)
  })

  it.each<[Json, number, string]>([
    [{}, 400, 'invalid_request'],
    [{ message: ' ' }, 400, 'invalid_request'],
    [{ message: 'Hi', user_id: '' }, 400, 'invalid_request'],
    [{ message: 'Hi', user_id: 7 }, 400, 'invalid_request'],
    [{ message: 'Hi', session_id: 'a b' }, 400, 'invalid_request'],
    [{ message: 'Hi', language: 'German". Swear' }, 400, 'invalid_request'],
    [{ message: 'Hi', context: 'a'.repeat(10_001) }, 413, 'message_too_long'],
  ])('refuses %j on both doors and makes no session', async (body, status, code) => {
    const { url } = await startService()
    for (const path of [WHOLE, STREAM]) {
      expect(await call(url + path, 'POST', body)).toMatchObject({ status, body: { code } })
    }
    expect((await call(`${url}/chat/sessions`)).body.sessions).toEqual([])
  })
})

describe('POST /api/v1/chat/unified', () => {
  it('answers whole, with what is to be said of the reply', async () => {
    const reply = 'I love it, because it works:\n\n```js\nlet a = 1\n```\n'
    const { url } = await startWithProvider(says(reply))
    const { status, headers, body } = await ask(url, 'Write code')
    expect(status).toBe(200)
    const session_id = headers.get('x-session-id')
    expect(body).toEqual({
      response: reply,
      elp_values: { ethos: 5, logos: 13, pathos: 13 },
      confidence: 0.9,
      code_blocks: [{ language: 'js', code: 'let a = 1' }],
      is_code_response: true,
      generation_time_ms: expect.any(Number),
      session_id,
    })
    expect((await ask(url, 'And?', { session_id })).body).toMatchObject({ session_id })
    expect(await history(url, session_id!)).toHaveLength(4)
  })

  it('gives a failing turn its status, and keeps what was said', async () => {
    const { url, provider } = await startWithProvider(answers(500, '{}'))
    const failed = await ask(url, 'Hi', { session_id: 'mine' })
    expect(failed).toMatchObject({
      status: 503,
      body: { code: 'brain_unavailable', partial_text: '', turn_id: 'mine.1' },
    })
    provider.script(says('Fine.'))
    expect((await ask(url, 'Again', { session_id: 'mine' })).body).toMatchObject({
      response: 'Fine.',
      code_blocks: [],
      is_code_response: false,
    })
  })

  it('is the same turn when it is sent again', async () => {
    const { url, provider } = await startWithProvider()
    const headers = { 'idempotency-key': 'one' }
    const [one, two] = [
      await ask(url, 'Hi', { session_id: 'mine' }, headers),
      await ask(url, 'Hi', { session_id: 'mine' }, headers),
    ]
    expect(two.body).toEqual(one.body)
    expect(provider.requests).toHaveLength(1)
  })

  it('shares its session with every other door', async () => {
    const { url } = await startWithProvider()
    await ask(url, 'Hi', { session_id: 'mine' })
    expect(last(await (await send(url, 'mine', 'Go on')).rest())).toMatchObject({ done: true, persona: 'default' })
  })
})
