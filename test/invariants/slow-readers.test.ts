/** Readers that do not read cost little, and those that do are not kept waiting. */
import { readdir, readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { byHand } from '#test/provider/by-hand.ts'
import { startOpenAIProvider } from '#test/provider/openai.ts'
import { startSession, toProviderEnv } from '#test/helper.ts'
import { startServer } from '#test/process.ts'
import { getTurn } from './conversation.ts'
import { attach, parseBare } from './reading.ts'

const SILENT = 100
const GOOD = 5
/** 12 MB: sockets take some 2.5 MB that nobody reads before they refuse more. */
const TOKENS = Array.from({ length: 6_000 }, (_, index) => `${index} `.padEnd(2_000, 'x'))

/** What the others cost who read, with room to spare; the text, kept for each silent reader, would be 900 more. */
const MOST_MEGABYTES = 600

async function megabytesOf(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)![1]) / 1024
}

/** Asks for a stream and never reads what comes. */
function attachSilently(url: string, path: string): Promise<Socket> {
  const { port, hostname } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.pause()
    socket.once('error', reject)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`, () => resolve(socket))
  })
}

describe.runIf(process.platform === 'linux')('a hundred readers that never read', () => {
  it('cost a bounded memory, and the others get all of a long text', { timeout: 30_000 }, async () => {
    const hand = byHand()
    const provider = await startOpenAIProvider({ script: hand.script })
    onTestFinished(() => provider.close())
    const limits = { RATE_LIMIT_PER_MINUTE: '0', MAX_TURNS_PER_USER: '0' }
    const server = await startServer({ ...toProviderEnv(provider), ...limits })
    const { url, pid } = server
    const session_id = await startSession(url)
    const speaking = attach({ url: `${url}/chat/stream`, body: { session_id, message: 'Hi' } })
    const reply = await hand.next()
    const path = `/chat/turns/${session_id}.1/stream`

    const good = Array.from({ length: GOOD }, () => attach({ url: url + path }))
    const silent = await Promise.all(Array.from({ length: SILENT }, () => attachSilently(url, path)))
    onTestFinished(() => silent.forEach((socket) => void socket.destroy()))
    const openFiles = async () => (await readdir(`/proc/${pid}/fd`)).length
    await vi.waitFor(async () => expect(await openFiles()).toBeGreaterThan(SILENT + GOOD), { timeout: 10_000 })
    const before = await megabytesOf(pid, 'VmRSS')

    for (let index = 0; index < TOKENS.length; index += 50) {
      reply.say(...TOKENS.slice(index, index + 50))
      await reply.exchange.flushed()
    }
    reply.finish()
    for (const { bytes, isWhole } of await Promise.all([speaking, ...good])) {
      const frames = parseBare(bytes)
      expect(frames.slice(0, -1).map(({ data }) => data.token)).toEqual(TOKENS)
      expect(frames.at(-1)!.data).toMatchObject({ done: true, tokens: TOKENS.length })
      expect(isWhole).toBe(true)
    }
    expect((await megabytesOf(pid, 'VmHWM')) - before, 'megabytes').toBeLessThan(MOST_MEGABYTES)
    expect(await getTurn(url, `${session_id}.1`)).toMatchObject({ state: 'done', tokens: TOKENS.length })

    const held = await openFiles()
    for (const socket of silent) socket.resetAndDestroy()
    await vi.waitFor(async () => expect(await openFiles()).toBeLessThanOrEqual(held - SILENT), { timeout: 5_000 })
  })
})
