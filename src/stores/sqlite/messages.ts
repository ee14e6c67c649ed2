/** Messages: what stands in a session's history, and what stood there before. */
import {
  type Image,
  type ImageLabel,
  type Message,
  type MessageStatus,
  type Role,
  toImageLabel,
  toMessageId,
} from '#src/chat/message.ts'
import { toTurnId } from '#src/chat/turn-id.ts'
import type { Database } from './database.ts'

export interface NewMessage {
  session: number
  n: number
  role: Role
  content: string
  status: MessageStatus
  createdAt: number
  brain: string | null
  model: string | null
  images?: readonly Image[]
}

export interface MessageTable {
  add(message: NewMessage): void
  /** Turn `n` takes the place of `replaced`, and of all that `replaced` had taken the place of. */
  replace(session: number, replaced: number, n: number): void
  /** The latest `limit` standing messages before that message id, oldest first. */
  page(session: Place, limit: number, before: string | undefined): Message[]
  /** What was shown with the message of a turn. */
  images(session: number, n: number): Image[]
  clear(session: number): void
}

/** A session's row and id. */
interface Place {
  id: number
  sessionId: string
}

interface Row extends Omit<NewMessage, 'images'> {
  /** As JSON. */
  shown: string | null
  replacedBy: number | null
  /** Whether its turn has a reply, 0 or 1. */
  replied: number
}

const COLUMNS = `session, n, role, content, status, created_at AS createdAt, brain, model, replaced_by AS replacedBy,
  shown`

export function createMessageTable(database: Database): MessageTable {
  const add = database.prepare(`
    INSERT INTO message (session, n, role, content, status, created_at, brain, model, shown, images)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const replace = database.prepare('UPDATE message SET replaced_by = ? WHERE session = ? AND n = ?')
  const replaceAgain = database.prepare('UPDATE message SET replaced_by = ? WHERE session = ? AND replaced_by = ?')
  const exists = database.prepare('SELECT 1 FROM message WHERE session = ? AND n = ? AND role = ?')
  // Newest first: a reply before the user's message, as 'assistant' sorts before 'user'.
  const standing = database.prepare(`
    SELECT ${COLUMNS}, EXISTS (
      SELECT 1 FROM message AS reply WHERE reply.session = m.session AND reply.n = m.n AND reply.role = 'assistant'
    ) AS replied
    FROM message AS m
    WHERE session = ?1 AND replaced_by IS NULL AND n <= ?2 AND (n < ?2 OR role > ?3)
    ORDER BY n DESC, role LIMIT ?4`)
  const replaced = database.prepare(`
    SELECT ${COLUMNS} FROM message WHERE session = ? AND replaced_by BETWEEN ? AND ? ORDER BY n, role DESC`)
  const images = database.prepare("SELECT images FROM message WHERE session = ? AND n = ? AND role = 'user'")
  const clear = database.prepare('DELETE FROM message WHERE session = ?')

  /** Where a page ends, or undefined when it ends before a message that does not exist. */
  function toEnd({ id, sessionId }: Place, before: string | undefined): { n: number; role: string } | undefined {
    if (before === undefined) return { n: Number.MAX_SAFE_INTEGER, role: '' }
    const end = parseMessageId(sessionId, before)
    return end && exists.get(id, end.n, end.role) ? end : undefined
  }

  return {
    add({ session, n, role, content, status, createdAt, brain, model, images: all = [] }) {
      const kept = all.length > 0 ? [JSON.stringify(all.map(toImageLabel)), JSON.stringify(all)] : [null, null]
      add.run(session, n, role, content, status, createdAt, brain, model, ...kept)
    },
    replace(session, earlier, n) {
      replace.run(n, session, earlier)
      replaceAgain.run(n, session, earlier)
    },
    page(place, limit, before) {
      const end = toEnd(place, before)
      if (!end) return []
      const rows = (standing.all(place.id, end.n, end.role, limit) as unknown as Row[]).toReversed()
      if (rows.length === 0) return []
      const earlier = replaced.all(place.id, rows[0]!.n, rows.at(-1)!.n) as unknown as Row[]
      const byTurn = Map.groupBy(earlier, (row) => row.replacedBy)
      return rows.map((row) => toMessage(place.sessionId, row, toAlternatives(row, byTurn.get(row.n) ?? [])))
    },
    images: (session, n) => JSON.parse((images.get(session, n)?.images ?? '[]') as string) as Image[],
    clear: (session) => void clear.run(session),
  }
}

/**
 * What stood in a message's place: earlier replies belong to the reply, differing earlier texts to the user's message.
 * While the turn has no reply, its user's message shows the earlier ones, so that nothing said is lost.
 */
function toAlternatives(standing: Row, earlier: Row[]): Row[] {
  if (standing.role === 'assistant') return earlier.filter((row) => row.role === 'assistant')
  const seen = new Set([standing.content])
  return earlier.filter((row) => {
    if (row.role === 'assistant') return !standing.replied
    return !seen.has(row.content) && seen.add(row.content)
  })
}

function toMessage(sessionId: string, row: Row, alternatives: Row[]): Message {
  const turnId = toTurnId({ sessionId, n: row.n })
  return {
    messageId: toMessageId(turnId, row.role),
    turnId,
    role: row.role,
    content: row.content,
    status: row.status,
    createdAt: row.createdAt,
    brain: row.brain,
    model: row.model,
    ...(row.shown !== null && { shown: JSON.parse(row.shown) as ImageLabel[] }),
    alternatives: alternatives.map((alternative) => toMessage(sessionId, alternative, [])),
  }
}

function parseMessageId(sessionId: string, messageId: string): { n: number; role: Role } | undefined {
  if (!messageId.startsWith(`${sessionId}.`)) return undefined
  const match = /^([1-9]\d{0,14})\.(user|assistant)$/.exec(messageId.slice(sessionId.length + 1))
  return match ? { n: Number(match[1]), role: match[2] as Role } : undefined
}
