/** Persona and history become the request to a brain. */
import type { Brain, BrainMessage, BrainRequest } from './brain.ts'
import { keepLatestImages } from './images.ts'
import type { Persona } from './persona.ts'
import type { TurnInput } from './sending.ts'

export interface PromptLimits {
  /** Messages of the history, the new one included. */
  maxHistoryMessages: number
  /** Tokens that a brain is asked to keep to. */
  maxReplyTokens: number
  /** UTF-16 units after which a reply is cut, where its provider does not keep to the tokens. */
  maxReplyChars: number
}

/** The longest token: o200k's longest are runs of 128 spaces. In prose, a token has four characters. */
const CHARS_OF_TOKEN = 128

/** Returns the most characters of so many tokens: a longer text has more of them, whatever the tokenizer. */
export function toMaxChars(tokens: number): number {
  return CHARS_OF_TOKEN * tokens
}

/**
 * @param turn the turn's number
 * @param history what stands, oldest first, ending with the user's new message
 * @param instructions text that follows the persona's prompt in this turn
 */
export function toRequest(
  turn: number,
  persona: Persona,
  history: readonly BrainMessage[],
  brain: Brain,
  model: string,
  limits: PromptLimits,
  instructions?: string,
): BrainRequest {
  const system = instructions ? `${persona.prompt}\n\n${instructions}` : persona.prompt
  const contextWindow = brain.contextWindow(model)
  const maxTokens = Math.min(limits.maxReplyTokens, Math.floor(contextWindow / 2))
  const room = contextWindow - maxTokens - brain.estimateTokens(system)
  const recent = keepLatestImages(history.slice(-limits.maxHistoryMessages))
  const messages = toAlternating(recent.slice(firstThatFits(recent, brain, room)))
  return { model, turn, persona: persona.id, system, messages, maxTokens }
}

/** A turn may ask for a shorter reply; a conversation that it brings is told as far as the brain can listen. */
export function toLimits(
  { maxHistoryMessages, maxReplyTokens, maxReplyChars }: PromptLimits,
  { conversation, maxTokens = Infinity }: TurnInput,
): PromptLimits {
  return {
    maxHistoryMessages: conversation ? conversation.length : maxHistoryMessages,
    maxReplyTokens: Math.min(maxReplyTokens, maxTokens),
    maxReplyChars: Math.min(maxReplyChars, toMaxChars(maxTokens)),
  }
}

/** A large one takes up to 1,600 or so at most providers. */
const TOKENS_OF_IMAGE = 1600

/** The newest message always goes: a provider that finds it too long says so itself. */
function firstThatFits(messages: readonly BrainMessage[], brain: Brain, room: number): number {
  let left = room
  for (let index = messages.length - 1; index >= 0; index--) {
    const { content, images = [] } = messages[index]!
    left -= brain.estimateTokens(content) + images.length * TOKENS_OF_IMAGE
    if (left < 0) return Math.min(index + 1, messages.length - 1)
  }
  return 0
}

/**
 * Providers want the user first and then the roles in turn. A failed turn leaves two user messages in a row: they are
 * joined, for both were said. A history cut in the middle can begin with a reply: it is left out.
 */
function toAlternating(messages: readonly BrainMessage[]): BrainMessage[] {
  const alternating: BrainMessage[] = []
  for (const message of messages) {
    const last = alternating.at(-1)
    if (!last && message.role === 'assistant') continue
    if (last?.role === message.role) join(last, message)
    else alternating.push({ ...message })
  }
  return alternating
}

function join(message: BrainMessage, { content, images = [] }: BrainMessage): void {
  message.content += `\n\n${content}`
  if (images.length > 0) message.images = [...(message.images ?? []), ...images]
}
