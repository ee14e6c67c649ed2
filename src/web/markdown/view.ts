/**
 * Markdown that is shown while it is written. Finished blocks are never touched again, so that a token costs what its
 * own block does, however long the reply is.
 */
import { type Block, cut, isCode, toCode } from './blocks.ts'
import { type CodeBlock, createCodeBlock, highlight, wrapCode } from './code.ts'
import { toFragment } from './fragment.ts'
import { mend } from './mend.ts'
import { morphChildren, writeText } from './morph.ts'

/** Milliseconds between two paints at least: more often nobody sees. */
const MIN_PAUSE_MS = 50

/** Of the time at most a fifth is spent on painting. */
const PAUSE_PER_COST = 4

export class MarkdownView {
  readonly #root: HTMLElement
  /** What all finished blocks were made of. */
  #finished = ''
  /** What is known of the open block beside its source. */
  #known: Omit<Block, 'source'> = {}
  readonly #open = document.createElement('div')
  /** The open block, when it is code, and its text. */
  #codeBlock: CodeBlock | null = null
  #codeText: Text | null = null
  readonly #cursor = createCursor()
  #wanted = ''
  #timer: ReturnType<typeof setTimeout> | undefined
  #paintAt = 0

  constructor(root: HTMLElement) {
    this.#root = root
    this.#open.className = 'open'
    root.append(this.#open)
  }

  /** Shows text that has grown, soon. */
  write(text: string): void {
    // First words do not wait: without them a bubble is empty.
    const pause = this.#wanted === '' ? 0 : Math.max(0, this.#paintAt - performance.now())
    this.#wanted = text
    this.#timer ??= setTimeout(() => this.#paintSoon(), pause)
  }

  /** Shows the whole text, now: nothing more comes. */
  finish(text: string): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#cursor.remove()
    const source = normalise(text)
    if (!source.startsWith(this.#finished)) this.#reset()
    this.#advance(source)
    this.#settle(this.#toOpen(source))
    this.#finished = source
    this.#clearOpen()
    this.#open.remove()
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #paintSoon(): void {
    this.#timer = undefined
    const begin = performance.now()
    this.#paint(normalise(this.#wanted))
    const end = performance.now()
    this.#paintAt = end + Math.max(MIN_PAUSE_MS, (end - begin) * PAUSE_PER_COST)
  }

  #paint(source: string): void {
    this.#cursor.remove()
    if (!this.#open.isConnected) this.#root.append(this.#open)
    if (source.length < this.#finished.length) this.#reset()
    this.#advance(source)
    const open = this.#toOpen(source)
    if (isCode(open.source)) this.#paintCode(open.source)
    else this.#paintText(open)
    toWriting(this.#open)?.append(this.#cursor)
  }

  #toOpen(source: string): Block {
    return { source: source.slice(this.#finished.length), ...this.#known }
  }

  /** Moves what can change no more out of the open block. */
  #advance(source: string): void {
    const { finished, open } = cut(this.#toOpen(source))
    if (finished.length === 0) return
    const { source: rest, ...known } = open
    for (const block of finished) this.#settle(block)
    this.#finished = source.slice(0, source.length - rest.length)
    this.#known = known
  }

  #settle(block: Block): void {
    const code = toCode(block.source)
    if (code) return this.#settleCode(code.text, code.language)
    const fragment = toFragment(block)
    wrapCode(fragment, { isFinished: true })
    for (const node of Array.from(fragment.childNodes)) {
      // What is there as it shall be only moves.
      const shown = this.#open.firstChild
      this.#open.before(shown?.isEqualNode(node) ? shown : node)
      if (shown?.parentNode === this.#open) shown.remove()
    }
  }

  #settleCode(text: string, language: string): void {
    const { element, code } = this.#codeBlock ?? createCodeBlock(language)
    this.#clearOpen()
    code.textContent = text
    this.#open.before(element)
    void highlight(code, language)
  }

  #clearOpen(): void {
    this.#codeBlock = null
    this.#codeText = null
    this.#open.replaceChildren()
  }

  #reset(): void {
    this.#finished = ''
    this.#known = {}
    this.#root.replaceChildren(this.#open)
    this.#clearOpen()
  }

  #paintText(open: Block): void {
    if (this.#codeBlock) this.#clearOpen()
    const fragment = toFragment({ ...open, source: mend(open.source) })
    wrapCode(fragment, { isFinished: false })
    morphChildren(this.#open, fragment)
  }

  /** Open code is text that grows. */
  #paintCode(source: string): void {
    const firstEnd = source.indexOf('\n')
    if (firstEnd < 0) return
    if (!this.#codeText) {
      const language = /^ *[`~]+ *([\w+#.-]*)/.exec(source)?.[1] ?? ''
      this.#codeBlock = createCodeBlock(language)
      this.#codeText = document.createTextNode('')
      this.#codeBlock.code.append(this.#codeText)
      this.#open.replaceChildren(this.#codeBlock.element)
    }
    // What may be the end of it is held back.
    const held = /\n? {0,3}[`~]*$/.exec(source.slice(-16))?.[0].length ?? 0
    writeText(this.#codeText, source.slice(firstEnd + 1, source.length - held))
  }
}

function createCursor(): HTMLElement {
  const cursor = document.createElement('span')
  cursor.className = 'cursor'
  return cursor
}

/** What text ends, and is not text itself. */
const HOLDERS = 'ul, ol, li, p, blockquote, .code, pre, pre > code, table, tbody, tr, td'

/** Where the next word comes. */
function toWriting(open: HTMLElement): Element | null {
  let at = open.lastElementChild ?? open.previousElementSibling
  for (;;) {
    const inner = at?.lastElementChild
    if (!at || !inner?.matches(HOLDERS) || isBehind(at.lastChild, inner)) return at
    at = inner
  }
}

/** Whether there is text behind an element. */
function isBehind(last: ChildNode | null, element: Element): boolean {
  return last !== element && last?.textContent?.trim() !== ''
}

function normalise(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
}
