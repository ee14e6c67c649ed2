/** The scripts in `lua/`: what must happen in one step. Each touches the keys of one session, or one key. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from './connection.ts'

export interface StoreClock {
  /** Epoch milliseconds. */
  now(): number
  sessionTtlMs: number
  turnLogTtlMs: number
}

/** What Redis answers: nil is null, and what a script leaves out is null too. */
export type Reply = string | number | null | Reply[]

export type SessionScript = (typeof SESSION_SCRIPTS)[number]

/** An entry for a log. */
export interface LogAddition {
  /** The log's key. */
  log: string
  id: string
  /** As JSON. */
  tokens: string
}

export interface Scripts {
  /** Runs a script on a session's key. */
  run(script: SessionScript, key: string, ...args: (string | number)[]): Promise<Reply>
  /** Adds an entry to each of several logs: in a cluster, of one slot. */
  append(additions: LogAddition[]): Promise<('kept' | 'fenced' | 'refused')[]>
  /** Says that a node lives. */
  beat(key: string, node: string): Promise<unknown>
  /** Says so of a node that is not in the list, and of no other. */
  enlist(key: string, node: string): Promise<unknown>
  /** Adds to the sessions in which a node runs a turn. */
  hold(key: string, members: string[]): Promise<unknown>
  /** The nodes that said nothing for so long. */
  silent(key: string, ms: number): Promise<string[]>
}

const SESSION_SCRIPTS = [
  'create',
  'get',
  'update',
  'clear',
  'delete',
  'messages',
  'images',
  'turn',
  'find',
  'claim',
  'take-over',
  'ask-to-stop',
  'settle',
  'log',
] as const

/** How far the clocks of nodes and of Redis may be apart: keys outlive by this what they hold. */
const SKEW_MS = 60_000

/** No turn runs for longer: the most that TURN_TIMEOUT_S can be. */
const LONGEST_TURN_MS = 86_400_000

/** How long Redis keeps the keys of a session that is idle, and of one in which a turn runs. */
export function toKeepMs({ sessionTtlMs }: Pick<StoreClock, 'sessionTtlMs'>): { idle: number; running: number } {
  const idle = Math.ceil(sessionTtlMs) + SKEW_MS
  return { idle, running: idle + LONGEST_TURN_MS }
}

/** How long Redis keeps the log of a turn that has ended. */
export function toKeepLogMs({ turnLogTtlMs }: Pick<StoreClock, 'turnLogTtlMs'>): number {
  return Math.ceil(turnLogTtlMs) + SKEW_MS
}

type Command = (key: string, ...args: (string | number)[]) => Promise<Reply>

/** Defines a script that touches one key and needs nothing of the store's. */
export function defineScript(client: Client, name: string): Command {
  return define(client, name, readLua(name))
}

/** Sends a script whole once on each connection, and by its digest from then on. */
function define(client: Client, name: string, lua: string): Command {
  const command = `repartee:${name}`
  client.defineCommand(command, { numberOfKeys: 1, lua })
  return (client as unknown as Record<string, Command>)[command]!.bind(client)
}

export function defineScripts(client: Client, clock: StoreClock): Scripts {
  const prelude = readLua('prelude')
  const { idle, running } = toKeepMs(clock)
  const commands = new Map(SESSION_SCRIPTS.map((name) => [name, define(client, name, prelude + readLua(name))]))
  const beat = defineScript(client, 'beat')
  const hold = defineScript(client, 'hold')
  const silent = defineScript(client, 'silent')
  const append = defineAppend(client)
  return {
    append,
    run: (script, key, ...args) => commands.get(script)!(key, clock.now(), clock.sessionTtlMs, idle, running, ...args),
    beat: (key, node) => beat(key, node, running, 'CH'),
    enlist: (key, node) => beat(key, node, running, 'NX'),
    hold: (key, members) => hold(key, running, ...members),
    silent: (key, ms) => silent(key, ms) as Promise<string[]>,
  }
}

const APPENDED = ['refused', 'kept', 'fenced'] as const

function defineAppend(client: Client): Scripts['append'] {
  client.defineCommand('repartee:append', { lua: readLua('append') })
  const { 'repartee:append': append } = client as unknown as Record<string, (...args: unknown[]) => Promise<number[]>>
  return async (additions) => {
    const logs = additions.map(({ log }) => log)
    const entries = additions.flatMap(({ id, tokens }) => [id, tokens])
    return (await append!.call(client, logs.length, ...logs, ...entries)).map((answer) => APPENDED.at(answer)!)
  }
}

export function readLua(name: string): string {
  return readFileSync(join(import.meta.dirname, 'lua', `${name}.lua`), 'utf8')
}
