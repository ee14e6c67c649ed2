import { describe, expect, it } from 'vitest'
import { ConfigError, loadConfig } from '#src/config.ts'

describe('loadConfig', () => {
  it('serves on loopback with the offline brain when nothing is set', () => {
    expect(loadConfig({})).toMatchObject({
      PORT: 5001,
      HOST: '127.0.0.1',
      ACTIVE_BRAIN: 'config',
      MAX_HISTORY_MESSAGES: 50,
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

  it('takes the variables of proxies in either case, and quotes no secret of theirs', () => {
    const env = {
      http_proxy: 'http://small:1',
      HTTP_PROXY: 'http://large:1',
      HTTPS_PROXY: 'http://large:2',
      no_proxy: '*',
    }
    expect(loadConfig(env)).toMatchObject({
      HTTP_PROXY: 'http://small:1',
      HTTPS_PROXY: 'http://large:2',
      NO_PROXY: '*',
    })
    expect(loadConfig({ port: '7' })).toMatchObject({ PORT: 5001 })
    for (const proxy of ['ada:secret@host:1', 'http://ada:secret@host:x', 'http://ada:secret%@host']) {
      expect(() => loadConfig({ https_proxy: proxy })).toThrow(/^HTTPS_PROXY must be (?!.*secret)/)
    }
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
    ['BASE_PATH', '/'],
    ['BASE_PATH', 'repartee'],
    ['BASE_PATH', '/repartee/'],
    ['BASE_PATH', '/apps//chat'],
    ['BASE_PATH', '/apps/../chat'],
    ['BASE_PATH', '/a b'],
    ['BASE_PATH', '/a%2fb'],
    ['BASE_PATH', '/a?b'],
    ['BASE_PATH', 'https://example.com/repartee'],
    ['AUTH', 'on'],
    ['JWT_SECRET', 'short'],
    ['JWKS_URL', 'not an address'],
    ['JWKS_URL', 'https://['],
    ['ALLOWED_ORIGINS', 'https://app.example.com/path'],
    ['ALLOWED_ORIGINS', 'https://app.example.com/'],
    ['ALLOWED_ORIGINS', 'https://app.example.com:443'],
    ['ALLOWED_ORIGINS', 'https://*.example.com'],
    ['ALLOWED_ORIGINS', 'app.example.com'],
    ['ALLOWED_ORIGINS', 'capacitor://localhost/'],
    ['ALLOWED_ORIGINS', 'capacitor:'],
    ['ALLOWED_ORIGINS', 'null'],
    ['ALLOWED_ORIGINS', '*'],
    ['ALLOWED_HOSTS', 'https://chat.example.com'],
    ['ALLOWED_HOSTS', 'chat.example.com/path'],
    ['ALLOWED_HOSTS', 'chat.*.com'],
    ['ALLOWED_HOSTS', '*'],
    ['ALLOWED_HOSTS', 'chat.example.com:'],
    ['ALLOWED_HOSTS', 'chat example'],
    ['JWKS_URL', 'http://id.example.com/keys'],
    ['JWKS_URL', 'http://keycloak:8080/keys'],
    ['JWKS_URL', 'http://10.0.0.7/keys'],
    ['JWKS_URL', 'http://localhost.example.com/keys'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', 'everyone'],
    ['REDIS_URL', 'http://localhost'],
    ['REDIS_URL', '/run/redis.sock'],
    ['REDIS_PREFIX', 'a prefix'],
    ['REDIS_CLUSTER', 'yes'],
    ['REDIS_CLUSTER', 'on'],
    ['REDIS_SENTINELS', 'one:26379'],
    ['REDIS_CA_FILE', 'ca.pem'],
    ['REDIS_TLS_VERIFY', 'off'],
    ['SESSION_TTL_DAYS', '0'],
    ['TURN_LOG_TTL_MINUTES', '-1'],
    ['ACTIVE_BRAIN', 'hal'],
    ['BRAIN_FALLBACKS', 'openai,hal'],
    ['OPENAI_BASE_URL', 'api.openai.com'],
    ['HTTP_PROXY', 'proxy.example.com:3128'],
    ['HTTP_PROXY', 'http://ada:50%@proxy.example.com'],
    ['HTTPS_PROXY', 'http://proxy.example.com:port'],
    ['HTTPS_PROXY', 'socks5://proxy.example.com'],
    ['CONFIG_BRAIN_PACE_MS', 'slow'],
    ['SESSIONS_PER_HOUR', '-1'],
    ['MAX_STORED_MESSAGE_CHARS', 'many'],
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

  it('takes pages of the web and of apps, names with and without a port, and an issuer on this machine', () => {
    const origins =
      'https://app.example.com,http://localhost:3000,capacitor://localhost,ionic://localhost,tauri://localhost,' +
      'http://tauri.localhost,app://obsidian.md,chrome-extension://abcdefghijklmnopabcdefghijklmnop,' +
      'moz-extension://0a1b2c3d-0000-4000-8000-000000000000'
    expect(loadConfig({ ALLOWED_ORIGINS: origins }).ALLOWED_ORIGINS).toBe(origins)
    const hosts = 'chat.example.com, *.example.org:8443, repartee, my_service:5001, 192.0.2.1'
    expect(loadConfig({ ALLOWED_HOSTS: hosts }).ALLOWED_HOSTS).toBe(hosts)
    for (const host of ['127.0.0.1:8080', '[::1]', 'localhost']) {
      expect(loadConfig({ JWKS_URL: `http://${host}/keys` }).JWKS_URL).toBe(`http://${host}/keys`)
    }
  })

  it('takes settings of Redis that agree with each other', () => {
    const sentinels = { REDIS_SENTINELS: 'one:26379', REDIS_MASTER: 'main' }
    expect(loadConfig(sentinels)).toMatchObject({ REDIS_CLUSTER: 'auto', REDIS_TLS_VERIFY: 'on' })
    expect(() => loadConfig({ REDIS_MASTER: 'main' })).toThrow(/^REDIS_SENTINELS and REDIS_MASTER .*\.$/)
    expect(() => loadConfig({ ...sentinels, REDIS_CLUSTER: 'on' })).toThrow(/^REDIS_CLUSTER and REDIS_SENTINELS .*\.$/)
    const secure = { REDIS_URL: 'rediss://h', REDIS_CA_FILE: 'ca.pem' }
    expect(loadConfig(secure)).toMatchObject(secure)
    expect(() => loadConfig({ ...secure, REDIS_TLS_VERIFY: 'off' })).toThrow(/^REDIS_CA_FILE .*\.$/)
  })

  it('refuses AUTH=off beside a sign-in: one of the two would be ignored', () => {
    for (const [name, value] of [
      ['JWT_SECRET', 'a secret for tests that is long enough'],
      ['JWKS_URL', 'https://id.example.com/keys'],
    ] as const) {
      expect(() => loadConfig({ AUTH: 'off', [name]: value })).toThrow(new RegExp(`^AUTH=off .*${name}.*\\.$`))
      expect(loadConfig({ AUTH: '', [name]: value })).toMatchObject({ [name]: value })
    }
  })

  it('takes an IPv6 address as addresses write it', () => {
    expect(loadConfig({ HOST: '[::1]' }).HOST).toBe('::1')
    expect(() => loadConfig({ HOST: '[::]' })).toThrow(/^HOST is "::"/)
  })

  it('does not repeat a value that can be a secret', () => {
    expect(() => loadConfig({ JWT_SECRET: 'hunter2' })).toThrow(/^((?!hunter2).)*$/)
    expect(() => loadConfig({ REDIS_URL: 'http://user:hunter2@host' })).toThrow(/^((?!hunter2).)*$/)
  })
})
