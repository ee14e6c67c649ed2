/** The whole page. */
import { useEffect } from 'preact/hooks'
import { announcement, notice } from '../state/notices.ts'
import { listenToKeys } from '../state/keys.ts'
import { Composer } from './composer.tsx'
import { Dialogs } from './dialogs.tsx'
import { Header } from './header.tsx'
import { Sidebar } from './sidebar.tsx'
import { Standing } from './standing.tsx'
import { Thread } from './thread.tsx'

export function App() {
  useEffect(listenToKeys, [])
  return (
    <div class="app">
      <Sidebar />
      <main class="chat">
        <Header />
        <Thread />
        <div class="foot">
          <Standing />
          <Composer />
        </div>
      </main>
      <Dialogs />
      {notice.value && <p class="notice">{notice.value}</p>}
      <p class="unseen" role="status">
        {notice.value ?? announcement.value}
      </p>
    </div>
  )
}
