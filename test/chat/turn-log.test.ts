import { describe, expect, it } from 'vitest'
import { ChatError } from '#src/chat/errors.ts'
import { BEGINNING, type DoneEvent, type TurnEvent } from '#src/chat/event.ts'
import { TurnLog } from '#src/chat/turn-log.ts'

function toEnd(seq: number, epoch = 1): DoneEvent {
  const stats = {
    tokens: seq - 1,
    duration: 1,
    timeToFirstToken: null,
    tokensPerSecond: 0,
    inputTokens: null,
    outputTokens: null,
    costUsd: null,
  }
  return {
    type: 'done',
    epoch,
    seq,
    text: '',
    stats,
    brain: 'b',
    model: 'm',
    persona: 'p',
    at: 0,
    finishReason: 'stop',
  }
}

function toSeqs(events: TurnEvent[]): number[] {
  return events.map(({ seq }) => seq)
}

describe('a log reader', () => {
  it('takes every event since its cursor, once and in order', () => {
    const log = new TurnLog()
    const reader = log.read(BEGINNING)
    log.append(['a', 'b'])
    log.append(['c'])
    expect(toSeqs(reader.take())).toEqual([1, 2, 3])
    expect(reader.take()).toEqual([])
    log.finish(toEnd(4))
    expect(toSeqs(reader.take())).toEqual([4])
    expect(reader.over).toBe(true)
  })

  it('takes no more than it has room for, and at least one event', () => {
    const log = new TurnLog()
    log.append(['12345', '67890', 'x'])
    const reader = log.read(BEGINNING)
    expect(toSeqs(reader.take(70))).toEqual([1, 2])
    expect(toSeqs(reader.take(1))).toEqual([3])
  })

  it('is woken once for all that one append adds', async () => {
    const log = new TurnLog()
    const reader = log.read(BEGINNING)
    let wakes = 0
    reader.whenMore(() => wakes++)
    log.append(['a', 'b', 'c'])
    log.append(['d'])
    await Promise.resolve()
    expect(wakes).toBe(1)
  })

  it('is woken, but never from within, when there is more already', async () => {
    const log = new TurnLog()
    log.append(['a'])
    let isWoken = false
    log.read(BEGINNING).whenMore(() => (isWoken = true))
    expect(isWoken).toBe(false)
    await Promise.resolve()
    expect(isWoken).toBe(true)
  })

  it('waits with a cursor that is ahead of the log, and gets the terminal event of a later epoch', async () => {
    const log = new TurnLog()
    log.append(['a', 'b'])
    const reader = log.read({ epoch: 1, seq: 5 })
    expect(reader.take()).toEqual([])
    log.finish(toEnd(3, 2))
    expect(toSeqs(reader.take())).toEqual([3])
  })

  it('is over at once when it begins at the terminal event', () => {
    const log = new TurnLog()
    log.finish(toEnd(1))
    expect(log.read({ epoch: 1, seq: 1 }).over).toBe(true)
    expect(log.read({ epoch: 1, seq: 0 }).over).toBe(false)
  })

  it('ends its iteration after the terminal event and leaves the log', async () => {
    const log = new TurnLog()
    const seqs: number[] = []
    const reading = (async () => {
      for await (const events of log.read(BEGINNING)) seqs.push(...toSeqs(events))
    })()
    log.append(['a'])
    await Promise.resolve()
    log.append(['b'])
    log.finish(toEnd(3))
    await reading
    expect(seqs).toEqual([1, 2, 3])
    expect(log.readers).toBe(0)
  })

  it('throws the dismissal where it is iterated, and gives no event after it', async () => {
    const log = new TurnLog()
    log.append(['a'])
    log.dismiss(new ChatError('session_not_found', 'Gone.'))
    await expect(log.read(BEGINNING)[Symbol.asyncIterator]().next()).rejects.toThrow('Gone.')
  })

  it('is not dismissed when it has the terminal event', () => {
    const log = new TurnLog()
    const reader = log.read(BEGINNING)
    log.finish(toEnd(1))
    reader.take()
    log.dismiss(new ChatError('session_not_found', 'Gone.'))
    expect(reader.dismissal).toBeNull()
  })

  it('ends a waiting iteration when it is closed', async () => {
    const reader = new TurnLog().read(BEGINNING)
    const next = reader[Symbol.asyncIterator]().next()
    reader.close()
    expect(await next).toMatchObject({ done: true })
  })

  it('tells once that it left', () => {
    let left = 0
    const reader = new TurnLog().read(BEGINNING, () => left++)
    reader.close()
    reader.close()
    expect(left).toBe(1)
  })
})

describe('a log', () => {
  it('has one end', () => {
    const log = new TurnLog()
    log.finish(toEnd(1))
    log.finish(toEnd(1, 2))
    expect(log.end?.epoch).toBe(1)
  })

  it('spells the text up to a token', () => {
    const log = new TurnLog()
    log.append(['a', 'b', 'c'])
    expect(log.text(2)).toBe('ab')
    expect(log.text()).toBe('abc')
  })
})
