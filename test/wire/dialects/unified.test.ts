import { describe, expect, it } from 'vitest'
import { ChatError } from '#src/chat/errors.ts'
import { BEGINNING } from '#src/chat/event.ts'
import { TurnLog } from '#src/chat/turn-log.ts'
import { createUnifiedDialect } from '#src/wire/dialects/unified.ts'
import { createRandom, withSeed } from '#test/random.ts'
import { done, failure, token, TURN } from './events.ts'

/** A dialect for a reader that comes after so many of these tokens. */
function createDialect(before: string[] = []) {
  const log = new TurnLog()
  log.append(before)
  return createUnifiedDialect({
    turn: TURN,
    reader: log.read(before.length ? { epoch: 1, seq: before.length } : BEGINNING),
  })
}

const parse = (data: string | readonly string[]) => [data].flat().map((one) => JSON.parse(one) as string)

describe('the strings of the unified door', () => {
  it('are cut after white space; a word waits for what follows it, and the rest for the end', () => {
    const dialect = createDialect()
    const said = ['Hel', 'lo', ' th', 'ere,\n\n', '\t', 'my "friend"\u2028x', 'y']
    expect(said.map((text, index) => parse(dialect.encode(token(text, index + 1))))).toEqual([
      [],
      [],
      ['Hello '],
      ['there,\n\n'],
      ['\t'],
      ['my "friend"\u2028'],
      [],
    ])
    expect(parse(dialect.encode(done()))).toEqual(['xy'])
  })

  it('end with an empty one where nothing is left, so that the end has its offset', () => {
    const dialect = createDialect()
    dialect.encode(token('Hello '))
    expect(parse(dialect.encode(done()))).toEqual([''])
  })

  it('end with a failure, after what was left', () => {
    const dialect = createDialect()
    expect(parse(dialect.encode(failure()))).toEqual(['Error: It took too long.'])
    dialect.encode(token('Hel'))
    expect(parse(dialect.encode(failure()))).toEqual(['Hel', 'Error: It took too long.'])
  })

  it('leave to the reader that comes back what is held when it is sent away', () => {
    const dialect = createDialect()
    dialect.encode(token('Hel'))
    expect(parse(dialect.encodeDismissal(new ChatError('draining', 'Come back.'), 'Hel'))).toEqual([
      'Error: Come back.',
    ])
  })

  it('hold no line end in the stream', () => {
    expect(createDialect().encode(token('a\r\n\u2028\u2029\u0085 '))).not.toMatch(/[\r\n\u2028\u2029\u0085]/)
  })

  it('are the text, wherever a reader leaves and comes back', () =>
    withSeed(async (_random, seed) => {
      const random = createRandom(seed)
      const pieces = ['a', 'word', ' ', '\n', '你好', '👩‍👩‍👧', 'two words', ' .', '\u00a0', '"\\']
      for (let round = 0; round < 200; round++) {
        const tokens = Array.from({ length: random.integer(1, 12) }, () => random.pick(pieces))
        let heard = ''
        let seen = 0
        for (let at = 0; at < tokens.length; at = seen) {
          const dialect = createDialect(tokens.slice(0, at))
          const until = random.integer(at, tokens.length)
          const strings = tokens.slice(at, until).map((text, index) => ({
            seq: at + index + 1,
            frames: parse(dialect.encode(token(text, at + index + 1))),
          }))
          heard += strings.flatMap(({ frames }) => frames).join('')
          seen = strings.findLast(({ frames }) => frames.length > 0)?.seq ?? at
          if (until < tokens.length) continue
          heard += parse(dialect.encode(done())).join('')
          break
        }
        expect(heard).toBe(tokens.join(''))
      }
    }))
})

describe('the comment at the end', () => {
  it('is the done frame without its text', () => {
    const comment = createDialect().encodeComment!(done())
    expect(comment).not.toMatch(/[\r\n]/)
    expect(JSON.parse(comment)).toMatchObject({ done: true, turn_id: 'first.3', tokens: 2, finish_reason: 'stop' })
    expect(comment).not.toContain('Hello')
  })

  it('is the error frame without its text', () => {
    const comment = createDialect().encodeComment!(failure())
    expect(JSON.parse(comment)).toMatchObject({ code: 'brain_timeout', retryable: true, turn_id: 'first.3' })
    expect(comment).not.toContain('Hello')
  })
})
