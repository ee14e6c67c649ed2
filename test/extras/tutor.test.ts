/** What language and level add to a tutor's prompt. */
import { describe, expect, it } from 'vitest'
import { toLevel, toTutorInstructions } from '#src/extras/tutor.ts'

describe('toLevel', () => {
  it.each([
    ['A1', 'A1'],
    ['b2', 'B2'],
    ['C2', 'C2'],
    ['beginner', 'A1'],
    ['Intermediate', 'B1'],
    ['ADVANCED', 'C1'],
  ])('takes %s for %s', (difficulty, level) => {
    expect(toLevel(difficulty)).toBe(level)
  })

  it.each(['', 'A3', 'A1 ', 'hard', 'constructor', '__proto__', 'toString', 'a1\n'])('refuses "%s"', (difficulty) => {
    expect(() => toLevel(difficulty)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })
})

describe('toTutorInstructions', () => {
  it('names the language, whether it came as a name or as a tag', () => {
    for (const [sent, named] of [
      ['Spanish', 'Spanish'],
      ['es', 'Spanish'],
      ['pt_BR', 'Brazilian Portuguese'],
      ['es-419', 'Latin American Spanish'],
      ['Chinese (Mandarin)', 'Chinese (Mandarin)'],
      ['日本語', '日本語'],
      ['xx-12', 'xx-12'],
    ] as const) {
      expect(toTutorInstructions(sent, undefined)).toContain(`"${named}"`)
    }
  })

  it('says what the level asks of the tutor', () => {
    expect(toTutorInstructions(undefined, 'A1')).toMatch(/level is A1, a beginner/)
    expect(toTutorInstructions('German', 'C1').split('\n')).toEqual([
      expect.stringContaining('"German"'),
      expect.stringContaining('C1'),
    ])
  })

  it('is empty where nothing is known', () => {
    expect(toTutorInstructions(undefined, undefined)).toBe('')
  })
})
