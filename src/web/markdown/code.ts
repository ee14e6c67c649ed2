/** Code as the page shows it: with the name of its language, a button that copies it, and colours when it is finished. */

/** UTF-16 units; beyond it code stays without colours. */
const MAX_HIGHLIGHTED = 40_000

export interface CodeBlock {
  element: HTMLElement
  code: HTMLElement
}

/** An empty one, or one around code that is there. */
export function createCodeBlock(language: string, pre = document.createElement('pre')): CodeBlock {
  const element = document.createElement('div')
  element.className = 'code'
  const bar = document.createElement('div')
  bar.className = 'code-bar'
  const name = document.createElement('span')
  name.textContent = language
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy'
  button.textContent = 'Copy'
  bar.append(name, button)
  const code = pre.querySelector('code') ?? pre.appendChild(document.createElement('code'))
  // Code that is wider than the page is scrolled with the keyboard, too.
  pre.tabIndex = 0
  element.append(bar, pre)
  return { element, code }
}

/** Gives all code in a block its bar, and its colours when it is finished. */
export function wrapCode(fragment: DocumentFragment, { isFinished }: { isFinished: boolean }): void {
  for (const pre of fragment.querySelectorAll('pre')) {
    const language = /language-([\w+#.-]+)/.exec(pre.querySelector('code')?.className ?? '')?.[1] ?? ''
    const place = document.createComment('')
    pre.replaceWith(place)
    const { element, code } = createCodeBlock(language, pre)
    place.replaceWith(element)
    if (isFinished) void highlight(code, language)
  }
}

/** Colours that do not come are no loss. */
export async function highlight(code: HTMLElement, language: string): Promise<void> {
  const source = code.textContent ?? ''
  if (language === '' || source.length > MAX_HIGHLIGHTED) return
  const { toHighlighted } = await import('./highlighter.ts')
  const fragment = toHighlighted(source, language)
  if (fragment) code.replaceChildren(fragment)
}

/** Copies the code whose button was pressed; for one listener over all of them. */
export async function copyCode(event: Event): Promise<void> {
  const button = event.target
  if (!(button instanceof HTMLElement) || !button.matches('.copy')) return
  const text = button.closest('.code')?.querySelector('code')?.textContent ?? ''
  const isCopied = await copyText(text)
  button.textContent = isCopied ? 'Copied' : 'Cannot copy'
  setTimeout(() => (button.textContent = 'Copy'), 1_500)
}

/** @returns whether it worked: pages that came over plain HTTP have no clipboard */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}
