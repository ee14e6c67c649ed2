/** Persona and history become the request to a brain. */
import type { Brain, BrainMessage, BrainRequest } from './brain.ts'
import type { Message } from './message.ts'
import type { Persona } from './persona.ts'

export interface PromptLimits {
  /** Messages of the history, the new one included. */
  maxHistoryMessages: number
  maxReplyTokens: number
}

/**
 * @param turn the turn's number
 * @param history what stands, oldest first, ending with the user's new message
 */
export function toRequest(
  turn: number,
  persona: Persona,
  history: Message[],
  brain: Brain,
  model: string,
  limits: PromptLimits,
): BrainRequest {
  const maxTokens = Math.min(limits.maxReplyTokens, Math.floor(brain.contextWindow / 2))
  const room = brain.contextWindow - maxTokens - brain.estimateTokens(persona.prompt)
  const recent = history.slice(-limits.maxHistoryMessages)
  const messages = toAlternating(recent.slice(firstThatFits(recent, brain, room)))
  return { model, turn, persona: persona.id, system: persona.prompt, messages, maxTokens }
}

/** The newest message always goes: a provider that finds it too long says so itself. */
function firstThatFits(messages: Message[], brain: Brain, room: number): number {
  let left = room
  for (let index = messages.length - 1; index >= 0; index--) {
    left -= brain.estimateTokens(messages[index]!.content)
    if (left < 0) return Math.min(index + 1, messages.length - 1)
  }
  return 0
}

/**
 * Providers want the user first and then the roles in turn. A failed turn leaves two user messages in a row: they are
 * joined, for both were said. A history cut in the middle can begin with a reply: it is left out.
 */
function toAlternating(messages: Message[]): BrainMessage[] {
  const alternating: BrainMessage[] = []
  for (const { role, content } of messages) {
    const last = alternating.at(-1)
    if (!last && role === 'assistant') continue
    if (last?.role === role) last.content += `\n\n${content}`
    else alternating.push({ role, content })
  }
  return alternating
}
