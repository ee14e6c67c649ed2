/**
 * The offline brain: answers in the persona's voice from prepared material, with no key, no network and no model. It is
 * what a newcomer meets first, and what everything can be tried and tested with. `config/README.md` shows how to teach
 * it something.
 */
import type { Brain, BrainRequest, Hear } from '#src/chat/brain.ts'
import { composeReply } from './config/reply.ts'

export interface ConfigBrainOptions {
  /** Milliseconds between two words where the send names no pace. The core keeps it, this brain never waits. */
  paceMs: number
  /** The same seed gives the same reply to the same conversation. */
  seed: string | number
}

export function createConfigBrain({ paceMs, seed }: ConfigBrainOptions): Brain {
  return {
    id: 'config',
    model: 'offline',
    contextWindow: () => 8192,
    paceMs,
    firstTokenTimeoutMs: null,
    estimateTokens: (text) => Math.ceil(Buffer.byteLength(text) / 3),
    stream: async (request, signal, hear) => say(request, String(seed), signal, hear),
    price: () => 0,
    check: async () => {},
  }
}

function say(
  { turn, persona, messages, maxTokens }: BrainRequest,
  seed: string,
  signal: AbortSignal,
  hear: Hear,
): void {
  signal.throwIfAborted()
  const words = toWords(composeReply({ seed: `${seed} ${turn}`, persona, messages }))
  for (const text of words.slice(0, maxTokens)) {
    hear([{ type: 'token', text }])
    signal.throwIfAborted()
  }
  const reason = words.length > maxTokens ? 'length' : 'stop'
  hear([{ type: 'finish', reason, raw: reason }])
}

/** Each word with the white space after it, so that together they are the text again. */
function toWords(text: string): string[] {
  return text.match(/^\s+|\S+\s*/g) ?? []
}
