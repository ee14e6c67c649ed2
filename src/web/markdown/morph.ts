/** Brings nodes to what they shall be, and keeps those that are so already: with them the reader's selection. */

/** Makes the children of `parent` those of `wanted`, which is used up. */
export function morphChildren(parent: ParentNode & Node, wanted: Node): void {
  let current = parent.firstChild
  for (const next of Array.from(wanted.childNodes)) {
    if (!current) {
      parent.append(next)
      continue
    }
    const following: ChildNode | null = current.nextSibling
    morph(current, next)
    current = following
  }
  while (current) {
    const following: ChildNode | null = current.nextSibling
    current.remove()
    current = following
  }
}

function morph(current: ChildNode, next: ChildNode): void {
  if (current.isEqualNode(next)) return
  if (current instanceof Text && next instanceof Text) return writeText(current, next.data)
  if (current instanceof Element && next instanceof Element && isAlike(current, next)) {
    return morphChildren(current, next)
  }
  current.replaceWith(next)
}

/** Text that has only grown is not laid out anew from its beginning. */
export function writeText(node: Text, text: string): void {
  if (text.startsWith(node.data)) node.appendData(text.slice(node.data.length))
  else node.data = text
}

function isAlike(one: Element, other: Element): boolean {
  return one.cloneNode().isEqualNode(other.cloneNode())
}
