/** Sessions: a hash each, in whose slot is all that was said in it. */
import type { OnDisconnect, Session, SessionRef } from '#src/chat/session.ts'
import type { NewSession, SessionStore } from '#src/chat/store.ts'
import { guard } from './connection.ts'
import type { Keys } from './keys.ts'
import { toPage, toPageEnd } from './messages.ts'
import type { Node } from './node.ts'
import type { Reply, Scripts, SessionScript, StoreClock } from './scripts.ts'
import type { SessionIndex } from './session-index.ts'

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

  const get = async (ref: SessionRef): Promise<Session | undefined> => toSession(ref, await run('get', ref))

  return {
    create: (wanted) =>
      guard(async () => {
        await index.add(wanted, clock.now())
        const session = toSession(wanted, await run('create', wanted, ...toFields(wanted)))!
        // One that was there has kept its user, whose list is another one.
        if (session.userId !== wanted.userId) await index.touch(session, session.updatedAt)
        return session
      }),
    get: (ref) => guard(() => get(ref)),
    list: (query) => guard(() => index.page(query, get)),
    update: (ref, patch) =>
      guard(async () => {
        const session = toSession(ref, await run('update', ref, ...toFields(patch)))
        if (session) await index.touch(session, session.updatedAt)
        return session
      }),
    messages: (ref, { limit, before }) =>
      guard(async () => {
        const end = toPageEnd(ref, before)
        return end ? toPage(ref, await run('messages', ref, end.place, end.below, limit)) : []
      }),
    clear: (ref) =>
      guard(async () => {
        const at = clock.now()
        const [outcome, userId] = (await run('clear', ref)) as ['cleared' | 'busy' | 'missing', string?]
        if (userId !== undefined) await index.touch({ ...ref, userId }, at)
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

/** Title and brain may be null, so they are kept as JSON. */
function toFields({ persona, brain, title, onDisconnect, userId }: Partial<NewSession>): string[] {
  const values = Object.entries({
    userId,
    persona,
    onDisconnect,
    brain: brain === undefined ? undefined : JSON.stringify(brain),
    title: title === undefined ? undefined : JSON.stringify(title),
  })
  return values.flatMap(([name, value]) => (value === undefined ? [] : [name, value]))
}

/** Reads what the scripts return of a session; null is none. */
function toSession({ owner, sessionId }: SessionRef, reply: Reply): Session | undefined {
  if (reply === null) return undefined
  const [flat, messageCount, last] = reply as [string[], number, string | null]
  const fields = new Map<string, string>()
  for (let i = 0; i < flat.length; i += 2) fields.set(flat[i]!, flat[i + 1]!)
  const active = fields.get('active')
  return {
    owner,
    sessionId,
    userId: fields.get('userId')!,
    title: JSON.parse(fields.get('title')!) as string | null,
    persona: fields.get('persona')!,
    brain: JSON.parse(fields.get('brain')!) as string | null,
    onDisconnect: fields.get('onDisconnect') as OnDisconnect,
    messageCount,
    createdAt: Number(fields.get('createdAt')),
    updatedAt: Number(fields.get('updatedAt')),
    active: active === undefined ? null : Number(active),
    last: last === null ? null : Number(last),
  }
}
