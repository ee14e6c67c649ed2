import { describe, expect, it } from 'vitest'
import { toAddress, toListenError } from '#src/listening.ts'

const place = { HOST: 'example.com', PORT: 80 }
const failed = (code: string) => toListenError(Object.assign(new Error('listen'), { code }), place)

describe('where the service listens', () => {
  it.each(['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL'])(
    'is told in a sentence that names the variable when Node says %s',
    (code) => {
      expect(failed(code)).toMatchObject({ message: expect.stringMatching(/^(PORT 80|HOST "example\.com") .*\.$/) })
    },
  )

  it('is not blamed for an error of another kind', () => {
    const error = new Error('a hook failed')
    expect(toListenError(error, place)).toBe(error)
  })

  it.each([
    ['127.0.0.1', 'http://127.0.0.1:5001'],
    ['0.0.0.0', 'http://127.0.0.1:5001'],
    ['::', 'http://[::1]:5001'],
    ['::1', 'http://[::1]:5001'],
    ['localhost', 'http://localhost:5001'],
  ])('%s is opened at %s', (host, address) => {
    expect(toAddress({ HOST: host, BASE_PATH: '' }, 5001)).toBe(address)
  })

  it('is opened under its path', () => {
    expect(toAddress({ HOST: '127.0.0.1', BASE_PATH: '/apps/chat' }, 5001)).toBe('http://127.0.0.1:5001/apps/chat/')
  })
})
