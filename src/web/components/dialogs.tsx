/** Questions that want an answer before anything else. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { enterToken, signIn } from '../state/api.ts'
import { clear, shown } from '../state/conversation.ts'
import { SHORTCUTS } from '../state/keys.ts'
import { go } from '../state/route.ts'
import { deleteSession, renameSession } from '../state/sessions.ts'
import { dialog } from '../state/view.ts'

const close = () => (dialog.value = null)

export function Dialogs() {
  if (signIn.value.isNeeded) return <SignIn />
  const open = dialog.value
  if (open?.name === 'shortcuts') return <Shortcuts />
  if (open?.name === 'rename') return <Rename id={open.id} title={open.title} />
  if (open?.name === 'delete') {
    return (
      <Confirm title="Delete this chat?" label="Delete" onConfirm={() => void remove(open.id)}>
        {`“${open.title}” and all of its messages will be gone.`}
      </Confirm>
    )
  }
  if (open?.name !== 'clear') return null
  return (
    <Confirm title="Clear this chat?" label="Clear" onConfirm={() => void clear()}>
      Its messages will be gone; the chat stays.
    </Confirm>
  )
}

async function remove(id: string): Promise<void> {
  const isGone = await deleteSession(id)
  if (isGone && shown.value.id === id) go(null)
}

interface ModalProps {
  title: string
  children: ComponentChildren
  onClose?: () => void
}

/** @param onClose without it the dialog can only be answered */
function Modal({ title, children, onClose }: ModalProps) {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const { current } = element
    current?.showModal()
    return () => current?.close()
  }, [])
  return (
    <dialog
      ref={element}
      aria-labelledby="dialog-title"
      onCancel={(event) => {
        event.preventDefault()
        onClose?.()
      }}
      onClick={(event) => {
        if (event.target === element.current) onClose?.()
      }}
    >
      <div class="dialog">
        <h2 id="dialog-title">{title}</h2>
        {children}
      </div>
    </dialog>
  )
}

function Shortcuts() {
  return (
    <Modal title="Keyboard shortcuts" onClose={close}>
      <dl class="shortcuts">
        {SHORTCUTS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <div class="row">
        <button type="button" class="button" onClick={close}>
          Close
        </button>
      </div>
    </Modal>
  )
}

interface ConfirmProps {
  title: string
  label: string
  onConfirm: () => void
  children: ComponentChildren
}

function Confirm({ title, label, onConfirm, children }: ConfirmProps) {
  return (
    <Modal title={title} onClose={close}>
      <p>{children}</p>
      <div class="row">
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          class="button is-grave"
          onClick={() => {
            close()
            onConfirm()
          }}
        >
          {label}
        </button>
      </div>
    </Modal>
  )
}

function Rename({ id, title }: { id: string; title: string }) {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.select(), [])

  function submit(event: Event): void {
    event.preventDefault()
    const wanted = field.current!.value.trim()
    close()
    if (wanted && wanted !== title) void renameSession(id, wanted)
  }

  return (
    <Modal title="Rename chat" onClose={close}>
      <form onSubmit={submit}>
        <input ref={field} class="field" aria-label="Title" maxLength={200} defaultValue={title} autofocus />
        <div class="row">
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="button is-main">
            Rename
          </button>
        </div>
      </form>
    </Modal>
  )
}

function SignIn() {
  const field = useRef<HTMLInputElement>(null)

  function submit(event: Event): void {
    event.preventDefault()
    const token = field.current!.value.trim()
    if (token) enterToken(token)
  }

  return (
    <Modal title="Sign in">
      <form onSubmit={submit}>
        <p id="sign-in-why">
          {signIn.value.wasRefused
            ? 'The service did not take the token: it is wrong, or its time is over.'
            : 'This service wants to know who you are. Paste the token that you were given.'}
        </p>
        <input
          ref={field}
          class="field"
          type="password"
          autocomplete="off"
          aria-label="Token"
          aria-describedby="sign-in-why"
          autofocus
        />
        <div class="row">
          <button type="submit" class="button is-main">
            Sign in
          </button>
        </div>
      </form>
    </Modal>
  )
}
