/** Hostile input over HTTP: refused in bounded time with the contract's status, code and body, and nothing falls over. */
import { connect } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '#src/chat/errors.ts'
import { byHand } from '#test/provider/by-hand.ts'
import {
  type Answer,
  call,
  type Json,
  openStream,
  startService,
  startSession,
  startWithProvider,
} from '#test/helper.ts'

const UNLIMITED = { RATE_LIMIT_PER_MINUTE: '0', MAX_TURNS_PER_USER: '0' }

const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']
const NOT_NAMES = ['', '\0', 'a\r\nSet-Cookie: x=1', '\u0085', '\ud800', 'a\udfff', 'a'.repeat(5_000)]

const NOT_TEXT: unknown[] = [null, 0, 1.5, true, [], ['a'], {}, { toString: 'a' }]
const NOT_BOOLEAN = [null, 0, 1, 'true', '', [], {}]
const NOT_INTEGER = [null, '1', '', true, [], {}, 1.5, -1, 1e9, 2 ** 53]
const NOT_CHOICE = [null, '', 0, true, [], {}, 'STOP', 'stop ', ...NAMES]

/** What each field of a body must not be. */
const NOT_NAME = [...NOT_TEXT, ...NOT_NAMES]
const NOT_KNOWN = [...NOT_NAME, ...NAMES]
const SEND_OPTIONS = {
  client_message_id: NOT_NAME,
  persona: NOT_KNOWN,
  brain: NOT_KNOWN,
  model: NOT_NAME,
  partial: NOT_BOOLEAN,
  pace_ms: NOT_INTEGER,
  on_disconnect: NOT_CHOICE,
  if_busy: NOT_CHOICE,
}
const NOT_MESSAGE = [...NOT_TEXT, '', ' \r\n\t', '\0', 'a\0b', '\ud800', 'a\udfff']
const NOT_OWN_ID = [...NOT_TEXT, ...NOT_NAMES, 'a b', 'a.1', 'é', '../x', 'a'.repeat(65), 'a\n']

interface Door {
  method: string
  path: string
  /** A body that is taken, but for an id that names nothing. */
  body: Json
  fields: Record<string, unknown[]>
}

const DOORS: Door[] = [
  {
    method: 'POST',
    path: '/chat/start',
    body: {},
    fields: {
      user_id: NOT_NAME,
      persona: NOT_KNOWN,
      brain: NOT_KNOWN,
      title: NOT_NAME,
      session_id: NOT_OWN_ID,
      on_disconnect: NOT_CHOICE,
    },
  },
  ...['/chat/stream', '/chat/message'].map((path) => ({
    method: 'POST',
    path,
    body: { session_id: 'S', message: 'Hi' },
    fields: { ...SEND_OPTIONS, message: NOT_MESSAGE, session_id: [...NOT_TEXT, ''] },
  })),
  {
    method: 'POST',
    path: '/chat/turns/S.1/regenerate',
    body: {},
    fields: { ...SEND_OPTIONS, message: NOT_MESSAGE },
  },
  {
    method: 'PATCH',
    path: '/chat/sessions/S',
    body: {},
    fields: {
      persona: NOT_KNOWN,
      brain: NOT_KNOWN.filter((value) => value !== null),
      title: NOT_NAME,
      on_disconnect: NOT_CHOICE,
    },
  },
  {
    method: 'POST',
    path: '/brain/switch',
    body: { brain: null },
    fields: { brain: NOT_KNOWN.filter((value) => value !== null) },
  },
  {
    method: 'POST',
    path: '/api/chat/stream',
    body: { message: 'Hi' },
    fields: { message: NOT_MESSAGE, session_id: NOT_OWN_ID },
  },
  {
    method: 'POST',
    path: '/chat/stream?for=tutor',
    body: { conversation_id: 7, user_message: 'Hi', language: 'Spanish', difficulty_level: 'B1' },
    fields: {
      conversation_id: NOT_INTEGER.filter((value) => value !== 1e9),
      user_message: NOT_MESSAGE,
      language: [...NOT_NAME, 'a"b', 'a.b', 'a\nb', '{name}'],
      difficulty_level: [...NOT_KNOWN, 'D1'],
    },
  },
  ...['/api/v1/chat/unified', '/api/v1/chat/unified/stream'].map((path) => ({
    method: 'POST',
    path,
    body: { message: 'Hi' },
    fields: { message: NOT_MESSAGE, session_id: NOT_OWN_ID, user_id: NOT_NAME, language: [...NOT_NAME, 'a"b'] },
  })),
]

const INVALID = [400, 'invalid_request']

function outcome({ status, body }: Answer): unknown[] {
  return [status, body.code]
}

/** That an answer is a refusal as the contract has it, which gives nothing of the inside away. */
function expectRefusal(answer: Answer, what: string, ...allowed: unknown[][]): void {
  expect(allowed, what).toContainEqual(outcome(answer))
  const { body, headers } = answer
  expect(ERROR_CODES, what).toContain(body.code)
  expect(body, what).toMatchObject({ error: expect.stringMatching(/\.$|\?$/), retryable: expect.any(Boolean) })
  const known = ['error', 'code', 'retryable', 'retry_after', 'turn_id', 'details']
  expect(known, what).toEqual(expect.arrayContaining(Object.keys(body)))
  expect(headers.get('content-type'), what).toBe('application/json; charset=utf-8')
  expect(headers.get('x-request-id'), what).toMatch(/./)
  expect(JSON.stringify(body), what).not.toMatch(/FST_|node_modules|\n {4}at |\.ts:/)
}

async function startWithTurn() {
  const service = await startService(UNLIMITED)
  await startSession(service.url, { session_id: 'S' })
  await call(`${service.url}/chat/message`, 'POST', { session_id: 'S', message: 'Hi' })
  return service
}

async function expectAlive(url: string): Promise<void> {
  const { body } = await call(`${url}/chat/message`, 'POST', { session_id: await startSession(url), message: 'Hi' })
  expect(body).toMatchObject({ done: true, finish_reason: 'stop' })
  expect(({} as Json).polluted).toBeUndefined()
}

describe('a body', () => {
  it.each(DOORS)('with a field of the wrong kind is refused: $method $path', async ({ method, path, body, fields }) => {
    const { url } = await startWithTurn()
    for (const [field, values] of Object.entries(fields)) {
      for (const value of values) {
        const answer = await call(url + path, method, { ...body, [field]: value })
        const what = `${field}: ${JSON.stringify(value)?.slice(0, 60)}`
        if (field === 'persona') expectRefusal(answer, what, INVALID, [400, 'persona_unknown'])
        else if (field === 'brain') expectRefusal(answer, what, INVALID, [400, 'brain_unknown'])
        else expectRefusal(answer, what, INVALID)
      }
    }
    await expectAlive(url)
  })

  it.each(DOORS)('that is no object, or no JSON, is refused: $method $path', async ({ method, path }) => {
    const { url } = await startWithTurn()
    const bodies = [
      ' ',
      'null',
      '[]',
      '[{}]',
      '"x"',
      '1',
      'true',
      'undefined',
      '{',
      '{"a":',
      '{"a":1,}',
      "{'a':1}",
      '{}{}',
      '\0',
      '{"a":"\0"}',
      'NaN',
      '{"__proto__":{"polluted":1}}',
      '{"a":{"__proto__":{"polluted":1}}}',
      '{"\\u005f_proto__":{"polluted":1}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      '['.repeat(10_000),
      '{"a":'.repeat(10_000),
      `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
      'a'.repeat(1_000_000),
      `"${'a'.repeat(1_000_000)}"`,
    ]
    for (const body of bodies) expectRefusal(await call(url + path, method, body), body.slice(0, 40), INVALID)
    const large = JSON.stringify({ message: 'a'.repeat(1024 * 1024) })
    expectRefusal(await call(url + path, method, large), 'too large', [413, 'body_too_large'])
    await expectAlive(url)
  })

  it.each(DOORS)('may hold what nobody asked for, unless it is deep: $method $path', async ({ method, path, body }) => {
    const { url } = await startWithTurn()
    const known = JSON.stringify(body).slice(1, -1)
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      for (const [depth, status] of [
        [99, 200],
        [100, 400],
        [10_000, 400],
      ] as const) {
        const more = `"more":${open.repeat(depth)}1${close.repeat(depth)}`
        const response = await fetch(url + path, {
          method,
          // The same key each time: a turn that was made anew once is joined.
          headers: { 'content-type': 'application/json', 'idempotency-key': 'again' },
          body: `{${known ? `${known},` : ''}${more}}`,
        })
        await response.text()
        expect(response.status, `${depth} levels`).toBe(status)
      }
    }
    await expectAlive(url)
  })

  it.each(DOORS)('of another type is refused: $method $path', async ({ method, path, body }) => {
    const { url } = await startWithTurn()
    const types = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/html', 'text/plainer']
    types.push('multipart/form-data; boundary=x', 'application/xml', 'application/jsonp', 'application/vnd.api+json')
    types.push('json', ';', 'application/', '*/*', 'application/json, text/plain', 'a'.repeat(5_000))
    for (const type of types) {
      const answer = await call(url + path, method, JSON.stringify(body), { 'content-type': type })
      expectRefusal(answer, type.slice(0, 40), [415, 'unsupported_media_type'])
    }
    const json = ['application/json; charset=utf-8', 'Application/JSON', 'application/json;']
    // `fetch` names a text so, and a body of bytes not at all.
    for (const type of [...json, 'text/plain;charset=UTF-8', null]) {
      const response = await fetch(url + path, {
        method,
        headers: { ...(type !== null && { 'content-type': type }), 'idempotency-key': 'again' },
        body: Buffer.from(JSON.stringify(body)),
      })
      await response.text()
      expect(response.status, `${type}`).toBe(200)
    }
  })

  it('with a message is taken up to its limit and refused beyond it', async () => {
    const { url } = await startWithTurn()
    const said = (message: string) => call(`${url}/chat/message`, 'POST', { session_id: 'S', message })
    expect((await said('😀'.repeat(5_000))).status).toBe(200)
    expectRefusal(await said(`${'😀'.repeat(5_000)}a`), '10,001 units', [413, 'message_too_long'])
    expectRefusal(await said('a'.repeat(1_000_000)), '1 MB', [413, 'message_too_long'])
    const { body } = await call(`${url}/chat/sessions/S`)
    expect(body.message_count).toBe(4)
  })
})

describe('an id in an address', () => {
  const PATHS: [string, string, string, Json?][] = [
    ['GET', '/chat/sessions/:id', 'session_not_found'],
    ['PATCH', '/chat/sessions/:id', 'session_not_found', {}],
    ['DELETE', '/chat/sessions/:id', 'session_not_found'],
    ['POST', '/chat/sessions/:id/stop', 'session_not_found'],
    ['POST', '/chat/sessions/:id/clear', 'session_not_found'],
    ['GET', '/chat/sessions/:id/export', 'session_not_found'],
    ['GET', '/chat/turns/:id', 'turn_not_found'],
    ['GET', '/chat/turns/:id/stream', 'turn_not_found'],
    ['POST', '/chat/turns/:id/stop', 'turn_not_found'],
    ['POST', '/chat/turns/:id/regenerate', 'turn_not_found', {}],
    ['GET', '/api/chat/sessions/:id', 'session_not_found'],
    ['DELETE', '/api/chat/sessions/:id', 'session_not_found'],
  ]

  it.each(PATHS)('that names nothing is 404, however it looks: %s %s', async (method, path, code, body) => {
    const { url } = await startWithTurn()
    const ids = [...NAMES, 'S.0', 'S.01', 'S.2', 'S.-1', 'S.1.1', 'S.1e3', 's', '.1', `S.${'9'.repeat(400)}`]
    ids.push(
      'a'.repeat(64),
      'a'.repeat(65),
      'a'.repeat(10_000),
      '\0',
      'S\0',
      'S\r\n',
      '😀',
      ' S',
      'S ',
      "S' OR 1=1 --",
      '%',
      '*',
    )
    ids.push('../S', 'S/../S', '..%2fS')
    for (const id of ids) {
      const answer = await call(url + path.replace(':id', encodeURIComponent(id)), method, body)
      expectRefusal(answer, id.slice(0, 40), [404, code])
    }
    expect((await call(`${url}/chat/sessions/S`)).body).toMatchObject({ message_count: 2 })
  })

  it.each(PATHS)('that cannot be decoded is 400: %s %s', async (method, path, _code, body) => {
    const { url } = await startWithTurn()
    for (const id of ['%', '%0', '%zz', '%ff', '%c0%80', '%ed%a0%80']) {
      expectRefusal(await call(url + path.replace(':id', id), method, body), id, INVALID)
    }
  })
})

describe('a query', () => {
  it.each([
    ['/chat/sessions', ['limit', 'cursor', 'user_id']],
    ['/chat/sessions/S', ['messages']],
    ['/chat/sessions/S/export', ['format']],
    ['/chat/turns/S.1/stream', ['after', 'after_count', 'partial']],
  ])('with an odd value is refused: %s', async (path, names) => {
    const { url } = await startWithTurn()
    for (const name of names) {
      for (const value of ['', '%00', '%0d%0a', 'a'.repeat(5_000), `1&${name}=1`, `a&${name}=b`]) {
        expectRefusal(await call(`${url}${path}?${name}=${value}`), `${name}=${value}`.slice(0, 40), INVALID)
      }
      if (name === 'user_id') continue
      for (const value of [...NAMES, '-1', '1.5', '1e1', '0x1', 'null', '%ff', '9'.repeat(400)]) {
        expectRefusal(await call(`${url}${path}?${name}=${value}`), `${name}=${value}`.slice(0, 40), INVALID)
      }
    }
    for (const odd of [
      '__proto__=1',
      '__proto__[polluted]=1',
      'constructor=1',
      '%=1',
      '&&&',
      '=',
      '?',
      'a'.repeat(5_000),
    ]) {
      const response = await fetch(`${url}${path}?${odd}`)
      await response.text()
      expect(response.status, odd.slice(0, 40)).toBe(200)
    }
    await expectAlive(url)
  })

  it('that goes on before a message that is not there has no messages', async () => {
    const { url } = await startWithTurn()
    for (const before of ['x', '__proto__', 'S.1.constructor', `S.${'9'.repeat(50)}.user`, '%00', "' OR 1=1 --"]) {
      const { status, body } = await call(`${url}/chat/sessions/S?before=${before}`)
      expect([status, body.messages], before).toEqual([200, []])
    }
  })
})

describe('a head', () => {
  it('with an idempotency key that no body could have is refused', async () => {
    const { url } = await startWithTurn()
    for (const key of ['a'.repeat(129), 'a'.repeat(10_000), 'a\tb', '\u0085']) {
      const answer = await call(
        `${url}/chat/message`,
        'POST',
        { session_id: 'S', message: 'Hi' },
        { 'idempotency-key': key },
      )
      expectRefusal(answer, key.slice(0, 20), INVALID)
    }
  })

  it('with a method or a path that no door has is 404', async () => {
    const { url } = await startWithTurn()
    for (const path of ['/nowhere', '/chat', '/CHAT/START', '/chat/start/..', '/.env', '/*']) {
      expectRefusal(await call(url + path, 'POST', {}), path, [404, 'not_found'])
    }
    for (const method of ['PUT', 'DELETE', 'PATCH', 'GET']) {
      expectRefusal(await call(`${url}/chat/start`, method), method, [404, 'not_found'])
    }
  })

  it('that is no HTTP, or too large, is answered in JSON and closes the connection', async () => {
    const { url } = await startWithTurn()
    const json = 'Content-Type: application/json\r\n'
    for (const head of [
      'GARBAGE\r\n\r\n',
      '\0\0\0\0',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n',
      'FOO /chat/sessions HTTP/1.1\r\nHost: localhost\r\n\r\n',
      `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      'GET / HTTP/1.1\r\nHost: localhost\r\nX Y: 1\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n',
      `POST /chat/start HTTP/1.1\r\nHost: localhost\r\n${json}Content-Length: -1\r\n\r\n{}`,
      `POST /chat/start HTTP/1.1\r\nHost: localhost\r\n${json}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
      `POST /chat/start HTTP/1.1\r\nHost: localhost\r\n${json}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST /chat/start HTTP/1.1\r\nHost: localhost\r\n${json}Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}`,
    ]) {
      expectRefusal(await exchange(url, head), JSON.stringify(head).slice(0, 60), INVALID)
    }
    await expectAlive(url)
  })

  it('that is no HTTP does not land in the middle of a stream', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script, UNLIMITED)
    const session_id = await startSession(url)
    const other = await openStream(`${url}/chat/stream`, { session_id, message: 'Hi' })
    const reply = await hand.next()
    reply.say('One ')
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    let received = ''
    const spoken = Promise.withResolvers<void>()
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text
      if (received.includes('One ')) spoken.resolve()
    })
    socket.on('error', () => {})
    socket.write(`GET /chat/turns/${session_id}.1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await spoken.promise
    socket.write('GARBAGE\r\n\r\n')
    await once(socket, 'close')
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(received.match(/data: /g)).toHaveLength(1)
    reply.say('two')
    reply.finish()
    expect((await other.rest()).at(-1)?.data).toMatchObject({ full_text: 'One two' })
  })
})

/** Writes bytes to a connection of their own and reads the answer until the server closes it. */
async function exchange(url: string, bytes: string): Promise<Answer> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let received = ''
  socket.setEncoding('utf8').on('data', (text: string) => (received += text))
  socket.on('error', () => {})
  socket.write(Buffer.from(bytes, 'latin1'))
  await once(socket, 'close')
  const [head = '', body = ''] = received.split('\r\n\r\n')
  const [status = '', ...lines] = head.split('\r\n')
  return {
    status: Number(status.split(' ')[1]),
    headers: new Headers(lines.map((line) => line.split(': ') as [string, string])),
    body: JSON.parse(body || '{}') as Json,
  }
}
