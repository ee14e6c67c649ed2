/**
 * Tries at the start what the service will ask of Redis: else the first user would find out that a right is missing, or
 * that the server is too old or takes no writes.
 */
import { randomBytes } from 'node:crypto'
import { type Client, createListener, untilReady } from './connection.ts'
import { RedisUnusable, toMissing } from './failure.ts'
import { createKeys } from './keys.ts'
import type { Route } from './routes.ts'
import { readLua } from './scripts.ts'

/** Faults of the server, not of the user or the command: they are reported like any other answer. */
const OF_THE_SERVER = /^(READONLY|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|LOADING)/

/** Tries every command and channel. @throws RedisUnusable, or the error that Redis answers */
export async function rehearse(client: Client, route: Route, prefix: string): Promise<void> {
  const keys = createKeys(prefix)
  const ref = { owner: '', sessionId: randomBytes(9).toString('base64url') }
  const channels = [keys.asked('nobody'), keys.log({ ...ref, n: 0, createdAt: 0 })]
  const refused = (await client.eval(readLua('rehearse'), 1, keys.session(ref), ...channels)) as string[]
  checkRefused(route, refused)
  await client.call('EVALSHA', '0'.repeat(40), '0').catch((error: Error) => {
    if (!error.message.startsWith('NOSCRIPT')) throw error
  })
  if (!client.isCluster) await spanSlots(client, prefix)
  const listener = createListener(client)!
  try {
    await untilReady(listener)
    await listener.subscribe(...channels)
    await listener.unsubscribe(...channels)
    await listener.ping()
  } finally {
    listener.disconnect()
  }
}

/** Runs a script on keys of two slots, as the script that adds tokens does on one server: a cluster refuses it. */
export async function spanSlots(client: Client, prefix: string): Promise<void> {
  await client.eval('return 1', 2, `${prefix}:{a}`, `${prefix}:{b}`)
}

/** Throws for what was refused. A full memory is let pass: what has begun can be ended and read even then. */
function checkRefused(route: Route, refused: string[]): void {
  const answers = refused.map((answer) => {
    const end = answer.indexOf(' ')
    return { command: answer.slice(0, end), words: answer.slice(end + 1) }
  })
  const server = answers.find(({ words }) => OF_THE_SERVER.test(words))
  if (server) throw new Error(server.words)
  const wrong = answers.filter(({ words }) => !words.startsWith('OOM'))
  if (wrong.length > 0) throw new RedisUnusable(route, ...toReason(wrong), true)
}

function toReason(wrong: { command: string; words: string }[]): [reason: string, code: string] {
  const { words } = wrong[0]!
  const names = [...new Set(wrong.map(({ command }) => command))].join(', ')
  if (/The user executing the script|ACL failure/.test(words)) return [toMissing(words, names), 'NOPERM']
  return [`it is older than Redis 7, or no Redis: it cannot do ${names} as the service needs it`, 'ERR']
}
