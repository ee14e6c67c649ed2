/** The conversation, which stays at its end while the reader does. */
import { useEffect, useRef } from 'preact/hooks'
import { signal } from '@preact/signals'
import { copyCode } from '../markdown/code.ts'
import { earlierBefore, exchanges, loadEarlier, loading, shown } from '../state/conversation.ts'
import { startNew } from '../state/keys.ts'
import { openAndFollow } from '../state/speaking.ts'
import { ExchangeView } from './exchange.tsx'
import { Icon } from './icon.tsx'
import { Welcome } from './welcome.tsx'

/** Pixels; nearer than this is at the end. */
const NEAR = 24

const isAtEnd = signal(true)

export function Thread() {
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const { id } = shown.value
  const count = exchanges.value.length
  const key = exchanges.value.at(-1)?.key

  useEffect(() => stayAtEnd(scroller.current!, content.current!), [])
  // What somebody has just said is shown, wherever they had been.
  useEffect(() => toEnd(scroller.current), [id, key])

  return (
    <div class="thread" ref={scroller} tabIndex={-1}>
      <div class="content" ref={content} onClick={(event) => void copyCode(event)}>
        {earlierBefore.value !== null && (
          <button type="button" class="plain-button" onClick={() => void loadEarlier()}>
            Show earlier messages
          </button>
        )}
        {exchanges.value.map((exchange, index) => (
          <ExchangeView key={exchange.key} exchange={exchange} isLast={index === count - 1} />
        ))}
        {count === 0 && <Empty />}
      </div>
      {!isAtEnd.value && (
        <button type="button" class="to-end" onClick={() => toEnd(scroller.current)}>
          <Icon name="down" />
          To the end
        </button>
      )}
    </div>
  )
}

function Empty() {
  const { id } = shown.value
  if (loading.value === 'loading') return <p class="plain">Loading…</p>
  if (loading.value === 'missing') {
    return (
      <div class="plain">
        <p>This chat does not exist any more.</p>
        <button type="button" class="button" onClick={startNew}>
          New chat
        </button>
      </div>
    )
  }
  if (loading.value === 'failed') {
    return (
      <div class="plain">
        <p>This chat cannot be loaded.</p>
        <button type="button" class="button" onClick={() => void openAndFollow(id)}>
          Try again
        </button>
      </div>
    )
  }
  return <Welcome />
}

function toEnd(scroller: HTMLElement | null): void {
  if (!scroller) return
  isAtEnd.value = true
  scroller.scrollTop = scroller.scrollHeight
}

/** Follows what grows, until the reader scrolls up. @returns what ends it */
function stayAtEnd(scroller: HTMLElement, content: HTMLElement): () => void {
  let lastTop = 0
  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = scroller
    const distance = scrollHeight - clientHeight - scrollTop
    if (distance < NEAR) isAtEnd.value = true
    // Only the reader goes up; what grows makes the way down longer.
    else if (scrollTop < lastTop) isAtEnd.value = false
    lastTop = scrollTop
  }
  const grown = new ResizeObserver(() => {
    if (isAtEnd.value) scroller.scrollTop = scroller.scrollHeight
    lastTop = scroller.scrollTop
  })
  scroller.addEventListener('scroll', scrolled, { passive: true })
  grown.observe(content)
  grown.observe(scroller)
  return () => {
    scroller.removeEventListener('scroll', scrolled)
    grown.disconnect()
  }
}
