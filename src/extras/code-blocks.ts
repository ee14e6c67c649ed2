/** The fenced code blocks of a reply in Markdown. */

export interface CodeBlock {
  /** The word after the opening fence, in lower case; `text` where there is none. */
  language: string
  code: string
}

const FENCE = /^[ \t]*(`{3,}|~{3,})([^`]*)$/

/** In their order. One that a cut reply left open counts, with what is there of it. */
export function findCodeBlocks(text: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  let fence = ''
  let language = ''
  let lines: string[] = []
  const close = () => {
    blocks.push({ language, code: lines.join('\n') })
    fence = ''
    lines = []
  }
  for (const line of text.split(/\r?\n/)) {
    const [, marks = '', info = ''] = FENCE.exec(line) ?? []
    if (fence === '' && marks) {
      fence = marks
      language = info.trim().split(/\s/, 1)[0]?.toLowerCase() || 'text'
    } else if (fence !== '') {
      if (marks.startsWith(fence) && info.trim() === '') close()
      else lines.push(line)
    }
  }
  if (fence !== '') close()
  return blocks
}
