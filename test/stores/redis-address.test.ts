/** What people write into REDIS_URL and REDIS_SENTINELS. */
import { describe, expect, it } from 'vitest'
import { parseAddresses, parseSentinels } from '#src/stores/redis/address.ts'

const parse = (url: string) => parseAddresses(url)[0]
const PLAIN = { host: 'h', port: 6379, isTls: false, username: '', password: '', db: 0 }

describe('an address of Redis', () => {
  it.each([
    ['redis://h', {}],
    ['redis://h/', {}],
    ['redis://', { host: 'localhost' }],
    ['rediss://h:6380/5', { isTls: true, port: 6380, db: 5 }],
    ['redis://h?db=7', { db: 7 }],
    ['redis://[::1]:7000', { host: '::1', port: 7000 }],
    ['redis://:pw@h', { password: 'pw' }],
    ['redis://app:pw@h', { username: 'app', password: 'pw' }],
    ['unix:///run/redis.sock', { host: '/run/redis.sock', port: null }],
    [
      'redis+unix:///run/redis.sock?db=2&password=a+b%26',
      { host: '/run/redis.sock', port: null, db: 2, password: 'a+b&' },
    ],
    ['unix://app:pw@/run/redis.sock', { host: '/run/redis.sock', port: null, username: 'app', password: 'pw' }],
  ])('reads %s', (url, parts) => {
    expect(parse(url)).toEqual({ ...PLAIN, ...parts })
  })

  it.each(['p@ss:w/ö#rd?&%', 'a,b', 'a, b', '100%', '%zz', 'a+b', '[x]', 'ends with @', 'redis://', '%', '"\\'])(
    'reads the password %s, percent-encoded or as it is',
    (password) => {
      expect(parse(`redis://:${encodeURIComponent(password)}@h`)).toEqual({ ...PLAIN, password })
      expect(parse(`redis://app:${password}@h:1/2`)).toMatchObject({ username: 'app', password, host: 'h', db: 2 })
    },
  )

  it('is one of several where another begins after a comma', () => {
    expect(parseAddresses('redis://:a,b@one, redis://:a,b@two:7001,rediss://three')).toMatchObject([
      { host: 'one', password: 'a,b' },
      { host: 'two', port: 7001, password: 'a,b' },
      { host: 'three', isTls: true },
    ])
  })

  it.each([
    'redis://h:0',
    'redis://h:65536',
    'redis://h:hunter2',
    'redis://h/hunter2',
    'redis://h?db=hunter2',
    'redis://h?tls=true',
    'redis://h1:1,h2:2',
    'unix://hunter2',
    'http://hunter2@h',
  ])('that cannot be read is told in a sentence without it: %s', (url) => {
    expect(() => parseAddresses(url)).toThrow(/^REDIS_URL must be ((?!hunter2).)*\.$/)
  })
})

describe('addresses of Sentinels', () => {
  it('have their own port, and a password where one is needed', () => {
    expect(parseSentinels('one, :pw@two:26380')).toMatchObject([
      { host: 'one', port: 26_379, password: '' },
      { host: 'two', port: 26_380, password: 'pw' },
    ])
    expect(() => parseSentinels('one,two:hunter2')).toThrow(/^REDIS_SENTINELS must be ((?!hunter2).)*\.$/)
  })
})
