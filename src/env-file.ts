/** The file `.env`: adds its variables to the environment, and notices names that are probably misspelled. */
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { ConfigError, VARIABLES } from './config.ts'

type Environment = Record<string, string | undefined>

/** Edits between a name and one of ours. A name that is further away is another program's. */
const MAX_DISTANCE = 2

/** Characters. Shorter names in the environment are not judged: there are many, and short words resemble each other. */
const MIN_CHARS = 8

const toPrefix = (name: string) => name.slice(0, name.indexOf('_') + 1).toUpperCase()

/** The first words of our names, such as `REDIS_`. */
const PREFIXES = new Set(VARIABLES.map(toPrefix).filter((prefix) => prefix !== ''))

/**
 * Adds the variables of `.env` to the environment, where there is such a file; what is set already stays.
 *
 * @returns a sentence for each variable that looks like one of ours but is none
 * @throws ConfigError when the file cannot be read
 */
export function loadEnvFile(env: Environment): string[] {
  const file = readEnvFile()
  const warnings = findUnknown(file, env)
  for (const [name, value] of Object.entries(file)) env[name] ??= value
  return warnings
}

function readEnvFile(): Environment {
  try {
    return parseEnv(readFileSync('.env', 'utf8'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return {}
    throw new ConfigError(`The file .env cannot be read (${code}).`)
  }
}

/** Finds misspelled names: in the file, also unknown ones that begin like ours; in the environment, only near ones. */
export function findUnknown(file: Environment, env: Environment): string[] {
  const inFile = Object.keys(file).filter(isUnknown)
  const around = Object.keys(env).filter((name) => isUnknown(name) && !(name in file) && name.length >= MIN_CHARS)
  return [
    ...inFile.filter((name) => beginsLikeOurs(name) || findNearest(name)).map((name) => say(name, 'In .env, ')),
    ...around.filter((name) => findNearest(name)).map((name) => say(name, '')),
  ]
}

// Many programs read `http_proxy` and the like, in small letters.
const isUnknown = (name: string) => !VARIABLES.includes(name) && !name.endsWith('_proxy')
const beginsLikeOurs = (name: string) => PREFIXES.has(toPrefix(name))

function say(name: string, where: string): string {
  const nearest = findNearest(name)
  const known = nearest ? [nearest] : VARIABLES.filter((one) => toPrefix(one) === toPrefix(name))
  return `${where}${name} is not a variable of this service: did you mean ${known.join(', ')}?`
}

function findNearest(name: string): string | undefined {
  const max = Math.min(MAX_DISTANCE, Math.floor(name.length / 3))
  const near = VARIABLES.map((known) => ({ known, distance: countEdits(name.toUpperCase(), known) }))
  return near.filter(({ distance }) => distance <= max).toSorted((a, b) => a.distance - b.distance)[0]?.known
}

/** Counts the letters to add, leave out, replace or swap with the next one, to make one word of another. */
function countEdits(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, index) => index)]
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const isSame = from[i - 1] === to[j - 1]
      const edits = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (isSame ? 0 : 1))
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      row[j] = isSwapped ? Math.min(edits, rows[i - 2]![j - 2]! + 1) : edits
    }
    rows.push(row)
  }
  return rows[from.length]![to.length]!
}
