/** The contract of `src/chat/brain.ts` for a brain that speaks to a provider. One that does not calls the basics alone. */
import { describe, expect, it } from 'vitest'
import { describeBrainAborts } from './brain/aborts.ts'
import { describeBrainBasics } from './brain/basics.ts'
import { describeBrainFaults } from './brain/faults.ts'
import { never, read, setUp, toRequest, type BrainSubject } from './brain/subject.ts'
import { describeBrainText } from './brain/text.ts'

export { describeBrainBasics } from './brain/basics.ts'
export type { BrainSubject } from './brain/subject.ts'

export function describeBrain(subject: BrainSubject): void {
  const { dialect, name } = subject
  describeBrainBasics(name, async () => (await setUp(subject)).brain)
  describeBrainText(subject)
  describeBrainFaults(subject)
  describeBrainAborts(subject)

  describe(`${name}: the price`, () => {
    it('is unknown for a usage that is', async () => {
      const { brain } = await setUp(subject)
      expect(brain.price(brain.model, { inputTokens: null, outputTokens: null })).toBeNull()
      expect(brain.price('no-such-model', { inputTokens: 1, outputTokens: 1 })).toBeNull()
    })
  })

  describe(`${name}: the request`, () => {
    it('asks for what it was asked for', async () => {
      const { brain, provider } = await setUp(subject)
      const asked = toRequest('What about "data: 🎈"?\r\n', { model: 'another-model', maxTokens: 77 })
      await read(brain, asked, never())
      const { model, system, messages, maxTokens } = asked
      const { body, path } = provider.requests[0]!
      expect(dialect.toAsked(body, path)).toEqual({ model, system, messages, maxTokens, stream: true })
    })

    it('shows the images that it can look at, and leaves out the others', async () => {
      const { brain, provider } = await setUp(subject)
      const inline = { mediaType: 'image/png', data: 'iVBORw0KGgo=' }
      const images = [inline, { url: 'https://images.example.com/cat.webp' }]
      const seen = brain.images === 'all' ? images : brain.images === 'data' ? [inline] : []
      const [first, ...rest] = toRequest().messages
      const showing = { ...first!, images }
      await read(brain, toRequest('', { messages: [showing, ...rest] }), never())
      const { body, path } = provider.requests[0]!
      const shown = seen.length > 0 ? { ...first!, images: seen } : first!
      expect(dialect.toAsked(body, path).messages).toEqual([shown, ...rest])
    })
  })
}
