/** Above the conversation: its title, who speaks and with which brain, and what can be done with it. */
import { brains, personas, toBrainName, toName } from '../state/catalogue.ts'
import { brain, exchanges, loading, persona, running, setBrain, setPersona, shown } from '../state/conversation.ts'
import { exportSession, sessions } from '../state/sessions.ts'
import { dialog, isDrawerOpen, isNarrow } from '../state/view.ts'
import { Icon, IconButton, type IconName } from './icon.tsx'

export function Header() {
  const { id } = shown.value
  return (
    <header class="header">
      {isNarrow.value && <IconButton icon="menu" label="Chats" onClick={() => (isDrawerOpen.value = true)} />}
      <h1 class="title">{toTitle()}</h1>
      {loading.value !== 'missing' && (
        <>
          <div class={`choices ${personas.value.personas.length === 0 ? 'is-empty' : ''}`}>
            <PersonaChoice />
            <BrainChoice />
          </div>
          {id !== null && <Menu id={id} title={toTitle()} />}
        </>
      )}
    </header>
  )
}

function toTitle(): string {
  const { id, title } = shown.value
  if (loading.value === 'missing') return 'No such chat'
  const listed = sessions.value.find(({ session_id }) => session_id === id)?.title
  return listed ?? title ?? exchanges.value[0]?.question.value.slice(0, 60) ?? toUnnamed(id)
}

function toUnnamed(id: string | null): string {
  if (id === null) return 'New chat'
  return loading.value === 'loading' ? '…' : 'Untitled'
}

function PersonaChoice() {
  return (
    <label class="choice" title="Who answers">
      <span class="unseen">Persona</span>
      <select value={persona.value} onChange={({ currentTarget }) => void setPersona(currentTarget.value)}>
        {personas.value.personas.map(({ id, description }) => (
          <option key={id} value={id} title={description}>
            {toName(id)}
          </option>
        ))}
      </select>
    </label>
  )
}

function BrainChoice() {
  const chosen = brain.value
  const list = brains.value.brains
  return (
    <label class="choice" title="Which brain answers">
      <span class="unseen">Brain</span>
      <select value={chosen} onChange={({ currentTarget }) => void setBrain(currentTarget.value)}>
        {list.map(({ id, available, reason }) => (
          <option key={id} value={id} disabled={!available && id !== chosen} title={reason}>
            {toBrainName(id)}
            {available ? '' : ' (not set up)'}
          </option>
        ))}
      </select>
    </label>
  )
}

function Menu({ id, title }: { id: string; title: string }) {
  const isBusy = running.value !== null
  return (
    <>
      <button type="button" class="icon-button" popoverTarget="menu" aria-label="More" title="More">
        <Icon name="more" />
      </button>
      <div id="menu" popover="auto" class="menu">
        <Item icon="save" label="Export as Markdown" onClick={() => void exportSession(id, title, 'markdown')} />
        <Item icon="save" label="Export as JSON" onClick={() => void exportSession(id, title, 'json')} />
        <hr />
        <Item icon="edit" label="Rename" onClick={() => (dialog.value = { name: 'rename', id, title })} />
        <Item
          icon="clear"
          label="Clear messages"
          disabled={isBusy}
          onClick={() => (dialog.value = { name: 'clear' })}
        />
        <Item icon="delete" label="Delete chat" onClick={() => (dialog.value = { name: 'delete', id, title })} />
      </div>
    </>
  )
}

interface ItemProps {
  icon: IconName
  label: string
  onClick: () => void
  disabled?: boolean
}

function Item({ icon, label, onClick, disabled = false }: ItemProps) {
  return (
    <button type="button" popoverTarget="menu" popoverTargetAction="hide" onClick={onClick} disabled={disabled}>
      <Icon name={icon} />
      {label}
    </button>
  )
}
