/** A client, a service, and a provider whose replies the test says itself. */
import { onTestFinished, vi } from 'vitest'
import { type Client, type ClientOptions, createClient, type Reply, type ReplyFrame } from '#src/client/index.ts'
import { type Service, startWithProvider } from '#test/helper.ts'
import { byHand, type Hand } from '#test/provider/by-hand.ts'
import type { Provider } from '#test/provider/provider.ts'
import { type Network, startNetwork } from './proxy.ts'

export const TRANSPORTS = ['sse', 'websocket'] as const

/** A client that is closed when the test ends. */
export function openClient(baseUrl: string, options: ClientOptions = {}): Client {
  const client = createClient({ baseUrl, ...options })
  onTestFinished(() => client.close())
  return client
}

export interface Talk extends Service {
  client: Client
  network: Network
  provider: Provider
  hand: Hand
  sessionId: string
}

/** A client behind a network that can be cut, with a session. */
export async function startTalk(options: ClientOptions = {}, env: Record<string, string> = {}): Promise<Talk> {
  const hand = byHand()
  const service = await startWithProvider(hand.script, env)
  const network = await startNetwork(service.url)
  const client = openClient(network.url, options)
  const { session_id: sessionId } = await client.start({ persona: 'default' })
  return { ...service, client, network, hand, sessionId }
}

/** A talk in the middle of a reply, whose first words have been read. */
export async function startSpeaking(options: ClientOptions = {}) {
  const talk = await startTalk(options)
  const reply = talk.client.send(talk.sessionId, 'Hi')
  const frames = reply[Symbol.asyncIterator]()
  const said = await talk.hand.next()
  said.say('One ')
  await untilSaid(frames, reply, 'One ')
  return { ...talk, reply, frames, said }
}

/** Every frame to the end. */
export async function readAll(reply: Reply): Promise<ReplyFrame[]> {
  const frames: ReplyFrame[] = []
  for await (const frame of reply) frames.push(frame)
  return frames
}

/** The tokens of frames as one text. */
export function toText(frames: ReplyFrame[]): string {
  return frames.map(({ token = '' }) => token).join('')
}

/** Iterates until the reply's text is this. What comes later is for the next one who asks. */
export async function untilSaid(frames: AsyncIterator<ReplyFrame>, reply: Reply, text: string): Promise<void> {
  while (!reply.text.endsWith(text)) {
    const { done } = await frames.next()
    if (done) throw new Error(`The reply ended as "${reply.text}"`)
  }
}

/** A clock for everybody who looks at it from now on: it goes on as clocks do, and can be put forward as by a sleep. */
export function startClock(): { sleep(milliseconds: number): void } {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now(), shouldAdvanceTime: true })
  onTestFinished(() => void vi.useRealTimers())
  return { sleep: (milliseconds) => void vi.setSystemTime(Date.now() + milliseconds) }
}
