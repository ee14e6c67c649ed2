/** The chats that there are; on narrow screens a drawer. */
import type { Session } from '#src/client/index.ts'
import { shown } from '../state/conversation.ts'
import { startNew } from '../state/keys.ts'
import { hasMoreSessions, sessions, showMoreSessions } from '../state/sessions.ts'
import { theme, turnTheme } from '../state/theme.ts'
import { dialog, isDrawerOpen, isNarrow } from '../state/view.ts'
import { Icon, IconButton, Logo } from './icon.tsx'

export function Sidebar() {
  const isHidden = isNarrow.value && !isDrawerOpen.value
  return (
    <>
      <nav class={`sidebar ${isDrawerOpen.value ? 'is-open' : ''}`} aria-label="Chats" inert={isHidden}>
        <div class="brand">
          <Logo />
          <span>Repartee</span>
          {isNarrow.value && <IconButton icon="close" label="Close" onClick={() => (isDrawerOpen.value = false)} />}
        </div>
        <button type="button" class="new" onClick={startNew}>
          <Icon name="plus" />
          New chat
        </button>
        <SessionList />
        <Footer />
      </nav>
      {isNarrow.value && isDrawerOpen.value && <div class="shade" onClick={() => (isDrawerOpen.value = false)} />}
    </>
  )
}

function SessionList() {
  const groups = Map.groupBy(sessions.value, ({ updated_at }) => toDay(updated_at))
  return (
    <div class="sessions">
      {[...groups].map(([day, ofDay]) => (
        <section key={day}>
          <h2>{day}</h2>
          <ul>
            {ofDay.map((session) => (
              <Entry key={session.session_id} session={session} />
            ))}
          </ul>
        </section>
      ))}
      {sessions.value.length === 0 && <p class="none">Your chats will be listed here.</p>}
      {hasMoreSessions.value && (
        <button type="button" class="plain-button" onClick={() => void showMoreSessions()}>
          Show more
        </button>
      )}
    </div>
  )
}

function Entry({ session }: { session: Session }) {
  const { session_id: id, active_turn_id } = session
  const title = session.title ?? 'Untitled'
  const isShown = shown.value.id === id
  return (
    <li class={isShown ? 'is-shown' : ''}>
      <a href={`#/s/${id}`} aria-current={isShown ? 'page' : undefined} onClick={() => (isDrawerOpen.value = false)}>
        {title}
        {active_turn_id !== null && <span class="busy" title="A reply is being written" />}
      </a>
      <IconButton
        icon="edit"
        label={`Rename ${title}`}
        onClick={() => (dialog.value = { name: 'rename', id, title })}
      />
      <IconButton
        icon="delete"
        label={`Delete ${title}`}
        onClick={() => (dialog.value = { name: 'delete', id, title })}
      />
    </li>
  )
}

const THEME_LABELS = { system: 'Colours: as the system has them', light: 'Colours: light', dark: 'Colours: dark' }

function Footer() {
  return (
    <div class="sidebar-foot">
      <IconButton icon={theme.value} label={THEME_LABELS[theme.value]} onClick={turnTheme} />
      <IconButton icon="keyboard" label="Keyboard shortcuts" onClick={() => (dialog.value = { name: 'shortcuts' })} />
      <a class="docs" href="./docs">
        API
      </a>
    </div>
  )
}

const DAY_MS = 86_400_000

function toDay(time: string): string {
  const midnight = new Date().setHours(0, 0, 0, 0)
  const at = Date.parse(time)
  if (at >= midnight) return 'Today'
  if (at >= midnight - DAY_MS) return 'Yesterday'
  return at >= midnight - 7 * DAY_MS ? 'The last seven days' : 'Earlier'
}
