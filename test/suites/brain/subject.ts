/** What the brain contract suite is run against, and how it reads a brain. */
import { onTestFinished } from 'vitest'
import type { Brain, BrainPart, BrainRequest, Usage } from '#src/chat/brain.ts'
import type { Dialect } from '#test/provider/dialect.ts'
import { startProvider, type Provider } from '#test/provider/provider.ts'
import { answers, sends } from '#test/provider/scripts.ts'

export interface BrainSubject {
  name: string
  dialect: Dialect
  /** Default 1: cuts are made at every byte. More for a wire that another brain's suite cuts at every byte. */
  step?: number
  /** Makes the brain, with any key, against that base URL. */
  makeBrain(baseURL: string): Brain
}

export interface Reading {
  /** One array per chunk. */
  chunks: BrainPart[][]
  text: string
  usage: Usage
  finish: Extract<BrainPart, { type: 'finish' }> | undefined
  /** What the brain threw; undefined when it ended well. */
  error: unknown
}

/** Deeply frozen: a brain has no business in changing what it is asked. */
export function toRequest(message = 'Say something.', fields: Partial<BrainRequest> = {}): BrainRequest {
  const messages = [
    { role: 'user', content: 'Hello.' },
    { role: 'assistant', content: 'Good evening.' },
    { role: 'user', content: message },
  ] as const
  return Object.freeze({
    model: 'a-model',
    turn: 1,
    persona: 'default',
    system: 'You are terse.',
    messages: Object.freeze(messages.map((each) => Object.freeze({ ...each }))) as BrainRequest['messages'],
    maxTokens: 321,
    ...fields,
  })
}

/** Reads a reply to its end, be it good or bad. `onChunk` is called after each chunk. */
export async function read(
  brain: Brain,
  request: BrainRequest,
  signal: AbortSignal,
  onChunk: (parts: BrainPart[]) => void = () => {},
): Promise<Reading> {
  const reading: Reading = {
    chunks: [],
    text: '',
    usage: { inputTokens: null, outputTokens: null },
    finish: undefined,
    error: undefined,
  }
  try {
    await brain.stream(request, signal, (parts) => {
      reading.chunks.push(parts)
      for (const part of parts) add(reading, part)
      onChunk(parts)
    })
  } catch (error) {
    reading.error = error
  }
  return reading
}

function add(reading: Reading, part: BrainPart): void {
  if (part.type === 'token') reading.text += part.text
  if (part.type === 'finish') reading.finish = part
  if (part.type !== 'usage') return
  reading.usage.inputTokens = part.inputTokens ?? reading.usage.inputTokens
  reading.usage.outputTokens = part.outputTokens ?? reading.usage.outputTokens
}

/** The brain before a provider of its own, both gone when the test is over. */
export async function setUp(subject: BrainSubject): Promise<{ brain: Brain; provider: Provider }> {
  const { dialect } = subject
  const provider = await startProvider({
    script: sends(dialect.encode({ deltas: ['Hello', ' there!'] }).frames, { apart: true }),
    scriptCheck: answers(200, dialect.checkBody),
  })
  onTestFinished(() => provider.close())
  return { brain: subject.makeBrain(provider.url + dialect.basePath), provider }
}

/** A signal that nobody aborts. */
export function never(): AbortSignal {
  return new AbortController().signal
}

/** Runs `task` for 0 … count - 1, sixteen at a time. */
export async function forEachIndex(count: number, task: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await task(next++)
  }
  await Promise.all(Array.from({ length: 16 }, worker))
}
