/** Markdown while it is written: what is finished stays as it is, and what is open looks as it will. */
import { Marked } from 'marked'
import { describe, expect, it } from 'vitest'
import { type Block, cut, isCode, MAX_BLOCK, toCode } from '#src/web/markdown/blocks.ts'
import { mend } from '#src/web/markdown/mend.ts'
import { createRandom } from '#test/random.ts'

const marked = new Marked({ gfm: true, breaks: true })

const PIECES = [
  '# A heading\n\n',
  'Setext\n===\n\n',
  'A paragraph with **bold** and `code`,\nand a second line.\n\n',
  '- one\n- two\n  - nested **three**\n\n  more of two\n- four\n\n',
  'Text and at once\n- a\n- b\n\n',
  '1. first\n2. second\n\n   ```js\n   let x = 1\n\n   let y = 2\n   ```\n3. third\n\n',
  '> quoted\n> - a list\n>\n> and more\n\n',
  '```python\ndef f():\n\n    return "```"\n```\n',
  '~~~~\ntildes\n~~~\n~~~~\n\n',
  '| a | b |\n| - | - |\n| 1 | 2 |\n| 3 | 4 |\n\n',
  '---\n\n',
  '    indented code\n\n',
  'A [link](https://example.com/a_b) and ![an image](https://example.com/i.png)\n\n',
]

/** Lists that are cut when they become long. */
const LISTS = [
  `${Array.from({ length: 30 }, (_, index) => `${index + 1}. item ${index + 1}`).join('\n')}\n`,
  `${Array.from({ length: 30 }, (_, index) => `- item ${index + 1}\n  - below\n    and on`).join('\n')}\n`,
]

/** What blocks come to, as one document. */
function toHtml(blocks: Block[]): string {
  return blocks.map(({ source }) => marked.parse(source, { async: false })).join('')
}

/** A list that was cut is one list. */
function join(html: string): string {
  return html.replace(/<\/(ul|ol)>\n<\1(?: start="\d+")?>\n/g, '')
}

function readInPieces(text: string, toLength: () => number): { blocks: Block[]; longestOpen: number } {
  const blocks: Block[] = []
  let open: Block = { source: '' }
  let longestOpen = 0
  for (let at = 0; at < text.length;) {
    const length = toLength()
    open = { ...open, source: open.source + text.slice(at, at + length) }
    at += length
    const found = cut(open)
    blocks.push(...found.finished)
    open = found.open
    longestOpen = Math.max(longestOpen, open.source.length)
  }
  return { blocks: [...blocks, open], longestOpen }
}

describe('a document that is written piece by piece', () => {
  it('is the same document in blocks, wherever the pieces end', () => {
    const random = createRandom(Number(process.env.TEST_SEED) || 7)
    for (let round = 0; round < 60; round++) {
      const text = random.shuffle(PIECES).slice(0, 8).join('')
      const { blocks } = readInPieces(text, () => random.integer(1, 9))
      expect(join(toHtml(blocks)), text).toBe(join(marked.parse(text, { async: false })))
    }
    for (const text of LISTS) {
      const { blocks } = readInPieces(text, () => random.integer(1, 9))
      expect(blocks.length).toBeGreaterThan(2)
      expect(join(toHtml(blocks))).toBe(marked.parse(text, { async: false }))
    }
  })

  it('never has more open than its last block', () => {
    const paragraphs = 'Words and words. '.repeat(10) + '\n\n'
    const { longestOpen } = readInPieces(paragraphs.repeat(100), () => 7)
    expect(longestOpen).toBeLessThan(2 * paragraphs.length + 7)
    const list = Array.from({ length: 500 }, (_, index) => `${index + 1}. an item of a long list\n`).join('')
    expect(readInPieces(list, () => 7).longestOpen).toBeLessThan(600)
  })

  it('goes on counting where a long list was cut, though the author counts 1. 1. 1.', () => {
    const list = Array.from({ length: 40 }, () => '1. the same\n').join('')
    const { blocks } = readInPieces(list, () => 100)
    expect(blocks.length).toBeGreaterThan(2)
    let items = 0
    for (const { source, start } of blocks) {
      expect(start ?? 1).toBe(items + 1)
      items += source.split('1. ').length - 1
    }
    expect(items).toBe(40)
  })

  it('is cut where it is too long to be looked through, in whole characters', () => {
    const text = '😀'.repeat(40_000)
    const { finished, open } = cut({ source: text })
    expect([...finished, open].map(({ source }) => source).join('')).toBe(text)
    for (const { source, isPlain } of finished) {
      expect(source.length).toBeLessThanOrEqual(MAX_BLOCK)
      expect(source.isWellFormed()).toBe(true)
      expect(isPlain).toBe(true)
    }
  })

  it('is cut in bounded time, whatever is in it', () => {
    for (const mark of ['> ', '[', '*a ', '- ', '`', '<a', '\n', '|', '1. ', '#', '&', '![](']) {
      const text = `${mark.repeat(100_000 / mark.length)}\nend\n`
      const { finished, open } = cut({ source: text })
      expect(finished.reduce((sum, { source }) => sum + source.length, open.source.length)).toBeLessThanOrEqual(
        text.length,
      )
    }
  })
})

describe('code', () => {
  it('is code from its first fence on, and finished by its last', () => {
    expect(isCode('```js\nlet x')).toBe(true)
    expect(toCode('```js\nlet x\n```\n')).toEqual({ language: 'js', text: 'let x' })
    expect(cut({ source: '```js\nlet x\n```\nAnd' })).toEqual({
      finished: [{ source: '```js\nlet x\n```\n' }],
      open: { source: 'And' },
    })
    expect(cut({ source: '````\n```\n' }).finished).toEqual([])
  })
})

describe('half-written text', () => {
  it.each([
    ['some **bold', 'some **bold**'],
    ['some **bold*', 'some **bold**'],
    ['some *it', 'some *it*'],
    ['some *it*', 'some *it*'],
    ['***both', '***both***'],
    ['a `co', 'a `co`'],
    ['a ``co`', 'a ``co``'],
    ['~~gone', '~~gone~~'],
    ['**bold and *both', '**bold and *both***'],
    ['2 * 3 * 4', '2 * 3 * 4'],
    ['a snake_case_na', 'a snake_case_na'],
    ['an \\*escaped', 'an \\*escaped'],
    ['a [link', 'a link'],
    ['a [link](https://exa', 'a link'],
    ['an ![image](https://exa', 'an image'],
    ['a [link](https://example.com)', 'a [link](https://example.com)'],
    ['- one\n- **tw', '- one\n- **tw**'],
    ['**never closed\n\nnext', '**never closed\n\nnext'],
  ])('%j is shown as %j', (written, shown) => {
    expect(mend(written)).toBe(shown)
  })

  it.each(['Text\n-', 'Text\n--', 'Text\n1', 'Text\n1.', 'Text\n#', 'Text\n```', 'Text\n>', 'Text\n=='])(
    'holds back what has not said yet what it is: %j',
    (written) => expect(mend(written)).toBe('Text\n'),
  )

  it('holds back a table until it is one', () => {
    expect(mend('| a | b')).toBe('')
    expect(mend('| a | b |\n| -')).toBe('')
    expect(mend('| a | b |\n| - | - |\n| 1')).toBe('| a | b |\n| - | - |\n| 1')
  })

  it('leaves code in a list alone', () => {
    const written = '- a\n  ```\n  **x'
    expect(mend(written)).toBe(written)
  })
})
