/**
 * Configuration: the one reader of the environment. Every variable is checked when the service starts, and a wrong one
 * stops the start with a sentence that names it.
 */
import { existsSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'

const BRAIN_IDS = ['config', 'claude', 'openai', 'gemini', 'ollama', 'nvidia'] as const

/** `description` completes the sentence "NAME must be …". */
const said = (description: string, fallback?: unknown) => ({
  description,
  ...(fallback === undefined ? {} : { default: fallback }),
})
const text = (description: string, fallback?: string) => Type.String(said(description, fallback))
const address = (schemes: string) =>
  Type.String({
    pattern: `^(${schemes})://\\S+$`,
    ...said(`an address that begins with ${schemes.replace('|', ' or ')}`),
  })
const integer = (minimum: number, maximum: number, fallback: number) =>
  Type.Integer({ minimum, maximum, ...said(`a whole number from ${minimum} to ${maximum}`, fallback) })
const amount = (unit: string, maximum: number, fallback?: number) =>
  Type.Number({ exclusiveMinimum: 0, maximum, ...said(`a number of ${unit} above 0, up to ${maximum}`, fallback) })
const seconds = (fallback: number) => amount('seconds', 86_400, fallback)
const oneOf = <const Values extends string[]>(values: Values, fallback: Values[number]) =>
  Type.Enum(values, said(`one of ${values.join(', ')}`, fallback))

const provider = <Name extends string>(name: Name) =>
  ({
    [`${name}_API_KEY`]: Type.Optional(text('a key')),
    [`${name}_BASE_URL`]: Type.Optional(address('http|https')),
    [`${name}_MODEL`]: Type.Optional(text('the name of a model')),
  }) as {
    [Key in `${Name}_API_KEY` | `${Name}_BASE_URL` | `${Name}_MODEL`]: ReturnType<typeof Type.Optional<Type.TString>>
  }

const ConfigSchema = Type.Object({
  PORT: integer(0, 65_535, 5001),
  HOST: text('a host name or address', '127.0.0.1'),
  AUTH: Type.Optional(Type.Literal('off', said('"off", or not set'))),
  JWT_SECRET: Type.Optional(text('a secret of at least 32 bytes')),
  JWKS_URL: Type.Optional(address('http|https')),
  JWT_ISSUER: Type.Optional(text('an issuer')),
  JWT_AUDIENCE: Type.Optional(text('an audience')),
  ALLOWED_ORIGINS: text('a list of origins such as https://app.example.com', ''),
  TRUSTED_PROXIES: text('a list of addresses or CIDR ranges', ''),
  METRICS_TOKEN: Type.Optional(text('a token')),
  REDIS_URL: Type.Optional(address('redis|rediss')),
  REDIS_PREFIX: Type.String({
    pattern: '^[\\w:.-]{1,64}$',
    ...said('1 to 64 letters, digits and any of _ : . -', 'repartee'),
  }),
  SQLITE_PATH: text('a file name', 'data/repartee.db'),
  SESSION_TTL_DAYS: amount('days', 36_500, 30),
  TURN_LOG_TTL_MINUTES: amount('minutes', 525_600, 60),
  TURN_LEASE_S: seconds(10),
  ACTIVE_BRAIN: oneOf([...BRAIN_IDS], 'config'),
  BRAIN_FALLBACKS: text(`a list of ${BRAIN_IDS.join(', ')}`, ''),
  ...provider('ANTHROPIC'),
  ...provider('OPENAI'),
  ...provider('GEMINI'),
  OLLAMA_BASE_URL: Type.Optional(address('http|https')),
  OLLAMA_MODEL: Type.Optional(text('the name of a model')),
  ...provider('NVIDIA'),
  CONFIG_BRAIN_PACE_MS: integer(0, 10_000, 30),
  CONFIG_BRAIN_SEED: text('a text', 'repartee'),
  PERSONAS_DIR: Type.Optional(text('a directory')),
  KNOWLEDGE_DIR: Type.Optional(text('a directory')),
  RATE_LIMIT_PER_MINUTE: integer(0, 1_000_000, 30),
  MAX_TURNS_PER_USER: integer(0, 1_000_000, 8),
  MAX_SOCKETS_PER_IP: Type.Optional(Type.Integer({ minimum: 0, ...said('a whole number') })),
  MAX_MESSAGE_CHARS: integer(0, 100_000_000, 10_000),
  ALLOW_CLIENT_SYSTEM: oneOf(['true', 'false'], 'true'),
  BODY_LIMIT_KB: integer(1, 1_048_576, 1024),
  MAX_FRAME_KB: integer(1, 1_048_576, 64),
  MAX_REPLY_TOKENS: integer(1, 1_000_000, 2048),
  MAX_HISTORY_MESSAGES: integer(1, 100_000, 50),
  FIRST_TOKEN_TIMEOUT_S: Type.Optional(amount('seconds', 86_400)),
  TOKEN_TIMEOUT_S: seconds(30),
  TURN_TIMEOUT_S: seconds(600),
  DRAIN_TIMEOUT_S: Type.Number({ minimum: 0, maximum: 86_400, ...said('a number of seconds', 30) }),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info'),
})

export type Config = Static<typeof ConfigSchema>

/** A variable that cannot be used; the message is a sentence for whoever runs the service. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * Reads the environment. An empty variable counts as one that is not set.
 *
 * @throws ConfigError naming the variable
 */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(
    Object.keys(ConfigSchema.properties)
      .map((name) => [name, env[name]?.trim()])
      .filter(([, value]) => value),
  )
  const config = Value.Default(ConfigSchema, toNumbers(given))
  const [error] = Value.Errors(ConfigSchema, config)
  if (error) throw new ConfigError(toSentence(error.instancePath.slice(1), given))
  checkTogether(config as Config)
  return config as Config
}

/** Not `Value.Convert`, which makes 12 of "12.5". */
function toNumbers(given: Record<string, string>): Record<string, string | number> {
  const schemas = ConfigSchema.properties as Record<string, { type?: string }>
  const isNumber = (name: string) => schemas[name]?.type === 'integer' || schemas[name]?.type === 'number'
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      isNumber(name) && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value,
    ]),
  )
}

/** Texts are not repeated: an address or a key can hold a secret. */
function toSentence(name: string, given: Record<string, string>): string {
  const schema = (ConfigSchema.properties as Record<string, { description?: string; type?: string }>)[name]
  const sentence = `${name} must be ${schema?.description}`
  return schema?.type === 'string' ? `${sentence}.` : `${sentence}, but is "${given[name]}".`
}

function checkTogether(config: Config): void {
  const isOpen = !config.JWT_SECRET && !config.JWKS_URL
  if (config.JWT_SECRET && Buffer.byteLength(config.JWT_SECRET) < 32) {
    throw new ConfigError('JWT_SECRET must be at least 32 bytes long.')
  }
  if (config.JWT_SECRET && config.JWKS_URL) {
    throw new ConfigError('JWT_SECRET and JWKS_URL are both set: tokens are checked by one of them, so choose.')
  }
  if (config.JWKS_URL && !URL.canParse(config.JWKS_URL)) throw new ConfigError('JWKS_URL must be an address.')
  for (const name of ['JWT_ISSUER', 'JWT_AUDIENCE'] as const) {
    if (isOpen && config[name]) throw new ConfigError(`${name} is set, but neither JWT_SECRET nor JWKS_URL is.`)
  }
  if (isOpen && config.AUTH !== 'off' && !isLoopback(config.HOST)) {
    throw new ConfigError(
      `HOST is "${config.HOST}", which others can reach: set JWT_SECRET or JWKS_URL, or say AUTH=off to serve everyone.`,
    )
  }
  for (const origin of toList(config.ALLOWED_ORIGINS)) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new ConfigError(
        `ALLOWED_ORIGINS must be a list of origins such as https://app.example.com, not "${origin}".`,
      )
    }
  }
  for (const range of toList(config.TRUSTED_PROXIES)) {
    if (!isRange(range)) throw new ConfigError(`TRUSTED_PROXIES must be addresses or CIDR ranges, not "${range}".`)
  }
  for (const id of toList(config.BRAIN_FALLBACKS)) {
    if (!BRAIN_IDS.some((known) => known === id)) {
      throw new ConfigError(`BRAIN_FALLBACKS must be a list of ${BRAIN_IDS.join(', ')}, not "${id}".`)
    }
  }
  for (const name of NOT_YET) {
    if (config[name]) throw new ConfigError(`${name} is set, but this version cannot use it yet.`)
  }
}

/** Said aloud rather than ignored: whoever sets one of these counts on it. */
const NOT_YET = ['KNOWLEDGE_DIR'] as const

/** Adds the variables of `.env` to the environment, where there is such a file; what is set already stays. */
export function loadEnvFile(): void {
  if (existsSync('.env')) process.loadEnvFile('.env')
}

/** Splits a comma list. */
export function toList(list: string): string[] {
  return list
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

function isRange(range: string): boolean {
  const [base = '', prefix, rest] = range.split('/')
  const version = isIP(base)
  if (version === 0 || rest !== undefined) return false
  if (prefix === undefined) return true
  if (!/^\d{1,3}$/.test(prefix)) return false
  try {
    new BlockList().addSubnet(base, Number(prefix), version === 6 ? 'ipv6' : 'ipv4')
    return true
  } catch {
    return false
  }
}
