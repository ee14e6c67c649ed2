/** Whoever saw `done` finds the same reply after the process was killed at that very moment. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { startOpenAIProvider, says } from '#test/provider/openai.ts'
import type { Frame, Stream } from '#test/helper.ts'
import { startSession, toProviderEnv } from '#test/helper.ts'
import { startServer } from '#test/process.ts'
import { STORES } from '#test/stores/each.ts'
import { ask, follow, getTurn, last, NEGOTIATED, send, transcript, turnIdOf } from './conversation.ts'

const ROUNDS = 2
const REPLY = 'Whatever you do, 火 🔥, keep breathing.'

async function startProvider() {
  const provider = await startOpenAIProvider({ script: says(REPLY, { delayMs: 3 }) })
  onTestFinished(() => provider.close())
  return provider
}

/** Reads until `done` and calls `onDone` with nothing in between. */
async function readUntilDone(stream: Stream, onDone: () => void): Promise<Frame> {
  for (;;) {
    const [frame] = await stream.take(1)
    if (!frame) throw new Error(`The stream ended without done: ${stream.raw}`)
    if (!frame.data.done) continue
    onDone()
    return frame
  }
}

describe.each(STORES)('whoever saw done, on $name,', (store) => {
  it('finds the same reply after kill -9 at that very moment', async () => {
    const provider = await startProvider()
    const env = { ...toProviderEnv(provider), ...(await store.lastingEnv()) }
    let server = await startServer(env)
    const sessionId = await startSession(server.url)
    const said: string[] = []
    for (let round = 1; round <= ROUNDS; round++) {
      const stream = await send(server.url, sessionId, `Round ${round}`, {}, NEGOTIATED)
      const killed = server
      const done = await readUntilDone(stream, () => killed.kill('SIGKILL'))
      expect(await server.exited).toBeNull()
      said.push(`user complete: Round ${round}`, `assistant complete: ${done.data.full_text as string}`)

      server = await startServer(env)
      expect(done.data.full_text).toBe(REPLY)
      expect(await transcript(server.url, sessionId)).toEqual(said)
      const turnId = turnIdOf(stream)
      expect(await getTurn(server.url, turnId)).toMatchObject({ state: 'done', text: REPLY, offset: done.id })
      const again = await (await follow(server.url, turnId, '', NEGOTIATED)).rest()
      expect(again.at(-1)).toEqual(done)
      expect(last(again)).toMatchObject({ finish_reason: 'stop', input_tokens: 7, output_tokens: 3 })
    }
  })

  it('finds it also who got the answer whole, in many sessions at once', async () => {
    const provider = await startProvider()
    const env = { ...toProviderEnv(provider), ...(await store.lastingEnv()) }
    const server = await startServer(env)
    const sessions = await Promise.all(Array.from({ length: 20 }, () => startSession(server.url)))
    const answered: string[] = []
    const answers = sessions.map(async (sessionId) => {
      const { body } = await ask(server.url, sessionId, 'Ready?')
      if (body.message !== REPLY) return
      answered.push(sessionId)
      // In the middle of the others' ends.
      if (answered.length === 5) server.kill('SIGKILL')
    })
    await Promise.allSettled(answers)
    expect(await server.exited).toBeNull()

    const { url } = await startServer(env)
    expect(answered.length).toBeGreaterThanOrEqual(5)
    for (const sessionId of answered) {
      expect(await transcript(url, sessionId)).toEqual(['user complete: Ready?', `assistant complete: ${REPLY}`])
    }
  })
})
