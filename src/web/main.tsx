/** The page's beginning: the shown session, what there is to choose from, and looking for what others say. */
import { render } from 'preact'
import { App } from './components/app.tsx'
import { signIn } from './state/api.ts'
import { loadCatalogue, personas } from './state/catalogue.ts'
import { look, shown } from './state/conversation.ts'
import { route } from './state/route.ts'
import { refreshSessions } from './state/sessions.ts'
import { followRunning, openAndFollow } from './state/speaking.ts'
import { keepLooking } from './state/tabs.ts'
import { applyTheme } from './state/theme.ts'

applyTheme()
render(<App />, document.querySelector('#app')!)

let isFirst = true
route.subscribe((id) => {
  if (isFirst || id !== shown.value.id) void openAndFollow(id)
  isFirst = false
})

const lookNow = keepLooking(async () => {
  await Promise.all([look(), refreshSessions(), personas.value.personas.length === 0 ? loadCatalogue() : null])
  void followRunning()
})
signIn.subscribe(({ isNeeded }) => {
  if (!isNeeded) lookNow()
})
