/** One question and its reply. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { ImageLabel } from '#src/client/index.ts'
import { type Earlier, type Exchange, isRunning } from '../state/exchange.ts'
import { loadFacts, running } from '../state/conversation.ts'
import { keepDraft } from '../state/drafts.ts'
import { regenerate, takeBack } from '../state/speaking.ts'
import { edited, focusField } from '../state/view.ts'
import { shown } from '../state/conversation.ts'
import { Corrections } from './corrections.tsx'
import { fit } from './fit.ts'
import { Icon, IconButton } from './icon.tsx'
import { Problem } from './problem.tsx'
import { ReplyView } from './reply.tsx'

interface ExchangeProps {
  exchange: Exchange
  isLast: boolean
}

export function ExchangeView({ exchange, isLast }: ExchangeProps) {
  const element = useRef<HTMLElement>(null)
  /** Which of the earlier versions is read; null is the one that stands. */
  const version = useSignal<number | null>(null)
  const earlier = version.value === null ? undefined : exchange.earlier.value[version.value]
  const corrections = exchange.facts.value?.corrections ?? []
  const turnId = exchange.turnId.value
  // A turn that said nothing leaves the replies that it took the place of.
  const hasReply = isRunning(exchange) || exchange.text.value !== '' || exchange.earlier.value.length > 0

  useEffect(() => whenSeen(element.current!, () => void loadFacts(exchange)), [turnId])
  useEffect(() => void (version.value = null), [turnId])

  return (
    <article class="exchange" ref={element}>
      <div class="asked">
        {corrections.length > 0 && <Corrections corrections={corrections} />}
        {edited.value === exchange.key ? (
          <Edit exchange={exchange} />
        ) : (
          <Question exchange={exchange} isLast={isLast} earlier={earlier} />
        )}
      </div>
      {hasReply && <ReplyView exchange={exchange} isLast={isLast} version={version} />}
      {!earlier && <Problem exchange={exchange} isLast={isLast} />}
    </article>
  )
}

/** Does it once, when the element comes into view. @returns what ends it */
function whenSeen(element: Element, act: () => void): () => void {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return
    observer.disconnect()
    act()
  })
  observer.observe(element)
  return () => observer.disconnect()
}

function Question({ exchange, isLast, earlier }: ExchangeProps & { earlier: Earlier | undefined }) {
  const state = exchange.state.value
  const isUnsent = state === 'unsent'
  // Only the question that stands can be edited.
  const canEdit = isUnsent || (isLast && !earlier && !running.value && exchange.turnId.value !== null)

  function edit(): void {
    if (!isUnsent) {
      edited.value = exchange.key
      return
    }
    keepDraft(shown.value.id, takeBack(exchange))
    focusField()
  }

  return (
    <div class={`question ${state === 'sending' ? 'is-sending' : ''} ${isUnsent ? 'is-unsent' : ''}`}>
      <h3 class="unseen">You</h3>
      <div class="bubble said">
        {exchange.images.length > 0 && <Images images={exchange.images} />}
        <p>{earlier?.question ?? exchange.question.value}</p>
      </div>
      {canEdit && <IconButton icon="edit" label="Edit message" onClick={edit} class="quiet" />}
    </div>
  )
}

/** What was shown, without the pictures: the service keeps their data to itself, and an address asks its host. */
function Images({ images }: { images: readonly ImageLabel[] }) {
  return (
    <ul class="images">
      {images.map((image, index) => (
        <li key={index}>
          <Icon name="image" />
          {'url' in image ? (
            <a href={image.url} target="_blank" rel="noreferrer" title={image.url}>
              {`Picture (${new URL(image.url).host})`}
            </a>
          ) : (
            `Picture (${image.media_type})`
          )}
        </li>
      ))}
    </ul>
  )
}

function Edit({ exchange }: { exchange: Exchange }) {
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    fit(field.current)
    field.current?.focus()
    field.current?.select()
  }, [])

  function submit(): void {
    const message = field.current!.value.trim()
    if (!message) return
    edited.value = null
    void regenerate(exchange, message)
    focusField()
  }

  function press(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    submit()
  }

  return (
    <div class="edit">
      <textarea
        ref={field}
        aria-label="Edit message"
        rows={1}
        defaultValue={exchange.question.value}
        onInput={() => fit(field.current)}
        onKeyDown={press}
      />
      <div class="row">
        <button type="button" class="button" onClick={() => (edited.value = null)}>
          Cancel
        </button>
        <button type="button" class="button is-main" onClick={submit}>
          Send
        </button>
      </div>
    </div>
  )
}
