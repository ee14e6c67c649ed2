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
import { MAX_ALTERNATIVE_CHARS, type MessagePage } from '#src/chat/store.ts'
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
  /** Turn `n` takes the place of `replaced`, and so of all that `replaced` had taken the place of. */
  replace(session: number, replaced: number, n: number): void
  /** Reads a page of the standing messages, oldest first. */
  page(session: Place, page: MessagePage): Message[]
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
  /** Bytes of its text and of the texts that stood there before: SQLite knows them without reading the texts. */
  bytes: number
}

const COLUMNS = `session, n, role, content, status, created_at AS createdAt, brain, model, replaced_by AS replacedBy,
  shown`

export function createMessageTable(database: Database): MessageTable {
  const add = database.prepare(`
    INSERT INTO message (session, n, role, content, status, created_at, brain, model, shown, images)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
  const replace = database.prepare('UPDATE message SET replaced_by = ? WHERE session = ? AND n = ?')
  const exists = database.prepare('SELECT 1 FROM message WHERE session = ? AND n = ? AND role = ?')
  // Newest first: a reply before the user's message, as 'assistant' sorts before 'user'.
  const STANDING = `
    SELECT ${COLUMNS}, EXISTS (
      SELECT 1 FROM message AS reply WHERE reply.session = m.session AND reply.n = m.n AND reply.role = 'assistant'
    ) AS replied, octet_length(content) + ifnull((
      WITH RECURSIVE standing (turn) AS (
        SELECT m.n UNION SELECT former.n FROM standing CROSS JOIN message AS former
        ON former.session = m.session AND former.replaced_by = turn
      ) SELECT sum(octet_length(former.content)) FROM standing CROSS JOIN message AS former
      ON former.session = m.session AND former.replaced_by = turn
    ), 0) AS bytes
    FROM message AS m
    WHERE session = ?1 AND replaced_by IS NULL`
  const before = database.prepare(`${STANDING} AND n <= ?2 AND (n < ?2 OR role > ?3) ORDER BY n DESC, role LIMIT ?4`)
  const after = database.prepare(`${STANDING} AND n >= ?2 AND (n > ?2 OR role < ?3) ORDER BY n, role DESC LIMIT ?4`)
  // A row names the turn that took its place, and is not written again, with all of its text, when that one is replaced.
  const former = database.prepare('SELECT DISTINCT n FROM message WHERE session = ? AND replaced_by = ? ORDER BY n')
  const said = database.prepare(`SELECT ${COLUMNS} FROM message WHERE session = ? AND n = ? ORDER BY role`)
  const images = database.prepare("SELECT images FROM message WHERE session = ? AND n = ? AND role = 'user'")
  const clear = database.prepare('DELETE FROM message WHERE session = ?')

  /** Finds the place beside which a page begins, or undefined when there is no such message. */
  function toEdge({ id, sessionId }: Place, page: MessagePage): { n: number; role: string } | undefined {
    const beside = page.after ?? page.before
    if (beside === undefined) return { n: page.after === null ? 0 : Number.MAX_SAFE_INTEGER, role: '' }
    const edge = parseMessageId(sessionId, beside)
    return edge && exists.get(id, edge.n, edge.role) ? edge : undefined
  }

  /** Reads the rows of a page, oldest first. */
  function readRows(place: Place, page: MessagePage): Row[] {
    const edge = toEdge(place, page)
    if (!edge) return []
    const isForward = page.after !== undefined
    const rows: Row[] = []
    let left = page.maxChars ?? Infinity
    for (const found of (isForward ? after : before).iterate(place.id, edge.n, edge.role, page.limit)) {
      const row = found as unknown as Row
      rows.push(row)
      left -= row.bytes
      if (left <= 0) break
    }
    return isForward ? rows : rows.toReversed()
  }

  /** What each turn of these has replaced, oldest first: all, or the latest of it where it is too much. */
  function readReplaced({ id }: Place, rows: readonly Row[]): Map<number, Row[]> {
    const byTurn = new Map<number, Row[]>()
    let left = MAX_ALTERNATIVE_CHARS
    for (const { n } of rows) {
      if (byTurn.has(n)) continue
      const earlier: Row[] = []
      const turns = former.all(id, n)
      for (let turn = turns.pop(); turn && left > 0; turn = turns.pop()) {
        const found = said.all(id, turn.n!) as unknown as Row[]
        for (const { content } of found) left -= content.length
        earlier.push(...found)
        turns.push(...former.all(id, turn.n!))
      }
      byTurn.set(n, earlier.toReversed())
    }
    return byTurn
  }

  return {
    add({ session, n, role, content, status, createdAt, brain, model, images: all = [] }) {
      const kept = all.length > 0 ? [JSON.stringify(all.map(toImageLabel)), JSON.stringify(all)] : [null, null]
      add.run(session, n, role, content, status, createdAt, brain, model, ...kept)
    },
    replace(session, earlier, n) {
      replace.run(n, session, earlier)
    },
    page(place, page) {
      const rows = readRows(place, page)
      if (rows.length === 0) return []
      const byTurn = readReplaced(place, page.after === undefined ? rows.toReversed() : rows)
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
