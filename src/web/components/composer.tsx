/** The field where messages are written. What is in it is kept for each session. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { brains, toBrainName } from '../state/catalogue.ts'
import { brain, loading, running, shown } from '../state/conversation.ts'
import { keepDraft, recallDraft } from '../state/drafts.ts'
import { editLast } from '../state/keys.ts'
import { send, stop } from '../state/speaking.ts'
import { focusAsked, isNarrow } from '../state/view.ts'
import { fit } from './fit.ts'
import { Icon } from './icon.tsx'

export function Composer() {
  const { id } = shown.value
  const field = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState('')
  const isBusy = running.value !== null
  const asked = focusAsked.value

  useEffect(() => {
    setText(recallDraft(id))
    // A keyboard that covers half of a phone comes only when it is asked for.
    if (!isNarrow.value) field.current?.focus()
  }, [id])
  useEffect(() => {
    if (asked > 0) {
      setText(recallDraft(id))
      field.current?.focus()
    }
  }, [asked])
  useEffect(() => fit(field.current), [text])

  function write(written: string): void {
    setText(written)
    keepDraft(id, written)
  }

  function submit(): void {
    const message = text.trim()
    if (!message || running.value) return
    setText('')
    void send(message)
  }

  function press(event: KeyboardEvent): void {
    if (event.isComposing) return
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      submit()
    } else if (event.key === 'ArrowUp' && text === '' && editLast()) {
      event.preventDefault()
    }
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <textarea
        ref={field}
        rows={1}
        value={text}
        aria-label="Message"
        placeholder="Write a message…"
        enterkeyhint="send"
        disabled={loading.value === 'missing'}
        onInput={({ currentTarget }) => write(currentTarget.value)}
        onKeyDown={press}
      />
      {isBusy ? (
        <button type="button" class="round" aria-label="Stop" title="Stop (Esc)" onClick={() => void stop()}>
          <Icon name="stop" />
        </button>
      ) : (
        <button type="submit" class="round" aria-label="Send" title="Send (Enter)" disabled={!text.trim()}>
          <Icon name="send" />
        </button>
      )}
      <p class="speaker">{brains.value.brains.length > 0 && toSpeaker(brain.value)}</p>
    </form>
  )
}

function toSpeaker(id: string): string {
  if (id === 'config') return 'The offline brain answers: it needs no key.'
  return `${toBrainName(id)} answers, and can be wrong.`
}
