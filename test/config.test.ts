import { describe, expect, it } from 'vitest'
import { ConfigError, loadConfig } from '#src/config.ts'

describe('loadConfig', () => {
  it('serves on loopback with the offline brain when nothing is set', () => {
    expect(loadConfig({})).toMatchObject({
      PORT: 5001,
      HOST: '127.0.0.1',
      ACTIVE_BRAIN: 'config',
      MAX_REPLY_TOKENS: 2048,
    })
  })

  it('takes an empty variable as one that is not set', () => {
    expect(loadConfig({ PORT: '', LOG_LEVEL: ' ' })).toMatchObject({ PORT: 5001, LOG_LEVEL: 'info' })
  })

  it('keeps a text that looks like a number as the text it is', () => {
    expect(loadConfig({ CONFIG_BRAIN_SEED: '007', OPENAI_MODEL: '5' })).toMatchObject({
      CONFIG_BRAIN_SEED: '007',
      OPENAI_MODEL: '5',
    })
  })

  it('lets everyone in beyond loopback only when that is said', () => {
    expect(() => loadConfig({ HOST: '0.0.0.0' })).toThrow(/HOST.*AUTH=off/)
    expect(loadConfig({ HOST: '0.0.0.0', AUTH: 'off' }).HOST).toBe('0.0.0.0')
    expect(loadConfig({ HOST: '::1' }).HOST).toBe('::1')
  })

  it.each([
    ['PORT', 'many'],
    ['PORT', '65536'],
    ['PORT', '12.5'],
    ['AUTH', 'on'],
    ['JWT_SECRET', 'short'],
    ['JWKS_URL', 'not an address'],
    ['JWKS_URL', 'https://['],
    ['ALLOWED_ORIGINS', 'https://app.example.com/path'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', 'everyone'],
    ['REDIS_URL', 'http://localhost'],
    ['REDIS_PREFIX', 'a prefix'],
    ['SESSION_TTL_DAYS', '0'],
    ['TURN_LOG_TTL_MINUTES', '-1'],
    ['ACTIVE_BRAIN', 'hal'],
    ['BRAIN_FALLBACKS', 'openai,hal'],
    ['OPENAI_BASE_URL', 'api.openai.com'],
    ['CONFIG_BRAIN_PACE_MS', 'slow'],
    ['RATE_LIMIT_PER_MINUTE', '1e3'],
    ['MAX_REPLY_TOKENS', '0'],
    ['FIRST_TOKEN_TIMEOUT_S', '0'],
    ['TOKEN_TIMEOUT_S', 'Infinity'],
    ['DRAIN_TIMEOUT_S', 'NaN'],
    ['LOG_LEVEL', 'loud'],
  ])('stops at %s=%s with a sentence that names it', (name, value) => {
    expect(() => loadConfig({ [name]: value })).toThrow(ConfigError)
    expect(() => loadConfig({ [name]: value })).toThrow(new RegExp(`^${name} .*\\.$`))
  })

  it('signs people in by a secret or by an issuer’s keys, not by both, and pins nothing without either', () => {
    const secret = 'a secret for tests that is long enough'
    expect(loadConfig({ HOST: '0.0.0.0', JWT_SECRET: secret }).JWT_SECRET).toBe(secret)
    expect(loadConfig({ HOST: '0.0.0.0', JWKS_URL: 'https://id.example.com/keys' }).HOST).toBe('0.0.0.0')
    expect(() => loadConfig({ JWT_SECRET: secret, JWKS_URL: 'https://id.example.com/keys' })).toThrow(
      /^JWT_SECRET and JWKS_URL .*\.$/,
    )
    // In bytes, not characters.
    expect(loadConfig({ JWT_SECRET: 'ü'.repeat(16) }).JWT_SECRET).toHaveLength(16)
    expect(() => loadConfig({ JWT_SECRET: 'u'.repeat(31) })).toThrow(/^JWT_SECRET/)
    for (const name of ['JWT_ISSUER', 'JWT_AUDIENCE']) {
      expect(() => loadConfig({ [name]: 'x' })).toThrow(new RegExp(`^${name} .*\\.$`))
      expect(loadConfig({ [name]: 'x', JWT_SECRET: secret })).toMatchObject({ [name]: 'x' })
    }
  })

  it('does not repeat a value that can be a secret', () => {
    expect(() => loadConfig({ JWT_SECRET: 'hunter2' })).toThrow(/^((?!hunter2).)*$/)
    expect(() => loadConfig({ REDIS_URL: 'http://user:hunter2@host' })).toThrow(/^((?!hunter2).)*$/)
  })
})
