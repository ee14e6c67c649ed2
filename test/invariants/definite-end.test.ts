/** Every turn has a definite end: kill -9 at any moment, and after a restart its readers, its history and its session know how it stands. */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { byHand } from '#test/provider/by-hand.ts'
import { startOpenAIProvider, says } from '#test/provider/openai.ts'
import type { Script } from '#test/provider/provider.ts'
import { type Frame, type Json, openStream, startSession, toProviderEnv, toText } from '#test/helper.ts'
import { startServer } from '#test/process.ts'
import { type Random, withSeed } from '#test/random.ts'
import { STORES } from '#test/stores/each.ts'
import {
  ask,
  follow,
  getTurn,
  history,
  last,
  NEGOTIATED,
  send,
  transcript,
  turnIdOf,
  untilEnded,
} from './conversation.ts'

const ROUNDS = 2
const SESSIONS = 12

/** What was shown longer ago than this when the process is killed must have been kept: 25 ms, and what a busy machine adds. */
const KEPT_AFTER_MS = 500

const WORDS = Array.from({ length: 400 }, (_, index) => (index % 7 === 0 ? `🔥${index} ` : `word${index} `))

async function startProvider(script: Script) {
  const provider = await startOpenAIProvider({ script })
  onTestFinished(() => provider.close())
  return provider
}

/** Replies of 1 to 400 words, at 1 to 8 ms a word, a third of them late in beginning. */
function saysAtRandom(random: Random): Script {
  return (exchange) => {
    const words = WORDS.slice(0, 1 + Math.floor(random.next() ** 3 * WORDS.length))
    const pauseMs = random.next() < 0.3 ? random.integer(0, 300) : 0
    const before = async (index: number) => {
      if (index === 1) await delay(pauseMs, undefined, { signal: exchange.signal })
    }
    return says(words, { delayMs: random.integer(1, 8), before })(exchange)
  }
}

interface Witnessed {
  sessionId: string
  turnId: string
  message: string
  frames: (Frame & { at: number })[]
}

/** Talks in a session until the service is gone, and remembers each turn that was accepted. */
async function talk(url: string, sessionId: string, witnessed: Witnessed[]): Promise<void> {
  for (let count = 1; ; count++) {
    const message = `Message ${count}`
    const stream = await openStream(`${url}/chat/stream`, { session_id: sessionId, message }, NEGOTIATED)
    const turn: Witnessed = { sessionId, turnId: turnIdOf(stream), message, frames: [] }
    witnessed.push(turn)
    for (;;) {
      const [frame] = await stream.take(1)
      if (!frame) break
      turn.frames.push({ ...frame, at: performance.now() })
    }
    if (!last(turn.frames).done) return
  }
}

async function checkTurn(url: string, turn: Witnessed, killedAt: number): Promise<string> {
  const { turnId, sessionId, frames, message } = turn
  const tokens = frames.filter(({ data }) => data.token !== undefined)
  const shown = toText(tokens)
  const longShown = toText(tokens.filter(({ at }) => at < killedAt - KEPT_AFTER_MS))
  const stands = await getTurn(url, turnId)
  const text = stands.text as string
  const whole = WORDS.join('')
  expect(whole.startsWith(text), 'what is kept is what was said').toBe(true)
  expect(text.startsWith(longShown), `kept "${text.slice(-40)}", shown long before "${longShown.slice(-40)}"`).toBe(
    true,
  )
  expect(stands.state).toMatch(last(frames).done ? /^done$/ : /^(done|interrupted)$/)
  expect(stands.ended_at).not.toBeNull()

  const replay = await (await follow(url, turnId, '', NEGOTIATED)).rest()
  const end = last(replay)
  expect(toText(replay)).toBe(text)
  expect(end).toMatchObject(
    stands.state === 'done'
      ? { done: true, full_text: text }
      : { code: 'interrupted', retryable: true, partial_text: text, turn_id: turnId },
  )
  expect(replay.filter(({ data }) => data.token === undefined)).toHaveLength(1)
  expect(replay.at(-1)!.id).toBe(stands.offset)

  // From where the reader was, even ahead of what was kept, come the rest and the end.
  const offset = frames.at(-1)?.id
  if (offset && !last(frames).done) {
    const resumed = await (await follow(url, turnId, '', { ...NEGOTIATED, 'last-event-id': offset })).rest()
    expect(shown + toText(resumed)).toBe(shown.length > text.length ? shown : text)
    expect(resumed.at(-1)).toEqual(replay.at(-1))
    const counted = await (await follow(url, turnId, `?after_count=${tokens.length}`)).rest()
    expect(counted.map(({ data }) => data)).toEqual(resumed.map(({ data }) => data))
  }

  const said = (await history(url, sessionId)).filter(({ turn_id }) => turn_id === turnId)
  const status = stands.state === 'done' ? 'complete' : 'interrupted'
  expect(said).toMatchObject([
    { role: 'user', content: message, status: 'complete' },
    ...(text ? [{ role: 'assistant', content: text, status }] : []),
  ])
  return stands.state as string
}

describe.each(STORES)('a turn whose process is killed, on $name,', (store) => {
  it('has a definite end after the restart, wherever the kill came', () =>
    withSeed(async (random) => {
      const provider = await startProvider(saysAtRandom(random))
      const env = { ...toProviderEnv(provider), ...(await store.lastingEnv()) }
      const states: string[] = []
      let server = await startServer(env)
      for (let round = 1; round <= ROUNDS; round++) {
        const { url, exited } = server
        const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => startSession(url)))
        const witnessed: Witnessed[] = []
        const talks = sessions.map((sessionId) => talk(url, sessionId, witnessed))
        // So that both are seen: a turn that had ended, and, as each goes on to talk, turns that had not.
        if (round === 1) await expect.poll(() => witnessed.some(({ frames }) => last(frames).done)).toBe(true)
        await delay(random.integer(30, 900))
        const killedAt = performance.now()
        server.kill('SIGKILL')
        await Promise.allSettled(talks)
        await exited

        await store.checkWhole(env)
        server = await startServer(env)
        await Promise.all(witnessed.map(({ turnId }) => untilEnded(server.url, turnId)))
        for (const turn of witnessed) states.push(await checkTurn(server.url, turn, killedAt))
        const again = sessions.map((sessionId) => ask(server.url, sessionId, 'And now?', { brain: 'config' }))
        expect((await Promise.all(again)).map(({ status }) => status)).toEqual(sessions.map(() => 200))
      }
      // The kills came while something ran.
      expect(states.filter((state) => state === 'interrupted').length).toBeGreaterThan(ROUNDS)
      expect(states).toContain('done')
    }))

  it('is interrupted with no reply when nothing had been said', async () => {
    const hand = byHand()
    const provider = await startProvider(hand.script)
    const env = { ...toProviderEnv(provider), ...(await store.lastingEnv()) }
    const first = await startServer(env)
    const sessionId = await startSession(first.url)
    const stream = await send(first.url, sessionId, 'Ready?')
    await hand.next()
    first.kill('SIGKILL')
    await stream.ended

    const { url } = await startServer(env)
    const turnId = turnIdOf(stream)
    await untilEnded(url, turnId)
    expect(await getTurn(url, turnId)).toMatchObject({ state: 'interrupted', text: '', code: 'interrupted' })
    const end: Json = { code: 'interrupted', partial_text: '', turn_id: turnId, retryable: true }
    expect((await (await follow(url, turnId)).rest()).map(({ data }) => data)).toMatchObject([end])
    expect(await transcript(url, sessionId)).toEqual(['user complete: Ready?'])
    const again = ask(url, sessionId, 'Hello?')
    ;(await hand.next()).finish()
    expect(await again).toMatchObject({ status: 200 })
  })

  it('gives a reader that is ahead of what was kept just the end', async () => {
    const hand = byHand()
    const provider = await startProvider(hand.script)
    const env = { ...toProviderEnv(provider), ...(await store.lastingEnv()) }
    const first = await startServer(env)
    const sessionId = await startSession(first.url)
    const stream = await send(first.url, sessionId, 'Ready?', {}, NEGOTIATED)
    const reply = await hand.next()
    reply.say('a ', 'b ')
    const [, frame] = await stream.take(2)
    first.kill('SIGKILL')
    await stream.ended

    const { url } = await startServer(env)
    const turnId = turnIdOf(stream)
    await untilEnded(url, turnId)
    const ahead = frame!.id!.replace(/2$/, '9')
    const end = { code: 'interrupted', turn_id: turnId }
    const resumed = await (await follow(url, turnId, '', { ...NEGOTIATED, 'last-event-id': ahead })).rest()
    expect(resumed.map(({ data }) => data)).toMatchObject([end])
    expect(resumed[0]!.id! > ahead).toBe(true)
    expect(last(await (await follow(url, turnId, `?after_count=9`)).rest())).toMatchObject(end)
    const over = await follow(url, turnId, '', { ...NEGOTIATED, 'last-event-id': resumed[0]!.id })
    expect(over.status).toBe(204)
    // A send that is sent again reads on in the same way.
    const joined = await send(url, sessionId, 'Ready?', {}, { ...NEGOTIATED, 'last-event-id': ahead })
    expect((await joined.rest()).map(({ data }) => data)).toMatchObject([end])
    expect(provider.requests).toHaveLength(1)
  })
})
