/** A body that is refused costs little, whatever it holds. */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { io } from 'socket.io-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { call, startService, startSession } from '#test/helper.ts'

const HEADERS = { 'content-type': 'application/json' }

const MEGABYTE = 1024 * 1024

const fill = (item: string, bytes: number) => `${`${item},`.repeat(bytes / (item.length + 1))}${item}`

const HEAVY: [string, string, string, string][] = [
  ['/v1/chat/completions', '{"model":"calm_coach","messages":[', '{}', ']}'],
  ['/v1/chat/completions', '{"model":"calm_coach","messages":[', '{"role":"user","content":"a"}', ']}'],
  ['/v1/chat/completions', '{"model":"calm_coach","messages":[{"role":"user","content":[', '{"type":"text"}', ']}]}'],
  ['/api/chat', '{"id":"a","messages":[', '{}', ']}'],
  ['/api/chat', '{"id":"a","messages":[{"role":"user","parts":[', '[]', ']}]}'],
  ['/api/chat', '{"id":"a","more":[', '1', ']}'],
]

describe('a body of eight megabytes', () => {
  it.each(HEAVY)('is refused without being parsed: %s %s%s', async (path, beginning, item, end) => {
    const { url } = await startService()
    // Cut off, it would be refused as no JSON if it were parsed.
    const cut = beginning + fill(item, 8 * MEGABYTE - 1_000)
    for (const body of [cut, cut + end]) {
      // A client that reads no answer before it has sent all, and asks for nothing more.
      const sending = httpRequest(url + path, { method: 'POST', headers: HEADERS, agent: false }).end(body)
      const [answer] = (await once(sending, 'response')) as [IncomingMessage]
      expect(answer.statusCode).toBe(400)
      expect(await text(answer)).toContain('JSON may hold at most 50,000 values.')
    }
  })

  it('is taken where it is one long text', async () => {
    const { url } = await startService({ MAX_MESSAGE_CHARS: '0' })
    const content = 'a [{,'.repeat(1_000_000)
    const { status } = await call(`${url}/v1/chat/completions`, 'POST', {
      model: 'calm_coach',
      messages: [
        { role: 'user', content },
        { role: 'assistant', content: 'Hm.' },
        { role: 'user', content: 'Hi' },
      ],
    })
    expect(status).toBe(200)
  })
})

it('holds little more than a body, in however small chunks it comes', async () => {
  const { url } = await startService()
  const before = process.memoryUsage.rss()
  const sending = httpRequest(`${url}/v1/chat/completions`, { method: 'POST', headers: HEADERS, agent: false })
  sending.flushHeaders()
  const [raw] = (await once(sending, 'socket')) as [Socket]
  const chunks = Buffer.from('1\r\n \r\n'.repeat(10_000))
  for (let count = 0; count < 200; count++) if (!raw.write(chunks)) await once(raw, 'drain')
  raw.write('0\r\n\r\n')
  const [answer] = (await once(sending, 'response')) as [IncomingMessage]
  expect(answer.statusCode).toBe(400)
  answer.destroy()
  expect(process.memoryUsage.rss() - before).toBeLessThan(300 * MEGABYTE)
})

const said = (count: number) => Array.from({ length: count }, () => ({ role: 'user', content: 'a' }))
const parts = (count: number) => Array.from({ length: count }, () => ({ type: 'text', text: 'a' }))

describe('a conversation', () => {
  it.each([
    ['10,000 messages', said(10_000), 200],
    ['10,001 messages', said(10_001), 400],
    ['1,000 parts', [{ role: 'user', content: parts(1_000) }], 200],
    ['1,001 parts', [{ role: 'user', content: parts(1_001) }], 400],
  ])('of %s: %#', async (_what, messages, status) => {
    const { url } = await startService()
    const answer = await call(`${url}/v1/chat/completions`, 'POST', { model: 'calm_coach', messages })
    expect(answer.status).toBe(status)
  })
})

it('lets a client that was refused send its next request on the same connection', async () => {
  const { url } = await startService()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const heavy = `[${fill('{}', MEGABYTE / 2)}]`
  const statuses: (number | undefined)[] = []
  for (const [type, body] of [
    ['application/json', heavy],
    ['application/json', '{}'],
    ['application/xml', heavy],
    ['application/json', '{}'],
  ] as const) {
    const sending = httpRequest(`${url}/chat/start`, { method: 'POST', headers: { 'content-type': type }, agent })
    const [answer] = (await once(sending.end(body), 'response')) as [IncomingMessage]
    await text(answer)
    statuses.push(answer.statusCode)
  }
  expect(statuses).toEqual([400, 200, 415, 200])
})

it('a body of another type that holds too much is refused for its type', async () => {
  const { url } = await startService()
  const headers = { 'content-type': 'application/xml' }
  const answer = await call(`${url}/chat/start`, 'POST', `[${fill('{}', MEGABYTE / 2)}]`, headers)
  expect(answer.status).toBe(415)
  expect(await startSession(url)).toBeTruthy()
})

it('data of a Socket.IO event that is nested deep is refused, or not looked into', async () => {
  const { url } = await startService()
  const socket = io(url, { transports: ['websocket'] })
  onTestFinished(() => void socket.close())
  let deep: unknown = 1
  for (let level = 0; level < 3_000; level++) deep = [deep]
  for (const field of ['message', 'images', 'partial', 'after', 'session_id', 'pace_ms']) {
    const answer: unknown = await socket.emitWithAck('chat_stream', { message: 'Hi', [field]: deep })
    expect(answer, field).toMatchObject({ code: 'invalid_request' })
  }
  for (const [event, field] of [
    ['chat_resume', 'turn_id'],
    ['chat_resume', 'after_count'],
    ['chat_stop', 'turn_id'],
    ['auth', 'token'],
  ] as const) {
    const answer: unknown = await socket.emitWithAck(event, { turn_id: 'a.1', [field]: deep })
    expect(answer, `${event} ${field}`).toMatchObject({ code: 'invalid_request' })
  }
  expect(await socket.emitWithAck('ping', deep)).toEqual({})
})
