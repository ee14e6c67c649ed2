/** Signing in over HTTP: closed and open doors, whose things are whose, admins, and streams that outlive their token. */
import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { call, openStream, startService, startSession, startWithProvider } from '#test/helper.ts'
import { as, bearer, SIGNED_IN, tokenFor, tokenUntil } from '#test/identity/tokens.ts'
import { byHand } from '#test/provider/by-hand.ts'

/** What is answered, to the letter. */
async function answer(url: string, headers: object = {}): Promise<[number, string]> {
  const response = await fetch(url, { headers: headers as Record<string, string> })
  return [response.status, await response.text()]
}

describe('a service that people sign in to', () => {
  it('answers those who bring no token, and those whose token is wrong, in the same bytes', async () => {
    const { url } = await startService(SIGNED_IN)
    const refused = await answer(`${url}/brains`)
    expect(refused[0]).toBe(401)
    expect(JSON.parse(refused[1])).toEqual({ error: expect.any(String), code: 'unauthorized', retryable: false })
    const wrong = ['Bearer', 'Bearer x', 'Bearer a.b.c', `Basic ${tokenFor('ann')}`, tokenFor('ann'), 'Bearer  ']
    for (const authorization of [...wrong, `Bearer ${tokenUntil('ann', -1)}`]) {
      expect(await answer(`${url}/brains`, { authorization })).toEqual(refused)
    }
    expect((await call(`${url}/brains`)).headers.get('www-authenticate')).toBe('Bearer')
  })

  it('takes the scheme in any case, and more than one space', async () => {
    const { url } = await startService(SIGNED_IN)
    expect((await answer(`${url}/brains`, { authorization: `bearer ${tokenFor('ann')}` }))[0]).toBe(200)
    expect((await answer(`${url}/brains`, { authorization: `BEARER   ${tokenFor('ann')}` }))[0]).toBe(200)
  })

  it('never takes a token from a query string', async () => {
    const { url } = await startService(SIGNED_IN)
    for (const name of ['token', 'access_token', 'authorization', 'auth']) {
      expect((await answer(`${url}/brains?${name}=${tokenFor('ann')}`))[0]).toBe(401)
    }
  })

  it('says that there is no such door without asking who wants to know', async () => {
    const { url } = await startService(SIGNED_IN)
    const [status, body] = await answer(`${url}/nowhere`)
    expect([status, JSON.parse(body)]).toMatchObject([404, { code: 'not_found' }])
  })

  it('tells everyone that it is alive, and who has signed in that they have', async () => {
    const { url } = await startService(SIGNED_IN)
    for (const door of ['/health', '/ready']) {
      expect((await answer(url + door, { authorization: 'Bearer x' }))[0]).toBe(200)
    }
    const isSignedIn = async (headers?: object) =>
      (JSON.parse((await answer(`${url}/api/status`, headers))[1]) as { authenticated: boolean }).authenticated
    expect(await isSignedIn()).toBe(false)
    expect(await isSignedIn({ authorization: 'Bearer x' })).toBe(false)
    expect(await isSignedIn(as('ann'))).toBe(true)
  })

  it('refuses before it reads the body', async () => {
    const { url } = await startService(SIGNED_IN)
    expect((await call(`${url}/chat/start`, 'POST', '{')).status).toBe(401)
  })

  it('lets pages ask first what they may send', async () => {
    const { url } = await startService({ ...SIGNED_IN, ALLOWED_ORIGINS: 'https://app.example.com' })
    const headers = {
      origin: 'https://app.example.com',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    }
    const response = await fetch(`${url}/chat/stream`, { method: 'OPTIONS', headers })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-headers')).toContain('authorization')
    // A page must be able to read why it is refused.
    const refused = await fetch(`${url}/brains`, { headers: { origin: 'https://app.example.com' } })
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
  })

  it('knows the user by the token, whatever user the request names', async () => {
    const { url } = await startService(SIGNED_IN)
    const { body } = await call(`${url}/chat/start`, 'POST', { user_id: 'bob' }, as('ann'))
    expect(body.user_id).toBe('ann')
    const list = async (sub: string) => (await call(`${url}/chat/sessions?user_id=ann`, 'GET', undefined, as(sub))).body
    expect(await list('ann')).toMatchObject({ sessions: [{ session_id: body.session_id }] })
    expect(await list('bob')).toMatchObject({ sessions: [] })
  })

  it('keeps apart what two users call by the same name', async () => {
    const { url } = await startService(SIGNED_IN)
    for (const sub of ['ann', 'bob']) {
      const session = { session_id: 'mine', title: `of ${sub}` }
      expect((await call(`${url}/chat/start`, 'POST', session, as(sub))).body.session_id).toBe('mine')
    }
    for (const sub of ['ann', 'bob']) {
      const { body } = await call(`${url}/chat/sessions/mine`, 'GET', undefined, as(sub))
      expect(body).toMatchObject({ title: `of ${sub}`, user_id: sub })
    }
  })

  it.each([['ß→👩‍👩‍👧'], [' '], ['__proto__'], ['a:b{c}*'], ["'; DROP TABLE session; --"], ['x'.repeat(256)]])(
    'takes %j for a user like any other',
    async (sub) => {
      const { url } = await startService(SIGNED_IN)
      const { body } = await call(`${url}/chat/start`, 'POST', {}, as(sub))
      const { body: found } = await call(`${url}/chat/sessions`, 'GET', undefined, as(sub))
      expect(found).toMatchObject({ sessions: [{ session_id: body.session_id, user_id: sub }] })
    },
  )
})

describe('an admin', () => {
  it('alone may switch the brain', async () => {
    const { url } = await startService(SIGNED_IN)
    const change = (headers: object) => call(`${url}/brain/switch`, 'POST', { brain: 'config' }, headers as never)
    expect(await change({})).toMatchObject({ status: 401 })
    for (const role of [undefined, 'user', 'Admin', ['admin'], true, { admin: true }]) {
      const refused = await change(as('ann', role === undefined ? {} : { role }))
      expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden', retryable: false } })
    }
    expect(await change(as('ann', { role: 'admin' }))).toMatchObject({ status: 200, body: { success: true } })
  })

  it('is everyone while the service is open', async () => {
    const { url } = await startService()
    expect((await call(`${url}/brain/switch`, 'POST', { brain: 'config' })).status).toBe(200)
  })
})

const startAs = async (url: string, sub: string) =>
  (await call(`${url}/chat/start`, 'POST', {}, as(sub))).body.session_id as string

/** A reply in the middle, to a reader whose token lasts so many seconds. */
async function speak(body: object, seconds: number) {
  const hand = byHand()
  const { url, app } = await startWithProvider(hand.script, SIGNED_IN)
  const session_id = await startAs(url, 'ann')
  const headers = { ...bearer(tokenUntil('ann', seconds)), accept: 'text/event-stream' }
  const stream = await openStream(`${url}/chat/stream`, { session_id, message: 'Hello', ...body }, headers)
  const reply = await hand.next()
  reply.say('One, ')
  return { url, app, stream, reply, turnId: stream.headers['x-turn-id'] as string }
}

describe('a token whose time ends', () => {
  it('sends the reader away and leaves the turn alone, and a new token resumes', async () => {
    const { url, stream, reply, turnId } = await speak({}, 1)
    const [first] = await stream.take(1)
    const [dismissal, ...more] = await stream.rest()
    expect(dismissal).toEqual({
      id: null,
      data: {
        error: expect.any(String),
        code: 'unauthorized',
        retryable: false,
        turn_id: turnId,
        partial_text: 'One, ',
      },
    })
    expect(more).toEqual([])
    const again = await openStream(`${url}/chat/turns/${turnId}/stream`, undefined, {
      ...as('ann'),
      'last-event-id': first!.id,
    })
    reply.say('two.')
    reply.finish()
    const frames = await again.rest()
    expect(frames.map(({ data }) => data.token ?? data.full_text)).toEqual(['two.', 'One, two.'])
  })

  it('is no leaving of its reader’s: a turn that would be stopped by that goes on', async () => {
    const { url, stream, reply, turnId } = await speak({ on_disconnect: 'stop' }, 1)
    expect((await stream.rest()).at(-1)?.data).toMatchObject({ code: 'unauthorized' })
    reply.say('two.')
    reply.finish()
    const state = async () => (await call(`${url}/chat/turns/${turnId}`, 'GET', undefined, as('ann'))).body
    await expect.poll(state).toMatchObject({ state: 'done', text: 'One, two.' })
  })

  it('reaches a reader that does not read, once it reads again', async () => {
    const { stream, reply } = await speak({}, 1)
    stream.pause()
    reply.say(...Array.from({ length: 8_000 }, () => 'x'.repeat(1_000)))
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    stream.resume()
    const frames = await stream.rest()
    expect(frames.at(-1)?.data).toMatchObject({ code: 'unauthorized' })
    expect(frames.filter(({ data }) => 'code' in data)).toHaveLength(1)
  })

  it('does not touch a stream that ends before, nor one whose token lasts for years', async () => {
    const year = await speak({}, 10 * 365 * 86_400)
    year.reply.finish()
    expect((await year.stream.rest()).at(-1)?.data).toMatchObject({ done: true })
  })

  it('refuses an answer that is waited for as a whole, with 401', async () => {
    const hand = byHand()
    const { url } = await startWithProvider(hand.script, SIGNED_IN)
    const session_id = await startAs(url, 'ann')
    const headers = bearer(tokenUntil('ann', 1))
    const asked = call(`${url}/chat/message`, 'POST', { session_id, message: 'Hello' }, headers)
    const reply = await hand.next()
    reply.say('One, ')
    expect(await asked).toMatchObject({ status: 401, body: { code: 'unauthorized' } })
    reply.finish()
  })
})

describe('a service that is open', () => {
  it('minds no token, and says that nobody is signed in', async () => {
    const { url } = await startService()
    const headers = { authorization: 'Bearer x' }
    await startSession(url)
    expect((await call(`${url}/chat/sessions`, 'GET', undefined, headers)).body).toMatchObject({ sessions: [{}] })
    expect((await call(`${url}/api/status`, 'GET', undefined, headers)).body).toMatchObject({ authenticated: false })
  })
})

describe('a token that is very large', () => {
  it('is refused like any other, or with the head that it is in', async () => {
    const { url } = await startService(SIGNED_IN)
    expect((await answer(`${url}/brains`, bearer('x'.repeat(8_000))))[0]).toBe(401)
    const sent = request(`${url}/brains`, { headers: bearer('x'.repeat(20_000)) }).end()
    const status = await new Promise((resolve) => sent.on('response', ({ statusCode }) => resolve(statusCode)))
    expect(status).toBe(400)
    // Such a token can be valid: what its user does is not refused for its size.
    expect((await answer(`${url}/brains`, as('ann', { groups: 'x'.repeat(8_000) })))[0]).toBe(200)
  })
})
