/** Doors for clients of OpenAI's API, with the official client. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import OpenAI, {
  APIConnectionError,
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai'
import type {
  ChatCompletionCreateParams,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionCreateParamsStreaming,
} from 'openai/resources/chat/completions'
import { describe, expect, it } from 'vitest'
import { loadPersonas, BUILT_IN_PERSONAS } from '#src/personas/loader.ts'
import { askedOf, asks, getTurn, within } from '#test/invariants/conversation.ts'
import { as, SIGNED_IN, tokenFor, tokenUntil } from '#test/identity/tokens.ts'
import { byHand } from '#test/provider/by-hand.ts'
import { says } from '#test/provider/openai.ts'
import { answers, isSilent } from '#test/provider/scripts.ts'
import { call, openStream, startService, startWithProvider } from '#test/helper.ts'
import { makeDirectory } from '#test/process.ts'

type Params = Omit<ChatCompletionCreateParams, 'stream'>

function connect(url: string, apiKey = 'any'): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
}

const ASK: Params = { model: 'default', messages: [{ role: 'user', content: 'Hello' }] }

function complete(url: string, params: Partial<Params> = {}) {
  return connect(url).chat.completions.create({ ...ASK, ...params } as ChatCompletionCreateParamsNonStreaming)
}

function stream(url: string, params: Partial<Params> = {}, signal?: AbortSignal) {
  const asked = { ...ASK, ...params, stream: true } as ChatCompletionCreateParamsStreaming
  return connect(url).chat.completions.create(asked, signal ? { signal } : {})
}

/** What is refused, as the client throws it. */
function refusal(promise: Promise<unknown>): Promise<APIError> {
  return promise.then(
    () => expect.fail('it was not refused'),
    (error: unknown) => error as APIError,
  )
}

function sessionsOf(url: string) {
  return call(`${url}/chat/sessions`).then(({ body }) => body.sessions)
}

describe('a completion', () => {
  it('is answered whole', async () => {
    const { url } = await startWithProvider()
    const { data, response } = await complete(url).withResponse()
    const turnId = response.headers.get('x-turn-id')!
    expect(turnId).toBe(`${response.headers.get('x-session-id')}.1`)
    expect(data).toEqual({
      id: `chatcmpl-${turnId}`,
      object: 'chat.completion',
      created: expect.closeTo(Date.now() / 1000, -2),
      model: 'default',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello there!', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
    })
  })

  it('is streamed to the official client', async () => {
    const { url } = await startWithProvider(says(['Grüß ', '👍🏽', '\u2028 "x"\n\ndata: y']))
    const runner = connect(url).chat.completions.stream(ASK as never)
    const deltas: string[] = []
    runner.on('content', (delta) => deltas.push(delta))
    expect(await runner.finalContent()).toBe('Grüß 👍🏽\u2028 "x"\n\ndata: y')
    expect(deltas).toEqual(['Grüß ', '👍🏽', '\u2028 "x"\n\ndata: y'])
  })

  it('is streamed in the chunks that are documented, whatever the client accepts', async () => {
    const { url } = await startWithProvider()
    for (const accept of ['application/json', 'text/event-stream']) {
      const { raw, headers } = await readRaw(url, {}, { accept })
      expect(headers['content-type']).toBe('text/event-stream; charset=utf-8')
      const frames = raw.split('\n\n').slice(0, -1)
      expect(frames.at(-1)).toBe('data: [DONE]')
      const chunks = frames.slice(0, -1).map((frame) => JSON.parse(frame.slice('data: '.length)))
      const head = {
        id: `chatcmpl-${headers['x-turn-id'] as string}`,
        object: 'chat.completion.chunk',
        created: expect.any(Number),
        model: 'default',
      }
      const choices = [
        [{ role: 'assistant', content: '' }, null],
        [{ content: 'Hello ' }, null],
        [{ content: 'there!' }, null],
        [{}, 'stop'],
      ].map(([delta, finish]) => [{ index: 0, delta, logprobs: null, finish_reason: finish }])
      expect(chunks).toEqual(choices.map((choice) => ({ ...head, choices: choice })))
    }
  })

  it('ends with the usage where that is asked for', async () => {
    const { url } = await startWithProvider()
    const chunks = []
    for await (const chunk of await stream(url, { stream_options: { include_usage: true } })) chunks.push(chunk)
    expect(chunks.slice(0, -1).map(({ usage }) => usage)).toEqual([null, null, null, null])
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
    })
  })

  it('tells the brain the conversation as it was sent, after the prompts of the persona and the client', async () => {
    const { url, provider } = await startWithProvider()
    await complete(url, {
      model: 'calm_coach',
      messages: [
        { role: 'system', content: 'Speak of tea.' },
        { role: 'user', content: 'One' },
        { role: 'assistant', content: 'Two' },
        { role: 'assistant', content: null },
        {
          role: 'developer',
          content: [
            { type: 'text', text: 'In ' },
            { type: 'text', text: 'verse.' },
          ],
        },
        { role: 'user', content: [{ type: 'text', text: 'Three' }], name: 'ada' },
      ],
    })
    const { system, messages } = askedOf(provider.requests[0]!)
    const { prompt } = (await loadPersonas([BUILT_IN_PERSONAS])).get('calm_coach')!
    expect(system).toBe(`${prompt}\n\nSpeak of tea.\n\nIn verse.`)
    expect(messages).toEqual([
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'Two' },
      { role: 'user', content: 'Three' },
    ])
  })

  it('tells the brain of more messages than a session would', async () => {
    const { url, provider } = await startWithProvider(undefined, { MAX_HISTORY_MESSAGES: '2' })
    const messages = Array.from({ length: 21 }, (_, i) => ({ role: i % 2 ? 'assistant' : 'user', content: `${i}` }))
    await complete(url, { messages: messages as never })
    expect(askedOf(provider.requests[0]!).messages).toEqual(messages)
  })

  it.each([
    [{ max_tokens: 5 }, 5],
    [{ max_completion_tokens: 6, max_tokens: 5 }, 6],
    [{ max_tokens: 1_000_000 }, 100],
    [{ max_tokens: null }, 100],
  ])('asks for no more tokens than %j', async (params, asked) => {
    const { url, provider } = await startWithProvider(undefined, { MAX_REPLY_TOKENS: '100' })
    await complete(url, params)
    expect(askedOf(provider.requests[0]!).maxTokens).toBe(asked)
  })

  it('says that it was cut by the limit', async () => {
    const { url } = await startService()
    const { choices, usage } = await complete(url, { max_tokens: 3 })
    expect(choices[0]!.finish_reason).toBe('length')
    expect(usage!.completion_tokens).toBe(3)
  })

  it('takes what is null, empty or unknown for what is not there', async () => {
    const { url } = await startWithProvider()
    const nothing = { n: null, tools: [], stream_options: null, functions: null, max_completion_tokens: null }
    const ignored = { temperature: 7, user: 'ada', news: { deep: [1] }, response_format: { type: 'text' } }
    expect((await complete(url, { ...nothing, ...ignored } as never)).choices[0]!.message.content).toBe('Hello there!')
    expect((await complete(url, { n: 1 })).choices).toHaveLength(1)
  })

  it('takes a conversation that is longer than a message may be', async () => {
    const { url, provider } = await startWithProvider()
    const content = 'word '.repeat(20_000)
    const before = { role: 'user', content: 'word '.repeat(1_000_000) } as const
    await complete(url, { messages: [before, { role: 'assistant', content: 'So?' }, { role: 'user', content }] })
    expect(askedOf(provider.requests[0]!).messages).toEqual([{ role: 'user', content }])
  })

  it.each(['user', 'system', 'developer'] as const)(
    'refuses what is too long for a prompt that holds all of it (%s)',
    async (role) => {
      const { url, provider } = await startWithProvider()
      const messages = [{ role, content: 'word '.repeat(20_001) }, ...(role === 'user' ? [] : ASK.messages)]
      const error = await refusal(complete(url, { messages }))
      expect(error).toMatchObject({ status: 413, code: 'message_too_long', type: 'invalid_request_error' })
      expect(asks(provider)).toBe(0)
    },
  )
})

async function readRaw(url: string, body: object, headers = {}) {
  const reading = await openStream(`${url}/v1/chat/completions`, { ...ASK, ...body, stream: true }, headers)
  await reading.ended
  return reading
}

describe('a session for a completion', () => {
  it('is in no list, and holds what was said in its turn', async () => {
    const { url } = await startWithProvider()
    const { response } = await complete(url).withResponse()
    expect(await sessionsOf(url)).toEqual([])
    const sessionId = response.headers.get('x-session-id')!
    const { body } = await call(`${url}/chat/sessions/${sessionId}`)
    expect(body.messages).toMatchObject([{ content: 'Hello' }, { content: 'Hello there!', status: 'complete' }])
    expect(await getTurn(url, `${sessionId}.1`)).toMatchObject({ state: 'done', text: 'Hello there!' })
  })

  it('is never busy', async () => {
    const { url, provider } = await startWithProvider()
    const completions = await Promise.all(Array.from({ length: 5 }, () => complete(url)))
    expect(new Set(completions.map(({ id }) => id)).size).toBe(5)
    expect(asks(provider)).toBe(5)
  })

  it('is not made for what is refused', async () => {
    const file = join(await makeDirectory(), 'repartee.db')
    const { app, url } = await startWithProvider(undefined, { RATE_LIMIT_PER_MINUTE: '1', SQLITE_PATH: file })
    await complete(url)
    const error = await refusal(complete(url))
    expect(error).toBeInstanceOf(RateLimitError)
    expect(error).toMatchObject({ status: 429, code: 'rate_limited', type: 'rate_limit_error' })
    expect(Number(error.headers!.get('retry-after'))).toBeGreaterThan(0)
    await app.close()
    const database = new DatabaseSync(file)
    expect({ ...database.prepare('SELECT count(*) AS sessions FROM session').get() }).toEqual({ sessions: 1 })
    database.close()
  })
})

describe('a client that leaves', () => {
  it('stops the turn, and the provider is let go', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script)
    const leaving = new AbortController()
    const opening = stream(url, {}, leaving.signal).withResponse()
    const reply = await hand.next()
    reply.say('Well, ')
    const { response } = await opening
    leaving.abort()
    await within(1000, reply.request.closed)
    const turnId = response.headers.get('x-turn-id')!
    await expect.poll(() => getTurn(url, turnId)).toMatchObject({ state: 'stopped', text: 'Well, ' })
  })

  it.each([true, false])('stops the turn before the first token, too (stream: %s)', async (isStream) => {
    const hand = byHand()
    const { app, url } = await startWithProvider(hand.script)
    const leaving = new AbortController()
    const asking = refusal(
      connect(url).chat.completions.create({ ...ASK, stream: isStream } as never, { signal: leaving.signal }),
    )
    const { request } = await hand.next()
    leaving.abort()
    expect(await asking).toBeInstanceOf(APIUserAbortError)
    await within(1000, request.closed)
    await expect.poll(() => app.chat.running).toBe(0)
  })
})

describe('a turn that is stopped', () => {
  it('ends as any other, with what was said', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script)
    const opening = stream(url).withResponse()
    ;(await hand.next()).say('Well, ')
    const { data, response } = await opening
    await call(`${url}/chat/turns/${response.headers.get('x-turn-id')}/stop`, 'POST')
    const chunks = []
    for await (const chunk of data) chunks.push(chunk)
    expect(chunks.map(({ choices: [choice] }) => choice!.delta.content ?? choice!.finish_reason)).toEqual([
      '',
      'Well, ',
      'stop',
    ])
  })
})

describe('a refusal', () => {
  it.each<[object, string]>([
    [{ tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools'],
    [{ functions: [{ name: 'f' }] }, 'functions'],
    [{ n: 2 }, 'n'],
    [{ n: 0 }, 'n'],
    [{ messages: [{ role: 'tool', content: 'x', tool_call_id: 'y' }] }, 'messages'],
    [{ messages: [{ role: 'constructor', content: 'x' }] }, 'messages'],
    [{ messages: [{ role: 'system', content: 'x' }] }, 'messages'],
    [{ messages: [...ASK.messages, { role: 'assistant', content: 'x' }] }, 'messages'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,x' } }] }] },
      'messages',
    ],
  ])('of %j names the field', async (params, param) => {
    const { url, provider } = await startWithProvider()
    const error = await refusal(complete(url, params))
    expect(error).toBeInstanceOf(BadRequestError)
    expect(error).toMatchObject({ code: 'invalid_request', type: 'invalid_request_error', param })
    expect(asks(provider)).toBe(0)
  })

  it('comes where more images are shown than are looked into', async () => {
    const { url } = await startWithProvider()
    const image = { type: 'image_url', image_url: { url: 'https://images.example.com/cat.png' } } as const
    const messages = [{ role: 'user', content: Array.from({ length: 101 }, () => image) }] as const
    const error = await refusal(complete(url, { messages: messages as never }))
    expect(error).toMatchObject({ code: 'invalid_request', param: 'messages' })
  })

  it.each([
    { messages: [] },
    { messages: 'Hello' },
    { messages: [{ role: 'user', content: 7 }] },
    { messages: [{ role: 'user', content: '' }] },
    { messages: [{ role: 'user', content: '\ud83d' }] },
    { messages: [{ role: 'system', content: '\ud83d' }, ...ASK.messages] },
    { messages: [{ role: 'user', content: 'a\0b' }, ...ASK.messages] },
    { messages: null },
    { model: 7 },
    { n: '1' },
    { stream: 'yes' },
    { max_tokens: 0 },
    { max_tokens: '5' },
    { max_completion_tokens: 1.5 },
    { stream_options: { include_usage: 'yes' } },
  ])('of %j is a bad request', async (params) => {
    const { url, provider } = await startWithProvider()
    const error = await refusal(complete(url, params as never))
    expect(error).toBeInstanceOf(BadRequestError)
    expect(error).toMatchObject({ code: 'invalid_request', type: 'invalid_request_error' })
    expect(asks(provider)).toBe(0)
  })

  it('of a system message is a choice', async () => {
    const { url, provider } = await startWithProvider(undefined, { ALLOW_CLIENT_SYSTEM: 'false' })
    for (const role of ['system', 'developer'] as const) {
      const error = await refusal(complete(url, { messages: [{ role, content: 'Be rude.' }, ...ASK.messages] }))
      expect(error).toBeInstanceOf(BadRequestError)
      expect(error.param).toBe('messages')
    }
    await complete(url)
    expect(asks(provider)).toBe(1)
  })

  it.each(['gpt-9', '', 'constructor', '__proto__'])('of the model %j is that it is not found', async (model) => {
    const { url } = await startService()
    const error = await refusal(complete(url, { model }))
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error).toMatchObject({ code: 'model_not_found', param: 'model', type: 'invalid_request_error' })
  })

  it('has the shape of OpenAI’s for what no door sees, too', async () => {
    const { url } = await startService()
    const door = `${url}/v1/chat/completions`
    const shape = { message: expect.any(String), type: 'invalid_request_error', param: null }
    const json = { 'content-type': 'application/json' }
    expect(await call(door, 'POST', '{', json)).toMatchObject({
      status: 400,
      body: { error: { ...shape, code: 'invalid_request' } },
    })
    expect(await call(door, 'POST', 'x', { 'content-type': 'text/csv' })).toMatchObject({
      status: 415,
      body: { error: { ...shape, code: 'unsupported_media_type' } },
    })
    expect(await call(`${url}/v1/embeddings`, 'POST', {})).toMatchObject({
      status: 404,
      body: { error: { ...shape, code: 'not_found' } },
    })
    const tooLarge = { ...ASK, messages: [{ role: 'user', content: 'x'.repeat(8 * 1024 * 1024) }] }
    expect(await call(door, 'POST', tooLarge)).toMatchObject({
      status: 413,
      body: { error: { ...shape, code: 'body_too_large' } },
    })
  })
})

describe('a provider that fails', () => {
  it.each([true, false])('before the first token is a status (stream: %s)', async (isStream) => {
    const { url } = await startWithProvider(answers(500, '{}'))
    const error = await refusal(isStream ? stream(url) : complete(url))
    expect(error).toBeInstanceOf(InternalServerError)
    expect(error).toMatchObject({ status: 503, code: 'brain_unavailable', type: 'server_error', param: null })
  })

  it('is waited for, as long as it says nothing', async () => {
    const { url } = await startWithProvider(isSilent(), { FIRST_TOKEN_TIMEOUT_S: '0.2' })
    expect(await refusal(stream(url))).toMatchObject({ status: 504, code: 'brain_timeout' })
  })

  it('says when to come back', async () => {
    const { url } = await startWithProvider(answers(429, '{}', { 'retry-after': '7' }))
    const error = await refusal(stream(url))
    expect(error).toMatchObject({ status: 503, code: 'brain_rate_limited' })
    expect(error.headers!.get('retry-after')).toBe('7')
  })

  it('after the first token is an error in the stream, which does not end as if it were whole', async () => {
    const { url } = await startWithProvider(says('Well, then', { finish: null }))
    const said: string[] = []
    const reading = (async () => {
      for await (const chunk of await stream(url)) said.push(chunk.choices[0]!.delta.content!)
    })()
    const error = await refusal(reading)
    expect(error).toBeInstanceOf(APIError)
    expect(error).not.toBeInstanceOf(APIConnectionError)
    expect(error).toMatchObject({ code: 'brain_bad_response', type: 'server_error' })
    expect(said.join('')).toBe('Well, then')
    expect((await readRaw(url, {})).raw).not.toContain('[DONE]')
  })

  it('fails a completion that is wanted whole', async () => {
    const { url } = await startWithProvider(says('Well, then', { finish: null }))
    expect(await refusal(complete(url))).toMatchObject({ status: 502, code: 'brain_bad_response' })
  })
})

describe('a client that signs in', () => {
  it('has its token as the key', async () => {
    const { url } = await startWithProvider(undefined, SIGNED_IN)
    const error = await refusal(complete(url))
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ code: 'unauthorized', type: 'authentication_error', param: null })
    expect(await refusal(connect(url).models.list())).toBeInstanceOf(AuthenticationError)
    const asking = connect(url, tokenFor('ann')).chat.completions.create(ASK as ChatCompletionCreateParamsNonStreaming)
    const { data, response } = await asking.withResponse()
    expect(data.choices[0]!.message.content).toBe('Hello there!')
    const turn = `${url}/chat/turns/${response.headers.get('x-turn-id')}`
    expect(await call(turn, 'GET', undefined, as('ann'))).toMatchObject({ status: 200 })
    expect(await call(turn, 'GET', undefined, as('bob'))).toMatchObject({ status: 404 })
  })
})

describe('a token whose time is over before the first token', () => {
  it.each([true, false])('is refused (stream: %s)', async (isStream) => {
    const { url } = await startWithProvider(isSilent(), SIGNED_IN)
    const asking = connect(url, tokenUntil('ann', 1)).chat.completions.create({ ...ASK, stream: isStream } as never)
    expect(await refusal(asking)).toBeInstanceOf(AuthenticationError)
  })
})

describe('the models', () => {
  it('are the personas', async () => {
    const { app, url } = await startService()
    const models = []
    for await (const model of connect(url).models.list()) models.push(model)
    expect(models.map(({ id }) => id)).toEqual([...app.personas.keys()])
    expect(models[0]).toEqual({
      id: models[0]!.id,
      object: 'model',
      created: expect.any(Number),
      owned_by: 'repartee',
    })
    expect(await connect(url).models.retrieve('calm_coach')).toMatchObject({ id: 'calm_coach', object: 'model' })
  })

  it.each(['gpt-9', 'constructor', '__proto__'])('do not have %s', async (id) => {
    const { url } = await startService()
    const error = await refusal(connect(url).models.retrieve(id))
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error).toMatchObject({ code: 'model_not_found' })
  })
})
