/** Exact replay as a property: 100 readers of one turn on each store, each cut at random bytes and coming back by random ways. */
import { describe, expect, it } from 'vitest'
import { says } from '#test/provider/openai.ts'
import { type Frame, type Json, startSession, toProviderEnv, toText } from '#test/helper.ts'
import { createRandom, type Random, withSeed } from '#test/random.ts'
import { STORES } from '#test/stores/each.ts'
import { asks, history, send, turnIdOf } from './conversation.ts'
import { type Attach, attach, CUTS, parseBare, parseNegotiated, startUnlimited } from './reading.ts'

/** On each store. */
const READERS = 100
const TOKENS = 300
const MESSAGE = 'Say "data: 🎈"!\r\n\r\nid: 7'

/** What breaks streams that are put together from strings: line ends, field names, and characters of many bytes. */
const PIECES = [
  ['\n', '\r', '\r\n', '\n\n', '\r\n\r\n', 'data: ', 'data: {"done":true}\n\n', 'id: 9\n', ': ping\n\n', 'event: x\n'],
  [
    '😀',
    '👩‍👩‍👧‍👦',
    '🇩🇪',
    '漢字かな交じり文',
    '한국어',
    'שָׁלוֹם',
    'é',
    'e\u0301',
    '\u2028',
    '\u2029',
    '\uFEFF',
    '\u0000',
    '\u001b[0m',
  ],
  ['"', '\\', '\\n', '\\u0000', '</script>', '[DONE]', '%00', ' ', '\t', 'word ', 'Another, longer word. '],
].flat()

function toTokens(random: Random): string[] {
  const token = () => Array.from({ length: random.integer(1, 4) }, () => random.pick(PIECES)).join('')
  // Some are long, so that the text is more than a socket is given at once.
  return Array.from({ length: TOKENS }, (_, index) => token().repeat(index % 40 === 7 ? random.integer(400, 1_000) : 1))
}

/** The ways to come back. Each is asked for the next request, given what the reader has. */
type Way = (turn: At, seen: Frame[]) => Attach

interface Turn {
  /** The nodes: each way is tried on any of them. */
  urls: string[]
  sessionId: string
  turnId: string
}

interface At extends Omit<Turn, 'urls'> {
  url: string
}

const SSE = { accept: 'text/event-stream' }

const toLastEventId = (seen: Frame[]): Record<string, string> =>
  seen.length === 0 ? {} : { 'last-event-id': seen.at(-1)!.id! }

const toPost = ({ url, sessionId }: At, more: Json = {}): { url: string; body: Json } => ({
  url: `${url}/chat/stream`,
  body: { session_id: sessionId, message: MESSAGE, ...more },
})

const NEGOTIATED_WAYS: Way[] = [
  ({ url, turnId }, seen) => ({
    url: `${url}/chat/turns/${turnId}/stream`,
    headers: { ...SSE, ...toLastEventId(seen) },
  }),
  ({ url, turnId }, seen) => ({
    url: `${url}/chat/turns/${turnId}/stream${seen.length === 0 ? '' : `?after=${seen.at(-1)!.id}`}`,
    headers: SSE,
  }),
  (turn, seen) => ({ ...toPost(turn, { client_message_id: 'm1' }), headers: { ...SSE, ...toLastEventId(seen) } }),
  (turn, seen) => ({
    ...toPost(turn, seen.length === 0 ? { client_message_id: 'm1' } : {}),
    headers: { ...SSE, ...toLastEventId(seen) },
  }),
]

const BARE_WAY: Way = ({ url, turnId }, seen) => ({
  url: `${url}/chat/turns/${turnId}/stream?after_count=${seen.length}`,
})

/** Reads a turn to its end over cuts at any byte, and throws when an attach is not what it must be. */
async function readOverCuts(turn: Turn, random: Random): Promise<Frame[]> {
  const isBare = random.next() < 0.25
  const parse = isBare ? parseBare : parseNegotiated
  const seen: Frame[] = []
  let cuts = random.integer(1, 6)
  while (seen.at(-1)?.data.done !== true) {
    const way = isBare ? BARE_WAY : random.pick(NEGOTIATED_WAYS)
    // Now and then the cut comes before anything of the body, or just after the end.
    const cut =
      cuts-- > 0
        ? { afterBytes: random.integer(0, random.pick([700, 4_000, 30_000, 300_000])), how: random.pick(CUTS) }
        : undefined
    const part = await attach(way({ ...turn, url: random.pick(turn.urls) }, seen), cut)
    // Too much was going on for a command of the store's: come back.
    if (part.status === 503) continue
    if (part.status !== 200) throw new Error(`got ${part.status} after ${seen.length} events`)
    if (!cut && !part.isWhole) throw new Error('the stream was cut by the server')
    seen.push(...parse(part.bytes))
  }
  if (isBare) return seen
  const { status, bytes } = await attach(random.pick(NEGOTIATED_WAYS)({ ...turn, url: random.pick(turn.urls) }, seen))
  expect([status, bytes.length], 'what a reader gets that has all').toEqual([204, 0])
  return seen
}

describe.each(STORES)('exact replay, on $name,', (store) => {
  it('gives each of 100 readers every event once and in order, wherever they are cut', () =>
    withSeed(async (random, seed) => {
      const tokens = toTokens(random)
      const env = await store.env()
      const { url, provider } = await startUnlimited(says(tokens, { delayMs: 4 }), env)
      const urls = [url]
      if (store.isShared) urls.push((await startUnlimited(undefined, { ...env, ...toProviderEnv(provider) })).url)
      const sessionId = await startSession(url)
      const first = await send(url, sessionId, MESSAGE, { client_message_id: 'm1' }, SSE)
      const turn = { urls, sessionId, turnId: turnIdOf(first) }
      const readers = await Promise.all(
        Array.from({ length: READERS }, (_, index) => readOverCuts(turn, createRandom(seed + index))),
      )

      const whole = await first.rest()
      const ids = whole.map(({ id }) => id!)
      expect(toText(whole)).toBe(tokens.join(''))
      expect(whole.map(({ data }) => data.count ?? 'done')).toEqual([...tokens.map((_, index) => index + 1), 'done'])
      expect(ids).toEqual([...new Set(ids)].toSorted())
      const bare = whole.map(({ data }) => ({ id: null, data }))
      for (const [index, seen] of readers.entries()) {
        expect(seen, `reader ${index}`).toEqual(seen[0]?.id === null ? bare : whole)
      }
      const [, reply] = await history(url, sessionId)
      expect(reply).toMatchObject({ role: 'assistant', status: 'complete', content: tokens.join('') })
      expect(asks(provider)).toBe(1)
    }))
})
