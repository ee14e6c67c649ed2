/** Pixels; beyond it the field scrolls. */
const MAX_HEIGHT = 220

/** Makes a field as high as what is written in it. */
export function fit(field: HTMLTextAreaElement | null): void {
  if (!field) return
  field.style.height = 'auto'
  const border = field.offsetHeight - field.clientHeight
  field.style.height = `${Math.min(field.scrollHeight + border, MAX_HEIGHT)}px`
}
