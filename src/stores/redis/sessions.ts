/** Sessions: a hash each, in whose slot is all that was said in it. */
import type { Image } from '#src/chat/message.ts'
import type { ModelChoice, OnDisconnect, Session, SessionRef } from '#src/chat/session.ts'
import { MAX_ALTERNATIVE_CHARS, type NewSession, type SessionStore } from '#src/chat/store.ts'
import { guard } from './connection.ts'
import type { Keys } from './keys.ts'
import { toPage, toPageEdge } from './messages.ts'
import type { Node } from './node.ts'
import type { Reply, Scripts, SessionScript, StoreClock } from './scripts.ts'
import type { SessionIndex } from './session-index.ts'

/** Bytes of a page that may have any number. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER

export interface SessionParts {
  keys: Keys
  scripts: Scripts
  clock: StoreClock
  index: SessionIndex
  node: Node
}

export function createSessionStore({ keys, scripts, clock, index, node }: SessionParts): SessionStore {
  const run = (script: SessionScript, ref: SessionRef, ...args: (string | number)[]): Promise<Reply> =>
    scripts.run(script, keys.session(ref), ...args)

  const get = async (ref: SessionRef): Promise<Session | undefined> => {
    const reply = await run('get', ref)
    const runner = toFieldMap(reply).get('node')
    if (runner !== undefined) node.remind(ref, runner)
    return toSession(ref, reply)
  }

  return {
    create: (wanted) =>
      guard(async () => {
        if (!wanted.ephemeral) await index.add(wanted, clock.now())
        // By how many milliseconds its life is shorter.
        const ephemeral = wanted.ephemeral ? ['ephemeral', clock.sessionTtlMs - clock.turnLogTtlMs] : []
        const session = toSession(wanted, await run('create', wanted, ...toFields(wanted), ...ephemeral))!
        // One that was there has kept its user, whose list is another one.
        if (session.userId !== wanted.userId && !session.ephemeral) await index.touch(session, session.updatedAt)
        return session
      }),
    get: (ref) => guard(() => get(ref)),
    list: (query) => guard(() => index.page(query, get)),
    update: (ref, patch) =>
      guard(async () => {
        const session = toSession(ref, await run('update', ref, ...toFields(patch)))
        if (session && !session.ephemeral) await index.touch(session, session.updatedAt)
        return session
      }),
    messages: (ref, page) =>
      guard(async () => {
        const edge = toPageEdge(ref, page)
        if (!edge) return []
        const { place, score, order } = edge
        const bounds = [page.maxChars ?? NO_LIMIT, MAX_ALTERNATIVE_CHARS]
        const found = await run('messages', ref, place, score, page.limit, order, ...bounds)
        const messages = toPage(ref, found)
        return order === 'newest' ? messages : messages.toReversed()
      }),
    images: (ref) => guard(async () => toImages(await run('images', ref, ref.n))),
    clear: (ref) =>
      guard(async () => {
        const at = clock.now()
        const [outcome, listedFor] = (await run('clear', ref)) as ['cleared' | 'busy' | 'missing', (string | null)?]
        if (listedFor) await index.touch({ ...ref, userId: listedFor }, at)
        return outcome
      }),
    delete: (ref) =>
      guard(async () => {
        const userId = (await run('delete', ref)) as string | null
        node.forget(ref)
        if (userId === null) return false
        await index.remove({ ...ref, userId })
        return true
      }),
  }
}

function toImages(reply: Reply): Image[] {
  return reply === null ? [] : (JSON.parse(reply as string) as Image[])
}

/** Title, brain and model may be null, so they are kept as JSON. */
function toFields({ persona, brain, model, title, onDisconnect, userId }: Partial<NewSession>): string[] {
  const values = Object.entries({
    userId,
    persona,
    onDisconnect,
    brain: brain === undefined ? undefined : JSON.stringify(brain),
    model: model === undefined ? undefined : JSON.stringify(model),
    title: title === undefined ? undefined : JSON.stringify(title),
  })
  return values.flatMap(([name, value]) => (value === undefined ? [] : [name, value]))
}

/** The session's hash, as the scripts return it first; none of it when there is no session. */
function toFieldMap(reply: Reply): Map<string, string> {
  const [flat] = (reply ?? [[]]) as [string[]]
  const fields = new Map<string, string>()
  for (let i = 0; i < flat.length; i += 2) fields.set(flat[i]!, flat[i + 1]!)
  return fields
}

/** Reads what the scripts return of a session; null is none. */
function toSession({ owner, sessionId }: SessionRef, reply: Reply): Session | undefined {
  if (reply === null) return undefined
  const [, messageCount, last] = reply as [string[], number, string | null]
  const fields = toFieldMap(reply)
  const active = fields.get('active')
  return {
    owner,
    sessionId,
    userId: fields.get('userId')!,
    title: JSON.parse(fields.get('title')!) as string | null,
    persona: fields.get('persona')!,
    brain: JSON.parse(fields.get('brain')!) as string | null,
    // Sessions that older versions have made have none.
    model: JSON.parse(fields.get('model') ?? 'null') as ModelChoice | null,
    onDisconnect: fields.get('onDisconnect') as OnDisconnect,
    ephemeral: fields.has('ephemeral'),
    messageCount,
    createdAt: Number(fields.get('createdAt')),
    updatedAt: Number(fields.get('updatedAt')),
    active: active === undefined ? null : Number(active),
    last: last === null ? null : Number(last),
  }
}
