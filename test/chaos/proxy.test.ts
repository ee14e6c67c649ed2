import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startWay } from './proxy.ts'

/** Resolves when a socket is closed, also by an error. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()))
}

async function ask(socket: Socket, text: string): Promise<string> {
  socket.write(text)
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  return bytes.toString()
}

/** A server that says back what it hears, a way to it, and a client at the other end. */
async function startEcho() {
  const heard: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      heard.push(bytes.toString())
      socket.write(bytes)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const way = await startWay((server.address() as AddressInfo).port)
  onTestFinished(async () => {
    await way.close()
    server.close()
  })
  const open = (): Socket => {
    const socket = connect(way.port, '127.0.0.1')
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
    return socket
  }
  return { way, open, heard }
}

describe('a way', () => {
  it('passes on both directions, and the end of one of them alone', async () => {
    const { open } = await startEcho()
    const socket = open()
    expect(await ask(socket, 'Hi')).toBe('Hi')
    socket.end()
    await once(socket, 'end')
  })

  it('that is cut resets what is there, and lets new connections through', async () => {
    const { way, open } = await startEcho()
    const socket = open()
    await ask(socket, 'Hi')
    way.cut()
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
    expect(await ask(open(), 'again')).toBe('again')
    way.refuse(true)
    await closed(open())
  })

  it('that is mute lets questions through and no answers, until it is mended and the connection breaks', async () => {
    const { way, open, heard } = await startEcho()
    const socket = open()
    await ask(socket, 'Hi')
    way.mute()
    let isAnswered = false
    socket.on('data', () => (isAnswered = true))
    socket.write('lost')
    await expect.poll(() => heard).toContain('lost')
    way.unmute()
    await closed(socket)
    expect(isAnswered).toBe(false)
    expect(await ask(open(), 'again')).toBe('again')
  })

  it('that is mute and deaf loses questions, too', async () => {
    const { way, open, heard } = await startEcho()
    const socket = open()
    await ask(socket, 'Hi')
    way.mute({ isDeaf: true })
    socket.write('lost')
    way.unmute()
    await closed(socket)
    expect(heard).toEqual(['Hi'])
  })

  it('that is slow keeps the order', async () => {
    const { way, open } = await startEcho()
    const socket = open()
    way.slow(20)
    await ask(socket, 'first ')
    let text = ''
    socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
    for (const word of ['one ', 'two ', 'three']) socket.write(word)
    way.slow(0)
    await expect.poll(() => text).toBe('one two three')
  })
})
