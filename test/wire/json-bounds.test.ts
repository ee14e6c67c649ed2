/** What JSON may hold is counted before it is parsed, however it comes in. */
import { describe, expect, it } from 'vitest'
import { JsonBounds } from '#src/wire/json-bounds.ts'
import { withSeed } from '#test/random.ts'

/** Cuts a text into pieces of these sizes, again and again. */
function check(text: string, sizes = [65_536]): void {
  const bounds = new JsonBounds()
  const bytes = Buffer.from(text)
  for (let at = 0, piece = 0; at < bytes.length; piece++) {
    const size = sizes[piece % sizes.length]!
    bounds.push(bytes.subarray(at, at + size))
    at += size
  }
}

const list = (count: number, item: string) => `[${Array(count).fill(item).join(',')}]`

describe('JSON', () => {
  it('may be nested 100 levels deep', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      check(`${open.repeat(100)}1${close.repeat(100)}`)
      expect(() => check(`${open.repeat(101)}1${close.repeat(101)}`)).toThrow('at most 100 levels deep')
    }
    check(list(5_000, '[[[]]]'))
  })

  it.each(['1', '""', 'null', '{}', '[]', '{"a":1}'])('may hold 50,000 values: %s', (item) => {
    const perItem = /^[{[]/.test(item) ? 2 : 1
    check(list(50_000 / perItem, item))
    expect(() => check(list(50_000 / perItem + 1, item))).toThrow('at most 50,000 values')
  })

  it('may hold anything in its texts', () => {
    const text = JSON.stringify(`${'[{,'.repeat(50_000)}\\`)
    check(`{"a":${text},"b":[${text}]}`)
  })

  it('is judged alike wherever it is cut', () =>
    withSeed(async (random) => {
      const texts = ['\\', '"', '\\"', '\\\\', '[{,', '😀', 'é"\\', '']
      const value = (depth: number): unknown => {
        if (depth === 0) return random.pick(texts)
        const inner = value(depth - 1)
        return random.next() < 0.5 ? [inner, random.pick(texts)] : { [random.pick(texts)]: inner }
      }
      for (let round = 0; round < 200; round++) {
        const sizes = Array.from({ length: 5 }, () => random.integer(1, 7))
        const levels = random.integer(95, 105)
        const json = JSON.stringify(value(levels))
        if (levels <= 100) check(json, sizes)
        else expect(() => check(json, sizes), JSON.stringify({ levels, sizes })).toThrow('levels')
      }
    }))
})
