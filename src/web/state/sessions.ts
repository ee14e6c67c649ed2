/** The list of sessions, and what can be done to one of them. */
import { signal } from '@preact/signals'
import type { Session } from '#src/client/index.ts'
import { client, toProblem, userId } from './api.ts'
import { notify } from './notices.ts'
import { nudge } from './tabs.ts'

const PAGE = 50
const MAX_PAGE = 200

export const sessions = signal<Session[]>([])
export const hasMoreSessions = signal(false)

let wanted = PAGE

export async function refreshSessions(): Promise<void> {
  const page = await client.sessions.list({ user_id: userId, limit: wanted })
  sessions.value = page.sessions
  hasMoreSessions.value = page.next_cursor !== null && wanted < MAX_PAGE
}

export async function showMoreSessions(): Promise<void> {
  wanted = Math.min(MAX_PAGE, wanted + PAGE)
  await attempt(refreshSessions)
}

export async function renameSession(id: string, title: string): Promise<void> {
  await change(() => client.sessions.update(id, { title }))
}

/** @returns whether it is gone */
export async function deleteSession(id: string): Promise<boolean> {
  return change(() => client.sessions.delete(id))
}

/** Saves the conversation as a file. */
export async function exportSession(id: string, title: string, format: 'markdown' | 'json'): Promise<void> {
  await attempt(async () => {
    const text = await client.sessions.export(id, { format })
    const isMarkdown = format === 'markdown'
    const file = new Blob([text], { type: isMarkdown ? 'text/markdown' : 'application/json' })
    const link = document.createElement('a')
    link.href = URL.createObjectURL(file)
    link.download = `${toFileName(title)}.${isMarkdown ? 'md' : 'json'}`
    link.click()
    // The browser has taken it by then.
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  })
}

function toFileName(title: string): string {
  const name = title.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '')
  return name.slice(0, 60) || 'chat'
}

async function change(what: () => Promise<unknown>): Promise<boolean> {
  return attempt(async () => {
    await what()
    nudge()
    await refreshSessions()
  })
}

/** Does it, or says why not. @returns whether it worked */
export async function attempt(what: () => Promise<unknown>): Promise<boolean> {
  try {
    await what()
    return true
  } catch (error) {
    const problem = toProblem(error)
    if (problem) notify(problem.message)
    return false
  }
}
