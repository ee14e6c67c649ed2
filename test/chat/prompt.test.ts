import { describe, expect, it } from 'vitest'
import type { Brain, BrainMessage } from '#src/chat/brain.ts'
import type { Message, Role } from '#src/chat/message.ts'
import { toRequest } from '#src/chat/prompt.ts'

const persona = { id: 'p', description: '', style: '', prompt: 'Be brief.' }
const limits = { maxHistoryMessages: 50, maxReplyTokens: 10, maxReplyChars: 1_000 }

function toBrain(contextWindow: number): Brain {
  return {
    id: 'b',
    model: 'm',
    contextWindow: () => contextWindow,
    paceMs: 0,
    firstTokenTimeoutMs: null,
    estimateTokens: (text) => text.length,
    stream: async () => {},
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

const image = (name: number) => ({ url: `https://images.example.com/${name}.png` })
const showing = (...names: number[]) => ({ role: 'user', content: 'See', images: names.map(image) }) as const
const reply = { role: 'assistant', content: 'Nice' } as const
const none = undefined
const shown = (history: BrainMessage[], contextWindow = 100_000) =>
  toRequest(1, persona, history, toBrain(contextWindow), 'm', limits).messages.map(({ images }) => images)

function askWith(history: string, instructions: string) {
  return toRequest(1, persona, toHistory(history), toBrain(40), 'm', limits, instructions)
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

  it('follows the persona with what this turn alone is told, and leaves it room', () => {
    expect(askWith('u:Hi', 'Speak Dutch.').system).toBe('Be brief.\n\nSpeak Dutch.')
    expect(askWith('u:Hi', '').system).toBe('Be brief.')
    // 40 − 10 for the reply − 23 for the system prompt = 7
    expect(askWith('u:One a:Two u:Three', 'Speak Dutch.').messages).toEqual([{ role: 'user', content: 'Three' }])
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

  describe('with images', () => {
    it('shows the latest five, with the messages that they came with', () => {
      const history = [showing(1, 2, 3), reply, showing(4), reply, showing(5, 6), reply, showing(7)]
      expect(shown(history)).toEqual([[image(3)], none, [image(4)], none, [image(5), image(6)], none, [image(7)]])
      expect(shown([showing(1), reply, showing(2, 3, 4, 5, 6)])[0]).toBeUndefined()
    })

    it('shows those of messages that are joined together', () => {
      expect(shown([showing(1), showing(2), reply, showing(3)])).toEqual([[image(1), image(2)], none, [image(3)]])
    })

    it('leaves them room', () => {
      expect(shown([showing(1), reply, showing(2)], 3000)).toEqual([[image(2)]])
      expect(shown([showing(1), reply, showing(2)], 4000)).toEqual([[image(1)], none, [image(2)]])
    })
  })
})
