/**
 * Makes half-written Markdown look as it will: what was opened is closed, and what is not yet known to be a mark or a
 * word is held back, so that nothing appears that turns into something else a moment later.
 */

/** A last line that may still become a list item, a heading, a rule or a fence. */
const UNDECIDED_LINE = /(^|\n)[ \t]*(?:[-*_+#>=~`|][-*_+#>=~`|: \t]*|\d{1,9}[.)]?[ \t]*)$/

/** The first line of what may become a table, until its second one is whole. */
const UNDECIDED_TABLE = /(^|\n\n)[ \t]*\|[^\n]*(?:\n[ \t|:-]*)?$/

/** A link or an image whose address is not whole: its text is shown. */
const OPEN_ADDRESS = /!?\[([^[\]\n]*)\]\([^()\s]*(?:\s[^()\n]*)?$/
const OPEN_LABEL = /!?\[([^[\]\n]*)$/

/** A line that begins something of its own: marks do not reach from before. */
const BEGINNING = /^[ \t]*(?:$|#|>|\||(?:[-*+]|\d{1,9}[.)])[ \t])/

const FENCE = /^[ \t>]*(?:`{3,}|~{3,})/gm

/** How far back something can be open. */
const MAX_REACH = 4_000

/** @param source a block that is not finished, and no code */
export function mend(source: string): string {
  const reach = Math.max(0, source.length - MAX_REACH)
  const before = source.slice(0, reach)
  const decided = source.slice(reach).replace(UNDECIDED_TABLE, '$1').replace(UNDECIDED_LINE, '$1')
  // A list or a quotation with code in it that is not closed.
  if (isInCode(before + decided)) return before + decided
  const near = decided.replace(OPEN_ADDRESS, '$1').replace(OPEN_LABEL, '$1')
  const start = toParagraphStart(near)
  return before + near.slice(0, start) + closeMarks(near.slice(start))
}

function isInCode(source: string): boolean {
  return (source.match(FENCE)?.length ?? 0) % 2 === 1
}

function toParagraphStart(text: string): number {
  let end = text.trimEnd().length
  while (end > 0) {
    const start = text.lastIndexOf('\n', end - 1) + 1
    if (BEGINNING.test(text.slice(start, end))) return start
    end = start - 1
    if (text[end - 1] === '\n') return start
  }
  return 0
}

const MARK = /\\[^]|(`+|\*+|_+|~~)/g

interface Opened {
  char: string
  length: number
}

/** Closes code, emphasis and strike-through; a mark at the very end has not said yet what it is. */
function closeMarks(paragraph: string): string {
  const text = paragraph.replace(/(?:[*_`]+|~+|\\)$/, '')
  const opened: Opened[] = []
  MARK.lastIndex = toItemStart(text)
  for (let match = MARK.exec(text); match; match = MARK.exec(text)) {
    const [, run] = match
    if (!run) continue
    if (run.startsWith('`')) {
      const end = findRun(text, run, MARK.lastIndex)
      if (end < 0) return text + run + toClosers(opened)
      MARK.lastIndex = end
    } else {
      note(opened, run, text[match.index - 1] ?? ' ', text[MARK.lastIndex] ?? ' ')
    }
  }
  return opened.length === 0 ? text : text.trimEnd() + toClosers(opened)
}

/** Behind the mark of a list item, which is none of emphasis. */
function toItemStart(text: string): number {
  return /^[ \t]*[-*+][ \t]/.exec(text)?.[0].length ?? 0
}

/** Where code ends that was opened by this run; -1 when it does not. */
function findRun(text: string, run: string, from: number): number {
  for (let at = text.indexOf(run, from); at >= 0; at = text.indexOf(run, at)) {
    let end = at
    while (text[end] === '`') end++
    if (end - at === run.length) return end
    at = end
  }
  return -1
}

function note(opened: Opened[], run: string, before: string, after: string): void {
  const char = run[0]!
  let { length } = run
  const isInWord = char === '_' && /\w/.test(before) && /\w/.test(after)
  if (isInWord) return
  while (length > 0 && !/\s/.test(before) && opened.at(-1)?.char === char) {
    const last = opened.at(-1)!
    const closed = Math.min(last.length, length)
    length -= closed
    last.length -= closed
    if (last.length === 0) opened.pop()
  }
  if (length > 0 && !/\s/.test(after)) opened.push({ char, length })
}

function toClosers(opened: Opened[]): string {
  return opened.reduceRight((closers, { char, length }) => closers + char.repeat(length), '')
}
