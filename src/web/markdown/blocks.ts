/**
 * Cuts Markdown that is still being written into blocks that can change no more, and the rest.
 *
 * @see https://spec.commonmark.org/0.31.2/#phase-1-block-structure Only the last block is open after a whole line.
 */
import { Lexer, type Token, type Tokens } from 'marked'

export interface Block {
  source: string
  /** The rest of a list that was cut. */
  isRest?: boolean | undefined
  /** What that begins with when it is ordered, whatever it says: authors count 1. 1. 1., too. */
  start?: number | undefined
  /** Too long to look for marks in it. */
  isPlain?: boolean | undefined
}

export interface Cut {
  finished: Block[]
  /** What is open, from the beginning of its block. */
  open: Block
}

export interface Code {
  language: string
  text: string
}

/** Items of an open list, beyond which those that are finished become a list of their own. */
const MAX_OPEN_ITEMS = 12

/** UTF-16 units of one block, beyond which it is shown as it stands: marks in it can cost the square of its length. */
export const MAX_BLOCK = 20_000

/** Quotations and lists in each other: every level costs a pass over all the others, and a bit of the stack. */
const TOO_DEEP = /^(?:[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])[ \t])){20}/m

/** Whether it can only be shown as it stands. */
export function isTooDeep(source: string): boolean {
  return TOO_DEEP.test(source)
}

function lex(source: string): Token[] {
  return isTooDeep(source) ? [] : new Lexer({ gfm: true, breaks: true }).blockTokens(source)
}

/** Cuts off what can change no more. A line that is not whole decides nothing. */
export function cut({ source, ...first }: Block): Cut {
  const tokens = lex(source.slice(0, source.lastIndexOf('\n') + 1))
  const last = tokens.findLastIndex(({ type }) => type !== 'space')
  const end = last >= 0 && isClosed(tokens[last]!) ? last + 1 : Math.max(0, last)
  const finished: Block[] = []
  let offset = 0
  for (const { type, raw } of tokens.slice(0, end)) {
    if (type !== 'space') finished.push({ source: raw, ...(offset === 0 ? first : {}) })
    offset += raw.length
  }
  const open = { source: source.slice(offset), ...(offset === 0 ? first : {}) }
  const more = cutList(tokens[end], open) ?? cutPlain(open)
  return { finished: [...finished, ...more.finished], open: more.open }
}

/** Whether a whole line was its last. */
function isClosed({ type, raw }: Token): boolean {
  if (type === 'hr' || type === 'heading') return true
  if (type !== 'code') return false
  const fence = /^ {0,3}(`{3,}|~{3,})/.exec(raw)?.[1]
  const last = /\n {0,3}([`~]+) *\n*$/.exec(raw)?.[1]
  return fence !== undefined && last !== undefined && last.startsWith(fence)
}

function cutList(token: Token | undefined, { source, ...first }: Block): Cut | null {
  if (token?.type !== 'list') return null
  const { items, start: written } = token as Tokens.List
  if (items.length <= MAX_OPEN_ITEMS) return null
  const done = items.slice(0, -1)
  const length = done.reduce((sum, { raw }) => sum + raw.length, 0)
  const start = written === '' ? undefined : (first.start ?? written) + done.length
  return {
    finished: [{ source: source.slice(0, length), ...first }],
    open: { source: source.slice(length), isRest: true, start },
  }
}

function cutPlain({ source, ...first }: Block): Cut {
  const finished: Block[] = []
  let rest = source
  while (rest.length > MAX_BLOCK && !isCode(rest)) {
    const gap = Math.max(rest.lastIndexOf('\n', MAX_BLOCK), rest.lastIndexOf(' ', MAX_BLOCK)) + 1
    const end = gap || toWhole(rest, MAX_BLOCK)
    finished.push({ source: rest.slice(0, end), isPlain: true })
    rest = rest.slice(end)
  }
  return { finished, open: { source: rest, ...(finished.length > 0 ? { isPlain: true } : first) } }
}

/** Not between the halves of a surrogate pair. */
function toWhole(text: string, end: number): number {
  return /[\uD800-\uDBFF]/.test(text[end - 1]!) ? end - 1 : end
}

/** Whether a block begins as code, be it open or not. */
export function isCode(source: string): boolean {
  return /^ {0,3}(?:`{3,}|~{3,})/.test(source)
}

/** @returns null for what is more than one block of fenced code */
export function toCode(source: string): Code | null {
  if (!isCode(source)) return null
  const [token, ...more] = lex(source).filter(({ type }) => type !== 'space')
  if (token?.type !== 'code' || more.length > 0) return null
  const { lang = '', text } = token as Tokens.Code
  return { language: /^\S*/.exec(lang)?.[0] ?? '', text }
}
