/**
 * Turns' logs: a stream each, with one entry for each flush, whose id is `<epoch>-<seq of its last token>`.
 *
 * Redis takes only ids that grow, so the log itself fences: a node that takes a turn over opens its epoch with the entry
 * `<epoch>-0`, and the end is the entry `<epoch>-<greatest seq>`. Both have no tokens. An append is a plain XADD, as what
 * it must not do, it cannot: it lands once, it follows no newer owner's and no end, and it makes no log that was deleted.
 */
import type { Append, LogEntry } from '#src/chat/store.ts'
import { type Client, guard } from './connection.ts'
import type { Node, Owned } from './node.ts'
import type { LogAddition, Scripts } from './scripts.ts'

export interface LogParts {
  client: Client
  scripts: Scripts
  node: Node
}

/** An entry, and the turn of this node that it goes on with. */
interface Addition {
  entry: Append
  owned: Owned
}

/** The seq of the entry that ends a log. */
const END_SEQ = '18446744073709551615'

/** Entries added at once: a script holds the server up, 2 µs an entry. */
const BATCH = 500

/** Entries read at once, so that a long log does not hold the server up. */
const PAGE = 500

export async function appendToLogs(parts: LogParts, entries: Append[]): Promise<('kept' | 'fenced')[]> {
  const additions = toAdditions(parts.node, entries)
  return guard(async () => {
    const outcomes = await sendAll(parts, additions)
    for (const [entry, outcome] of outcomes) if (outcome === 'fenced') parts.node.release(entry.turn, entry.epoch)
    // What is another node's is fenced without being asked for.
    return entries.map((entry) => outcomes.get(entry) ?? 'fenced')
  })
}

/**
 * The entries of turns that are this node's.
 *
 * @throws Error when one would leave a hole: a bug
 */
function toAdditions(node: Node, entries: Append[]): Addition[] {
  const ends = new Map<Owned, number>()
  const additions: Addition[] = []
  for (const entry of entries) {
    const { turn, epoch, seq, tokens } = entry
    const owned = node.owned(turn)
    if (owned?.n !== turn.n || owned.createdAt !== turn.createdAt || owned.epoch !== epoch) continue
    const end = ends.get(owned) ?? owned.seq
    if (end !== null && seq - tokens.length > end)
      throw new Error(`a log that ends at token ${end} cannot go on with token ${seq - tokens.length + 1}`)
    ends.set(owned, Math.max(seq, end ?? 0))
    additions.push({ entry, owned })
  }
  return additions
}

async function sendAll(parts: LogParts, additions: Addition[]): Promise<Map<Append, 'kept' | 'fenced'>> {
  const outcomes = new Map<Append, 'kept' | 'fenced'>()
  for (let start = 0; start < additions.length; start += BATCH) {
    const batch = additions.slice(start, start + BATCH)
    const answers = await addAll(parts, batch)
    for (const [i, { entry, owned }] of batch.entries()) {
      const outcome = answers[i] === 'refused' ? await explainRefusal(parts.client, owned) : answers[i]!
      if (outcome === 'kept') owned.seq = Math.max(entry.seq, owned.seq ?? 0)
      outcomes.set(entry, outcome)
    }
  }
  return outcomes
}

/** `refused`: the log has an entry of this id or a later one. */
type Answer = 'kept' | 'fenced' | 'refused'

/** One script for all: of one entry a command, each costs 9.5 µs here, in a script 2. In a cluster, a script each. */
async function addAll({ client, scripts }: LogParts, additions: Addition[]): Promise<Answer[]> {
  if (!client.isCluster) return scripts.append(additions.map(toAddition))
  return Promise.all(additions.map(async (addition) => (await scripts.append([toAddition(addition)]))[0]!))
}

function toAddition({ entry: { epoch, seq, tokens }, owned: { log } }: Addition): LogAddition {
  return { log, id: `${epoch}-${seq}`, tokens: JSON.stringify(tokens) }
}

/** The log has an entry of this id or a later one: this very append has landed before, or the turn is another's. */
async function explainRefusal(client: Client, { log, epoch }: Owned): Promise<'kept' | 'fenced'> {
  const [top] = await client.xrevrange(log, '+', '-', 'COUNT', 1)
  const [topEpoch, topSeq] = top ? top[0].split('-') : []
  return topEpoch === String(epoch) && topSeq !== END_SEQ ? 'kept' : 'fenced'
}

/** None where it cannot be read: as if it were lost, so that the turn can be ended all the same. */
function parseTokens(json: string): string[] {
  try {
    return JSON.parse(json) as string[]
  } catch {
    return []
  }
}

/** Up to so many entries of a log, from an id on: its own, or, after a parenthesis, the next; null when it is not kept. */
export type ReadPage = (from: string, count: number) => Promise<Page | null>
type Page = [id: string, fields: [name: string, tokens: string]][]

/** The entries with tokens after number `after`; undefined when the log is not kept. */
export async function readLog(readPage: ReadPage, after: number): Promise<LogEntry[] | undefined> {
  const entries: LogEntry[] = []
  let last = after
  let from = after > 0 ? `(1-${after}` : '-'
  for (;;) {
    const page = await readPage(from, PAGE)
    if (!page) return undefined
    for (const [id, [, json]] of page) {
      from = `(${id}`
      const tokens = parseTokens(json)
      if (tokens.length === 0) continue
      const seq = Number(id.slice(id.indexOf('-') + 1))
      // What was sent again after a lost answer can begin with what was there.
      const fresh = Math.min(tokens.length, seq - last)
      if (fresh > 0) entries.push({ seq, tokens: tokens.slice(-fresh) })
      last = Math.max(last, seq)
    }
    if (page.length < PAGE) return entries
  }
}
