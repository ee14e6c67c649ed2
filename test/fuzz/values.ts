/** Makes values to fuzz with: valid ones, spoiled ones, and their JSON, valid and broken. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Random } from '#test/random.ts'

/** A mark in messages, queries and tokens, which must not appear in a log. */
export const CANARY = 'canary-of-what-was-said'

interface Oddities extends Record<
  | 'texts'
  | 'keys'
  | 'json'
  | 'lists'
  | 'endpoints'
  | 'methods'
  | 'targets'
  | 'queries'
  | 'frames'
  | 'halves'
  | 'packets',
  string[]
> {
  values: unknown[]
  known: Record<string, string[]>
  headers: Record<string, string[]>
}

const source = readFileSync(new URL('oddities.yaml', import.meta.url), 'utf8').replaceAll('CANARY', CANARY)

export const ODDITIES = parse(source, (_key, value: unknown) =>
  typeof value === 'string' ? value.replace(/^(.*) ×(\d+)$/s, (_, text: string, n) => text.repeat(Number(n))) : value,
) as Oddities

/** Literals that go into JSON as they are: `@@n@@` in a value stands for the nth. */
const RAW = [...ODDITIES.json, ...ODDITIES.lists.map((list) => `[${list}0]`)]

const HOSTILE: unknown[] = [
  ...ODDITIES.values,
  ...ODDITIES.texts,
  '\ud800',
  'a\udfff',
  ...RAW.map((_, n) => `@@${n}@@`),
  ...ODDITIES.keys.map((key) => Object.fromEntries([[key, { isAdmin: true }]])),
]

const TEXTS = ['default', 'config', 'A1', 'es', 'user', 'text', 'Hi', `${CANARY} 火 🔥`, 'https://a.example/a.png']

/** A JSON schema, with the keywords that ours use. */
export interface Schema {
  $ref?: string
  anyOf?: Schema[]
  enum?: unknown[]
  const?: unknown
  type?: string | string[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
  examples?: unknown[]
}

export class Values {
  readonly #random: Random
  readonly #schemas: Record<string, Schema>
  readonly #ids: readonly string[]

  /** @param ids of sessions, turns and messages that exist */
  constructor(random: Random, schemas: Record<string, Schema>, ids: readonly string[]) {
    this.#random = random
    this.#schemas = schemas
    this.#ids = ids
  }

  /** Makes a value that the schema takes, as far as its keywords say. */
  valid(schema: Schema, name = ''): unknown {
    const random = this.#random
    const { $ref, anyOf, type = 'string', minimum = 0, maximum = 1e6 } = schema
    if ($ref) return this.valid(this.#schemas[$ref.split('/').at(-1)!] ?? {}, name)
    if (schema.examples && random.next() < 0.3) return random.pick(schema.examples)
    if (anyOf) return this.valid(random.pick(anyOf), name)
    if ('const' in schema) return schema.const
    if (schema.enum) return random.pick(schema.enum)
    const one = random.pick([type].flat())
    if (one === 'object') return this.#object(schema)
    if (one === 'array') return Array.from({ length: random.integer(0, 3) }, () => this.valid(schema.items ?? {}))
    // Slow replies are left to other tests.
    if (one === 'integer' || one === 'number') return random.integer(minimum, name === 'pace_ms' ? 1 : maximum)
    if (one === 'boolean') return random.next() < 0.5
    return one === 'null' ? null : this.#text(schema, name)
  }

  #text({ pattern = '', minLength = 0, maxLength = Infinity }: Schema, name: string): string {
    const isId = /id$|^after$|^before$/i.test(name) && this.#random.next() < 0.8
    const shape = name.startsWith('session') ? /^[^.]*$/ : name.startsWith('turn') ? /\.\d+$/ : /^/
    const ids = isId ? this.#ids.filter((id) => shape.test(id)) : []
    const fits = (text: string) =>
      new RegExp(pattern, 'u').test(text) && text.length >= minLength && text.length <= maxLength
    const known = ODDITIES.known[name] ?? []
    return [known, ids, TEXTS].flatMap((texts) => this.#random.shuffle(texts)).find(fits) ?? 'a'
  }

  #object({ properties = {}, required = [] }: Schema): object {
    const names = Object.keys(properties).filter((name) => required.includes(name) || this.#random.next() < 0.2)
    return Object.fromEntries(names.map((name) => [name, this.valid(properties[name]!, name)]))
  }

  hostile(): unknown {
    return this.#random.pick(HOSTILE)
  }

  /** Makes something wrong somewhere in the value. */
  mutate(value: unknown): unknown {
    const random = this.#random
    if (typeof value !== 'object' || value === null || random.next() < 0.1) return this.hostile()
    const entries = Object.entries(value)
    if (entries.length === 0) return this.hostile()
    const [key, inner] = random.pick(entries)
    if (Array.isArray(value)) return value.with(Number(key), this.mutate(inner))
    const others = entries.filter(([name]) => name !== key)
    const how = random.next()
    if (how < 0.15) return Object.fromEntries(others)
    if (how < 0.3) return Object.fromEntries([...entries, [random.pick(ODDITIES.keys), this.hostile()]])
    return Object.fromEntries([...others, [key, this.mutate(inner)]])
  }

  /** Encodes a value as JSON, now and then broken. */
  toBytes(value: unknown): Buffer {
    const { next, integer, pick } = this.#random
    const text = (JSON.stringify(value) ?? '').replaceAll(/"@@(\d+)@@"/g, (_, n: string) => RAW[Number(n)]!)
    const bytes = Buffer.from(text)
    if (next() < 0.9) return bytes
    return pick([
      bytes.subarray(0, integer(0, bytes.length)),
      Buffer.from(`\ufeff${text}`),
      Buffer.from(`${text} {}`),
      Buffer.from(text, 'utf16le'),
      Buffer.concat([bytes.subarray(0, 3), Buffer.from('ffc080', 'hex'), bytes.subarray(3)]),
    ])
  }
}
