/**
 * Configuration: the one reader of the environment. Every variable is checked when the service starts, and a wrong one
 * stops the start with a sentence that names it.
 */
import { BlockList, isIP } from 'node:net'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { findOriginFault, isHostRule } from './callers.ts'

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
const integer = (minimum: number, maximum: number, fallback?: number) =>
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
  BASE_PATH: Type.String({
    maxLength: 200,
    // No segment that begins with a dot: browsers and proxies resolve `.` and `..`.
    pattern: '^(/[\\w~-][\\w.~-]*)*$',
    ...said('a path such as /apps/chat, of letters, digits and any of _ . ~ -, without a slash at its end', ''),
  }),
  AUTH: Type.Optional(Type.Literal('off', said('"off", or not set'))),
  JWT_SECRET: Type.Optional(text('a secret of at least 32 bytes')),
  JWKS_URL: Type.Optional(address('http|https')),
  JWT_ISSUER: Type.Optional(text('an issuer')),
  JWT_AUDIENCE: Type.Optional(text('an audience')),
  ALLOWED_ORIGINS: text('a list of origins such as https://app.example.com', ''),
  ALLOWED_HOSTS: text('a list of host names such as chat.example.com', ''),
  TRUSTED_PROXIES: text('a list of addresses or CIDR ranges', ''),
  METRICS_TOKEN: Type.Optional(text('a token')),
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: '^(rediss?|(redis\\+)?unix)://',
      ...said('an address that begins with redis://, rediss:// (TLS) or unix://'),
    }),
  ),
  REDIS_CLUSTER: oneOf(['auto', 'on', 'off'], 'auto'),
  REDIS_SENTINELS: text('a list of addresses such as host:26379', ''),
  REDIS_MASTER: Type.Optional(text('what the Sentinels call the master')),
  REDIS_CA_FILE: Type.Optional(text('a file of certificates')),
  REDIS_TLS_VERIFY: oneOf(['on', 'off'], 'on'),
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
  ALLOWED_MODELS: text('a list of models', ''),
  ...provider('ANTHROPIC'),
  ...provider('OPENAI'),
  ...provider('GEMINI'),
  OLLAMA_BASE_URL: Type.Optional(address('http|https')),
  OLLAMA_MODEL: Type.Optional(text('the name of a model')),
  ...provider('NVIDIA'),
  HTTP_PROXY: Type.Optional(address('http|https')),
  HTTPS_PROXY: Type.Optional(address('http|https')),
  NO_PROXY: Type.Optional(text('a list of hosts')),
  CONFIG_BRAIN_PACE_MS: integer(0, 10_000, 30),
  CONFIG_BRAIN_SEED: text('a text', 'repartee'),
  PERSONAS_DIR: Type.Optional(text('a directory')),
  KNOWLEDGE_DIR: Type.Optional(text('a directory')),
  RATE_LIMIT_PER_MINUTE: integer(0, 1_000_000, 30),
  MAX_TURNS_PER_USER: integer(0, 1_000_000, 8),
  SESSIONS_PER_HOUR: Type.Optional(integer(0, 1_000_000)),
  MAX_SOCKETS_PER_IP: Type.Optional(Type.Integer({ minimum: 0, ...said('a whole number') })),
  MAX_MESSAGE_CHARS: integer(0, 100_000_000, 10_000),
  MAX_STORED_MESSAGE_CHARS: integer(0, 100_000_000, 100_000),
  ALLOW_CLIENT_SYSTEM: oneOf(['true', 'false'], 'true'),
  BODY_LIMIT_KB: integer(1, 1_048_576, 1024),
  MAX_FRAME_KB: integer(1, 1_048_576, 64),
  MAX_REPLY_TOKENS: Type.Optional(integer(1, 1_000_000)),
  MAX_HISTORY_MESSAGES: integer(1, 100_000, 50),
  FIRST_TOKEN_TIMEOUT_S: Type.Optional(amount('seconds', 86_400)),
  TOKEN_TIMEOUT_S: seconds(30),
  TURN_TIMEOUT_S: seconds(600),
  KEEP_ALIVE_S: seconds(72),
  DRAIN_TIMEOUT_S: Type.Number({ minimum: 0, maximum: 86_400, ...said('a number of seconds', 30) }),
  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info'),
})

export type Config = Static<typeof ConfigSchema>

/** The names of all variables. */
export const VARIABLES: readonly string[] = Object.keys(ConfigSchema.properties)

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
  const given = Object.fromEntries(VARIABLES.map((name) => [name, read(env, name)]).filter(([, value]) => value))
  // With brackets, as addresses write it.
  if (given.HOST) given.HOST = given.HOST.replace(/^\[(.*)\]$/, '$1')
  const config = Value.Default(ConfigSchema, toNumbers(given))
  const [error] = Value.Errors(ConfigSchema, config)
  if (error) throw new ConfigError(toSentence(error.instancePath.slice(1), given))
  checkTogether(config as Config)
  return config as Config
}

/** Variables that may be written in small letters, which then count first, as in other programs. */
const IN_EITHER_CASE = new Set(['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'])

function read(env: Record<string, string | undefined>, name: string): string | undefined {
  const small = IN_EITHER_CASE.has(name) ? env[name.toLowerCase()]?.trim() : undefined
  return small || env[name]?.trim()
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
  if (config.JWKS_URL) checkIssuer(config.JWKS_URL)
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY'] as const) {
    if (config[name] && !isProxyAddress(config[name])) {
      throw new ConfigError(`${name} must be the address of a proxy, such as http://proxy.example.com:3128.`)
    }
  }
  for (const name of ['JWT_SECRET', 'JWKS_URL'] as const) {
    if (config.AUTH && config[name]) {
      throw new ConfigError(`AUTH=off and ${name} are both set: leave out one of them.`)
    }
  }
  for (const name of ['JWT_ISSUER', 'JWT_AUDIENCE'] as const) {
    if (isOpen && config[name]) throw new ConfigError(`${name} is set, but neither JWT_SECRET nor JWKS_URL is.`)
  }
  if (isOpen && config.AUTH !== 'off' && !isLoopback(config.HOST)) {
    throw new ConfigError(
      `HOST is "${config.HOST}", which others can reach: set JWT_SECRET or JWKS_URL, or say AUTH=off to serve everyone.`,
    )
  }
  for (const origin of toList(config.ALLOWED_ORIGINS)) {
    const fault = findOriginFault(origin)
    if (fault) throw new ConfigError(`ALLOWED_ORIGINS ${fault}`)
  }
  for (const host of toList(config.ALLOWED_HOSTS)) {
    if (isHostRule(host)) continue
    throw new ConfigError(
      `ALLOWED_HOSTS must be a list of host names such as chat.example.com or *.example.com, not "${host}".`,
    )
  }
  for (const range of toList(config.TRUSTED_PROXIES)) {
    if (!isRange(range)) throw new ConfigError(`TRUSTED_PROXIES must be addresses or CIDR ranges, not "${range}".`)
  }
  for (const id of toList(config.BRAIN_FALLBACKS)) {
    if (!BRAIN_IDS.some((known) => known === id)) {
      throw new ConfigError(`BRAIN_FALLBACKS must be a list of ${BRAIN_IDS.join(', ')}, not "${id}".`)
    }
  }
  checkRedis(config)
  for (const name of NOT_YET) {
    if (config[name]) throw new ConfigError(`${name} is set, but this version cannot use it yet.`)
  }
}

function checkIssuer(issuer: string): void {
  if (!URL.canParse(issuer)) throw new ConfigError('JWKS_URL must be an address.')
  const { protocol, hostname } = new URL(issuer)
  if (protocol === 'https:' || isLoopback(hostname.replace(/^\[|\]$/g, ''))) return
  throw new ConfigError(
    'JWKS_URL must be https, or on this machine: keys that come over http can be replaced on the way. Put TLS in front of the issuer, or use JWT_SECRET.',
  )
}

function checkRedis(config: Config): void {
  const { REDIS_URL, REDIS_SENTINELS, REDIS_MASTER, REDIS_CLUSTER, REDIS_CA_FILE, REDIS_TLS_VERIFY } = config
  if (!REDIS_SENTINELS !== !REDIS_MASTER) {
    throw new ConfigError('REDIS_SENTINELS and REDIS_MASTER go together: set both, or neither.')
  }
  if (REDIS_SENTINELS && REDIS_CLUSTER === 'on') {
    throw new ConfigError(
      'REDIS_CLUSTER and REDIS_SENTINELS are both set: a cluster has no Sentinels, so leave out one.',
    )
  }
  if (REDIS_CA_FILE && REDIS_TLS_VERIFY === 'off') {
    throw new ConfigError('REDIS_CA_FILE is set, but REDIS_TLS_VERIFY=off accepts any certificate: leave out one.')
  }
  const named = { REDIS_CA_FILE, REDIS_TLS_VERIFY: REDIS_TLS_VERIFY === 'off', REDIS_CLUSTER: REDIS_CLUSTER === 'on' }
  for (const [name, isSet] of Object.entries(named)) {
    if (isSet && !REDIS_URL && !REDIS_SENTINELS) throw new ConfigError(`${name} is set, but REDIS_URL is not.`)
  }
}

/** Said aloud rather than ignored: whoever sets one of these counts on it. */
const NOT_YET = ['KNOWLEDGE_DIR'] as const

/**
 * Runs work that the value of a variable can make fail, and names the variable in the error.
 *
 * @throws Error with the work's own sentence, after the variable's name
 */
export async function withVariable<Result>(name: keyof Config, work: () => Promise<Result>): Promise<Result> {
  return await work().catch((cause: Error) => {
    throw new Error(`${name}: ${cause.message}`, { cause })
  })
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

/** Says whether it is an address whose user and password can be decoded, too. */
function isProxyAddress(proxy: string): boolean {
  try {
    const { username, password } = new URL(proxy)
    decodeURIComponent(username + password)
    return true
  } catch {
    return false
  }
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
