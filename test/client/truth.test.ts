/** What a reply makes of frames: nothing twice, no hole, and the end's text is the truth. */
import { expect, it } from 'vitest'
import { json, startStandIn, stream, type Written } from './stand-in.ts'
import { openClient, readAll, toText } from './talk.ts'

const token = (count: number, text: string): Written => [`s.1.1-${count}`, { token: text, count }]
const done = (full_text: string): Written => ['s.1.2-9', { done: true, full_text }]
const failed = (code: string, offset: string | null, more = {}): Written => [
  offset,
  { error: 'No.', code, retryable: true, partial_text: 'On', turn_id: 's.1', ...more },
]

it('a reply is in the end what is kept, whatever was shown', async () => {
  const { url } = await startStandIn(
    stream(token(1, 'One '), token(2, 'two')),
    stream(done('One ')),
    stream(token(1, 'One '), failed('interrupted', 's.1.2-9')),
  )
  const client = openClient(url)
  const reply = client.send('s', 'Hi')
  expect(toText(await readAll(reply))).toBe('One two')
  expect(reply.text).toBe('One ')
  const other = client.send('s', 'Hi')
  await expect(other.done).rejects.toMatchObject({ code: 'interrupted', partialText: 'On' })
  expect(other.text).toBe('On')
})

it('a token that comes twice is heard once, and one that is missing is asked for again', async () => {
  const standIn = await startStandIn(
    stream(token(1, 'a'), token(2, 'b')),
    stream(token(2, 'b'), token(3, 'c'), token(5, 'e'), done('none')),
    stream(token(4, 'd'), token(5, 'e'), done('abcde')),
  )
  const reply = openClient(standIn.url).send('s', 'Hi')
  expect(toText(await readAll(reply))).toBe('abcde')
  expect(standIn.paths).toEqual([
    '/chat/stream',
    '/chat/turns/s.1/stream?after=s.1.1-2',
    '/chat/turns/s.1/stream?after=s.1.1-3',
  ])
})

it('a hole that stays is not asked for for ever', async () => {
  const { url } = await startStandIn(
    stream(token(1, 'a'), token(3, 'c')),
    stream(token(3, 'c'), token(4, 'd'), done('abcd')),
  )
  const reply = openClient(url).send('s', 'Hi')
  expect(await reply.done).toMatchObject({ full_text: 'abcd' })
  expect(reply.text).toBe('abcd')
})

it('a reader that is sent away comes back when it may, or says why it cannot', async () => {
  const returning = await startStandIn(
    stream(token(1, 'a'), failed('draining', null, { retry_after: 0.01 })),
    json(503, { error: 'No.', code: 'draining', retryable: true, retry_after: 0.01 }),
    stream(token(2, 'b'), done('ab')),
  )
  expect(toText(await readAll(openClient(returning.url).send('s', 'Hi')))).toBe('ab')

  const deleted = await startStandIn(stream(token(1, 'a'), failed('session_not_found', null)))
  const reply = openClient(deleted.url).send('s', 'Hi')
  await expect(reply.done).rejects.toMatchObject({ code: 'session_not_found', turnId: 's.1' })
  expect(deleted.asked).toBe(1)
})

it('a reader of a running turn whose events are gone waits for its record to be complete', async () => {
  const turn = { turn_id: 's.1', session_id: 's', brain: 'config', model: 'm', created_at: '', offset: 's.1.2-3' }
  const standIn = await startStandIn(
    stream(token(1, 'a'), failed('turn_expired', null)),
    json(200, { ...turn, state: 'running', text: 'a', ended_at: null }),
    json(200, { ...turn, state: 'stopped', text: 'ab', ended_at: '', finish_reason: 'stopped', tokens: 2 }),
  )
  const reply = openClient(standIn.url).send('s', 'Hi')
  expect(await reply.done).toMatchObject({ full_text: 'ab', tokens: 2, finish_reason: 'stopped' })
  expect(reply.offset).toBe('s.1.2-3')
  expect(standIn.paths.slice(1)).toEqual(['/chat/turns/s.1', '/chat/turns/s.1'])
})
