import { createParser } from 'eventsource-parser'
import { describe, expect, it } from 'vitest'
import { ChatError } from '#src/chat/errors.ts'
import { createBareEncoder, createNegotiatedEncoder, type Dialect } from '#src/wire/event-stream.ts'
import { done, token, TURN } from './dialects/events.ts'

/** Says a token letter by letter: as many frames as it has. */
const SILENT: Dialect = {
  hasOffsets: true,
  opening: ['<', '['],
  encode: (event) => (event.type === 'token' ? event.text.split('') : 'end'),
  encodeDismissal: ({ message }) => ['gone', message],
}

const LETTERS: Dialect = { ...SILENT, encodeComment: ({ type }) => `it was ${type}` }

function read(stream: string) {
  const comments: string[] = []
  const frames: [string | undefined, string][] = []
  const parser = createParser({
    onEvent: ({ id, data }) => void frames.push([id, data]),
    onComment: (comment) => void comments.push(comment),
  })
  parser.feed(stream)
  return { comments, frames }
}

describe('a bare stream', () => {
  const encoder = createBareEncoder(LETTERS)

  it('holds as many frames as an event has, one after the other, and nothing else', () => {
    expect(encoder.opening).toBe('data: <\n\ndata: [\n\n')
    expect(encoder.encode([token('ab'), token('', 2), token('c', 3)])).toBe('data: a\n\ndata: b\n\ndata: c\n\n')
    expect(encoder.encodeDismissal(new ChatError('draining', 'Bye.'), '')).toBe('data: gone\n\ndata: Bye.\n\n')
  })

  it('ends with the comment of a dialect that has one', () => {
    expect(encoder.encode([token('a'), done()])).toBe('data: a\n\ndata: end\n\n: it was done\n\n')
    expect(createBareEncoder(SILENT).encode([done()])).toBe('data: end\n\n')
  })
})

function open(method: string, hasOffset: boolean): string {
  return createNegotiatedEncoder(LETTERS, TURN, { method, hasOffset }).opening
}

describe('a negotiated stream', () => {
  const encoder = createNegotiatedEncoder(LETTERS, TURN, { method: 'POST', hasOffset: false })

  it('opens with a comment that fills what iOS holds back, and then as the dialect does', () => {
    const { comments, frames } = read(encoder.opening)
    expect(comments[0]!.length).toBeGreaterThanOrEqual(511)
    expect(frames).toEqual([
      [undefined, '<'],
      [undefined, '['],
    ])
    expect(encoder.opening).not.toContain('retry:')
    const get = createNegotiatedEncoder(LETTERS, TURN, { method: 'GET', hasOffset: false })
    expect(get.opening).toContain('retry: 1000\n\n')
  })

  it('begins a POST whose client has no offset with the one before the first event', () => {
    expect(open('POST', false)).toMatch(/^:.*\nid: first\.3\.1-00000000\n\ndata: <\n\ndata: \[\n\n$/)
    expect(open('POST', true)).not.toContain('id:')
    expect(open('GET', false)).not.toContain('id:')
  })

  it('has the offset of an event at the last of its frames: whoever has that has all of it', () => {
    const { frames, comments } = read(encoder.encode([token('ab'), token('', 2), token('c', 3), done({ seq: 4 })]))
    expect(frames.map(([, data]) => data)).toEqual(['a', 'b', 'c', 'end'])
    const ids = frames.map(([id]) => id)
    expect(ids[0]).toBeUndefined()
    for (const id of ids.slice(1)) expect(id).toMatch(/^first\.3\./)
    expect(new Set(ids).size).toBe(4)
    expect(comments).toEqual(['it was done'])
  })

  it('has no offset for a dismissal', () => {
    const { frames } = read(encoder.encodeDismissal(new ChatError('draining', 'Bye.'), ''))
    expect(frames.map(([id]) => id)).toEqual([undefined, undefined])
  })
})
