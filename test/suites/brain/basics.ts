/** What holds for every brain, whatever it speaks to. */
import { describe, expect, it } from 'vitest'
import type { Brain, BrainRequest } from '#src/chat/brain.ts'
import { never, read, toRequest } from './subject.ts'

/** `setUp` makes a brain that answers any request well, in at least two tokens. */
export function describeBrainBasics(name: string, setUp: () => Brain | Promise<Brain>): void {
  const make = async (): Promise<{ brain: Brain; request: BrainRequest }> => {
    const brain = await setUp()
    return { brain, request: toRequest('How should I start?', { model: brain.model }) }
  }

  describe(`${name}: every brain`, () => {
    it('says who it is and what it can hold', async () => {
      const { brain } = await make()
      expect(brain.id).toMatch(/^[a-z]{1,32}$/)
      expect(brain.model).not.toBe('')
      expect(brain.contextWindow(brain.model)).toBeGreaterThan(1000)
      expect(brain.paceMs).toBeGreaterThanOrEqual(0)
    })

    it('ends with its only finish part, after tokens that are non-empty strings', async () => {
      const { brain, request } = await make()
      const { chunks, error } = await read(brain, request, never())
      expect(error).toBeUndefined()
      const parts = chunks.flat()
      expect(parts.filter(({ type }) => type === 'finish')).toEqual([parts.at(-1)])
      const tokens = parts.filter((part) => part.type === 'token').map(({ text }) => text)
      expect(tokens.length).toBeGreaterThan(1)
      for (const token of tokens) expect(token).toMatch(/^[^]+$/)
    })

    it('reports usage in whole numbers or not at all', async () => {
      const { brain, request } = await make()
      const { usage } = await read(brain, request, never())
      for (const count of [usage.inputTokens, usage.outputTokens]) {
        expect(count === null || (Number.isSafeInteger(count) && count >= 0)).toBe(true)
      }
    })

    it('answers two at once', async () => {
      const { brain, request } = await make()
      const both = await Promise.all([read(brain, request, never()), read(brain, request, never())])
      for (const { text, finish, error } of both) {
        expect(error).toBeUndefined()
        expect(text).not.toBe('')
        expect(finish?.reason).toBe('stop')
      }
    })

    it('throws the reason of a signal that was aborted before', async () => {
      const { brain, request } = await make()
      const reason = new Error('stopped before')
      const { chunks, error } = await read(brain, request, AbortSignal.abort(reason))
      expect(error).toBe(reason)
      expect(chunks).toEqual([])
    })

    it('throws the reason of a signal that is aborted while it speaks', async () => {
      const { brain, request } = await make()
      const stop = new AbortController()
      const reason = new Error('stopped meanwhile')
      const { chunks, error } = await read(brain, request, stop.signal, () => stop.abort(reason))
      expect(error).toBe(reason)
      expect(chunks).toHaveLength(1)
    })

    it('estimates more tokens for more text', async () => {
      const { brain } = await make()
      expect(brain.estimateTokens('')).toBe(0)
      expect(brain.estimateTokens('word')).toBeGreaterThan(0)
      expect(brain.estimateTokens('word '.repeat(100))).toBeGreaterThanOrEqual(100)
      expect(brain.estimateTokens('日本語'.repeat(100))).toBeGreaterThanOrEqual(300)
    })

    it('is well', async () => {
      const { brain } = await make()
      await expect(brain.check(never())).resolves.toBeUndefined()
    })
  })
}
