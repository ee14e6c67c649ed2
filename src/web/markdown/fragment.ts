/** Markdown → a document fragment in which nothing runs and nothing is fetched. */
import DOMPurify from 'dompurify'
import { Marked, type Tokens } from 'marked'
import { type Block, isTooDeep, MAX_BLOCK } from './blocks.ts'

const ADDRESS = /^(?:https?:|mailto:)/i

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    // What a model writes as HTML is text, but for the one thing that tables cannot say otherwise.
    html: ({ text }: Tokens.HTML | Tokens.Tag) => (/^<br\s*\/?>\s*$/i.test(text) ? '<br>' : escape(text)),
    // Never fetched by itself: the address of an image can carry off what was said.
    image: ({ href, text }: Tokens.Image) => toLink(href, escape(text || href)),
    link({ href, tokens }: Tokens.Link) {
      return toLink(href, this.parser.parseInline(tokens))
    },
    checkbox: ({ checked }: Tokens.Checkbox) => (checked ? '☑ ' : '☐ '),
  },
})

/** The allow-list behind the renderer: whatever it gave, nothing else gets into the page. */
const PURIFY = {
  RETURN_DOM_FRAGMENT: true as const,
  ALLOWED_TAGS:
    'p br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code span strong em del a table thead tbody tr th td'.split(' '),
  ALLOWED_ATTR: ['href', 'target', 'rel', 'start', 'align', 'class'],
  ALLOWED_URI_REGEXP: ADDRESS,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
}

export function toFragment(block: Block): DocumentFragment {
  const { source, isRest, start, isPlain = source.length > MAX_BLOCK } = block
  if (isPlain || isTooDeep(source)) return toPlain(source)
  const fragment = purify(marked.parse(source, { async: false }))
  if (isRest) fragment.firstElementChild?.classList.add('rest')
  if (start !== undefined) fragment.firstElementChild?.setAttribute('start', String(start))
  return fragment
}

/** HTML from a library of ours, without what could run. */
export function purify(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, PURIFY)
}

function toPlain(source: string): DocumentFragment {
  const fragment = document.createDocumentFragment()
  const paragraph = document.createElement('p')
  paragraph.className = 'as-is'
  paragraph.textContent = source
  fragment.append(paragraph)
  return fragment
}

function toLink(href: string, html: string): string {
  if (!ADDRESS.test(href)) return html
  return `<a href="${escape(href)}" target="_blank" rel="noopener noreferrer nofollow">${html}</a>`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
