import { describe, expect, it } from 'vitest'
import { findUnknown } from '#src/env-file.ts'

const inFile = (...names: string[]) => findUnknown(Object.fromEntries(names.map((name) => [name, 'hunter2'])), {})
const around = (...names: string[]) => findUnknown({}, Object.fromEntries(names.map((name) => [name, 'hunter2'])))

describe('names that are probably misspelled', () => {
  it.each([
    ['RDEIS_URL', 'REDIS_URL'],
    ['JWT_SERCET', 'JWT_SECRET'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['OPENAI_KEY', 'OPENAI_API_KEY'],
    ['PROT', 'PORT'],
    ['host', 'HOST'],
  ])('%s in the file is told, with %s', (name, likely) => {
    const [sentence, ...others] = inFile(name)
    expect(sentence).toMatch(new RegExp(`^In \\.env, ${name} is not a variable .*\\b${likely}\\b.*\\?$`))
    expect(others).toEqual([])
  })

  it('include those in the file that begin like ours, with our names that begin so', () => {
    expect(inFile('REDIS_PASSWORD')[0]).toMatch(/did you mean .*REDIS_URL.*REDIS_PREFIX/)
  })

  it('do not include our own, those of other programs, and those that resemble none of ours', () => {
    expect(inFile('PORT', 'FOO', 'NODE_ENV', 'COMPOSE_PROJECT_NAME', 'STORE_PASSWORD', 'http_proxy')).toEqual([])
  })

  it('are reported once; in the environment, only a long name that is nearly one of ours', () => {
    expect(around('ANTHROPIC_APIKEY')).toEqual([
      'ANTHROPIC_APIKEY is not a variable of this service: did you mean ANTHROPIC_API_KEY?',
    ])
    expect(around('REDIS_PASSWORD', 'OPENAI_ORG_ID', 'HOSTS', 'PATH', 'LOGNAME', 'TERM')).toEqual([])
    expect(findUnknown({ JWT_SECRETS: '' }, { JWT_SECRETS: '' })).toHaveLength(1)
  })

  it('are reported without their values', () => {
    expect([...inFile('JWT_SERCET'), ...around('JWT_SERCET')].join(' ')).not.toContain('hunter2')
  })
})
