/** Readers that do not read cost little, and those that do are not kept waiting. */
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { byHand } from '#test/provider/by-hand.ts'
import { startOpenAIProvider } from '#test/provider/openai.ts'
import { type Frame, startSession, toProviderEnv } from '#test/helper.ts'
import { startServer } from '#test/process.ts'
import { STORES } from '#test/stores/each.ts'
import { webSocket } from '#test/transports/clients.ts'
import { getTurn } from './conversation.ts'
import { attach, parseBare } from './reading.ts'

/** Half of them by SSE, half by WebSocket. */
const SILENT = 200
const GOOD = 10
/** 6 MB: sockets take some 2.5 MB that nobody reads before they refuse more. */
const TOKENS = Array.from({ length: 3_000 }, (_, index) => `${index} `.padEnd(2_000, 'x'))

/** What the others cost who read, with room to spare; the text, kept for each silent reader, would be 700 more. */
const MOST_MEGABYTES = 600

async function megabytesOf(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)![1]) / 1024
}

/** Says this on a connection of its own, and never reads what comes. */
function attachSilently(url: string, said: (string | Uint8Array)[]): Promise<Socket> {
  const { port, hostname } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    socket.pause()
    socket.once('error', reject)
    socket.write(Buffer.concat(said.map((bytes) => Buffer.from(bytes))), () => resolve(socket))
  })
}

function attachStream(url: string, path: string): Promise<Socket> {
  return attachSilently(url, [`GET ${path} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n\r\n`])
}

/** The upgrade, and behind it the frame that asks for the turn: what a client sends it may send at once. */
function attachSocket(url: string, turnId: string): Promise<Socket> {
  const key = randomBytes(16).toString('base64')
  const head = ['GET /ws HTTP/1.1', `Host: ${new URL(url).host}`, 'Connection: Upgrade', 'Upgrade: websocket']
  const upgrade = [...head, 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`, '', ''].join('\r\n')
  const text = Buffer.from(JSON.stringify({ event: 'chat_resume', data: { turn_id: turnId } }))
  // A text frame of less than 126 bytes, masked with zeros.
  return attachSilently(url, [upgrade, Uint8Array.of(0x81, 0x80 | text.length, 0, 0, 0, 0), text])
}

function half<T>(count: number, attachOne: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count / 2 }, attachOne))
}

function expectWhole(frames: Frame[]): void {
  expect(frames.slice(0, -1).map(({ data }) => data.token)).toEqual(TOKENS)
  expect(frames.at(-1)!.data).toMatchObject({ done: true, tokens: TOKENS.length })
}

/** Redis where there is one: the text goes there, too. */
const store = STORES.at(-1)!

describe.runIf(process.platform === 'linux')(`two hundred readers that never read, on ${store.name},`, () => {
  it('cost a bounded memory, and the others get all of a long text', async () => {
    const hand = byHand()
    const provider = await startOpenAIProvider({ script: hand.script })
    onTestFinished(() => provider.close())
    const limits = { RATE_LIMIT_PER_MINUTE: '0', MAX_TURNS_PER_USER: '0', MAX_SOCKETS_PER_IP: '1000' }
    const server = await startServer({ ...toProviderEnv(provider), ...(await store.env()), ...limits })
    const { url, pid } = server
    const session_id = await startSession(url)
    const speaking = attach({ url: `${url}/chat/stream`, body: { session_id, message: 'Hi' } })
    const reply = await hand.next()
    const turnId = `${session_id}.1`
    const path = `/chat/turns/${turnId}/stream`

    const good = half(GOOD, () => attach({ url: url + path }))
    const goodSockets = await half(GOOD, async () => (await webSocket.connect(url)).follow(turnId))
    const silent = [
      ...(await half(SILENT, () => attachStream(url, path))),
      ...(await half(SILENT, () => attachSocket(url, turnId))),
    ]
    onTestFinished(() => silent.forEach((socket) => void socket.destroy()))
    const openFiles = async () => (await readdir(`/proc/${pid}/fd`)).length
    await vi.waitFor(async () => expect(await openFiles()).toBeGreaterThan(SILENT + GOOD), { timeout: 10_000 })
    const before = await megabytesOf(pid, 'VmRSS')

    for (let index = 0; index < TOKENS.length; index += 50) {
      reply.say(...TOKENS.slice(index, index + 50))
      await reply.exchange.flushed()
    }
    reply.finish()
    for (const { bytes, isWhole } of [await speaking, ...(await good)]) {
      expectWhole(parseBare(bytes))
      expect(isWhole).toBe(true)
    }
    for (const reading of goodSockets) expectWhole(await reading.rest())
    expect((await megabytesOf(pid, 'VmHWM')) - before, 'megabytes').toBeLessThan(MOST_MEGABYTES)
    expect(await getTurn(url, turnId)).toMatchObject({ state: 'done', tokens: TOKENS.length })

    const held = await openFiles()
    for (const socket of silent) socket.resetAndDestroy()
    await vi.waitFor(async () => expect(await openFiles()).toBeLessThanOrEqual(held - SILENT), { timeout: 5_000 })
  })
})
