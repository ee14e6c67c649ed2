import { describe, expect, it } from 'vitest'
import { decodeOffset, encodeOffset } from '#src/wire/offset.ts'

describe('an offset', () => {
  it('names its turn and comes back as it was', () => {
    const position = { epoch: 2, seq: 1234 }
    expect(decodeOffset(encodeOffset('my_session-1.12', position))).toEqual({ turnId: 'my_session-1.12', position })
  })

  it('sorts as text in the order of the events', () => {
    const offsets = [1, 2, 9, 10, 99, 100, 12_345_678].map((seq) => encodeOffset('s.1', { epoch: 1, seq }))
    expect(offsets.toSorted()).toEqual(offsets)
    expect(offsets.at(-1)! < encodeOffset('s.1', { epoch: 2, seq: 3 })).toBe(true)
  })

  it.each([
    '',
    '7',
    's.1',
    's.1.1',
    's.1.1-7',
    's.0.1-00000007',
    's.1.0-00000007',
    's.1.1-00000007 ',
    '../s.1.1-00000007',
  ])('is refused when it is malformed: %j', (text) => {
    expect(() => decodeOffset(text)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })
})
