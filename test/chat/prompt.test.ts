import { describe, expect, it } from 'vitest'
import type { Brain } from '#src/chat/brain.ts'
import type { Message, Role } from '#src/chat/message.ts'
import { toRequest } from '#src/chat/prompt.ts'

const persona = { id: 'p', description: '', style: '', prompt: 'Be brief.' }
const limits = { maxHistoryMessages: 50, maxReplyTokens: 10 }

function toBrain(contextWindow: number): Brain {
  return {
    id: 'b',
    model: 'm',
    contextWindow,
    paceMs: 0,
    firstTokenTimeoutMs: null,
    estimateTokens: (text) => text.length,
    async *stream() {},
    price: () => null,
    check: async () => {},
  }
}

/** `u:Hi a:Hello` */
function toHistory(said: string): Message[] {
  return said.split(' ').map((line) => {
    const role: Role = line.startsWith('u') ? 'user' : 'assistant'
    const content = line.slice(2)
    return {
      messageId: '',
      turnId: '',
      role,
      content,
      status: 'complete',
      createdAt: 0,
      brain: null,
      model: null,
      alternatives: [],
    }
  })
}

function ask(
  said: string,
  { contextWindow = 1000, ...some }: { contextWindow?: number; maxHistoryMessages?: number } = {},
) {
  const request = toRequest(1, persona, toHistory(said), toBrain(contextWindow), 'm', { ...limits, ...some })
  return request.messages
    .map(({ role, content }) => `${role[0]}:${content}`)
    .join(' ')
    .replaceAll('\n\n', '+')
}

describe('toRequest', () => {
  it('says what was said, under the persona', () => {
    expect(ask('u:Hi a:Hello u:So?')).toBe('u:Hi a:Hello u:So?')
    expect(toRequest(1, persona, toHistory('u:Hi'), toBrain(1000), 'm', limits)).toMatchObject({
      system: 'Be brief.',
      model: 'm',
      maxTokens: 10,
    })
  })

  it('joins what a failed turn left unanswered', () => {
    expect(ask('u:One u:Two a:Both u:Three')).toBe('u:One+Two a:Both u:Three')
  })

  it('takes at most so many messages and begins with the user', () => {
    expect(ask('u:1 a:2 u:3 a:4 u:5', { maxHistoryMessages: 4 })).toBe('u:3 a:4 u:5')
    expect(ask('u:1 a:2 u:3', { maxHistoryMessages: 1 })).toBe('u:3')
  })

  it('leaves out the oldest that the context window has no room for', () => {
    // 40 − 10 for the reply − 9 for the system prompt = 21
    expect(ask('u:aaaaaaaaaa a:bbbbbbbbbb u:cccccccccc a:d u:eeeee', { contextWindow: 40 })).toBe(
      'u:cccccccccc a:d u:eeeee',
    )
  })

  it('sends the new message even when it alone has no room', () => {
    expect(ask(`u:1 a:2 u:${'x'.repeat(100)}`, { contextWindow: 40 })).toBe(`u:${'x'.repeat(100)}`)
  })
})
