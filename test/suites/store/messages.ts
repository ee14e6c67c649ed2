/** What a history shows: what stands, and what stood there before. */
import { expect, it } from 'vitest'
import type { Message } from '#src/chat/message.ts'
import type { MessagePage } from '#src/chat/store.ts'
import { type Fixture, linesOf, SESSION_TTL_MS } from './fixture.ts'
import { REF, TEXTS } from './values.ts'

export function describeMessages(to: Fixture): void {
  describePlainMessages(to)
  describeImages(to)
  describePages(to)
  describeAlternatives(to)
}

function describePlainMessages(to: Fixture): void {
  it('show the user’s as soon as the turn is claimed, and the reply when it is settled', async () => {
    await to.create()
    const turn = await to.start()
    const asked = to.now
    const said = { turnId: 'first.1', brain: null, model: null, alternatives: [] }
    const user = { messageId: 'first.1.user', role: 'user', content: 'Hello', status: 'complete', createdAt: asked }
    expect(await to.messages()).toEqual([{ ...said, ...user }])
    to.now += 500
    await to.end(turn, 'Hi')
    const reply = { messageId: 'first.1.assistant', role: 'assistant', content: 'Hi', status: 'complete' }
    const by = { brain: 'claude', model: 'who-answered', createdAt: to.now }
    expect(await to.messages()).toEqual([
      { ...said, ...user },
      { ...said, ...reply, ...by },
    ])
  })

  it.each(['stopped', 'failed', 'interrupted'] as const)('keep what a %s turn said, marked', async (state) => {
    await to.create()
    await to.end(await to.start(), 'Half a', { state })
    expect((await to.messages()).map((message) => message.status)).toEqual(['complete', state])
  })

  it('have no reply of a turn that said nothing', async () => {
    await to.create()
    await to.end(await to.start({ message: 'One' }), '', { state: 'failed' })
    await to.say('Two', 'Second')
    expect(linesOf(await to.messages())).toEqual(['user: One', 'user: Two', 'assistant: Second'])
    expect(await to.sessions.get(REF)).toMatchObject({ messageCount: 3, last: 2, active: null })
  })

  it.each(TEXTS)('keep %s', async (_name, text) => {
    await to.create()
    await to.say(text, `${text}!`)
    expect((await to.messages()).map((message) => message.content)).toEqual([text, `${text}!`])
  })

  it('are none of an unknown session', async () => {
    expect(await to.messages()).toEqual([])
    expect(await to.sessions.messages(REF, { limit: 9, before: 'first.1.user' })).toEqual([])
  })
}

function describeImages(to: Fixture): void {
  const cat = { mediaType: 'image/png', data: 'iVBORw0KGgo='.repeat(50_000) }
  const dog = { url: 'https://images.example.com/dog.webp?a=1&b=%20' }

  it('show of their images the type or the address; whole they are read by themselves', async () => {
    await to.create()
    await to.say('Look', 'A cat.', { images: [cat, dog] })
    await to.say('Thanks', 'Sure.', { images: [] })
    const shown = (await to.messages()).map((message) => message.shown)
    expect(shown).toEqual([[{ mediaType: 'image/png' }, dog], undefined, undefined, undefined])
    expect(await to.sessions.images({ ...REF, n: 1 })).toEqual([cat, dog])
    expect(await to.sessions.images({ ...REF, n: 2 })).toEqual([])
    expect(await to.sessions.get(REF)).toMatchObject({ messageCount: 4, last: 2 })
  })

  it('keep their images when another turn takes their place', async () => {
    await to.create()
    await to.say('Look', 'A cat.', { images: [cat] })
    await to.say('Look!', 'A dog.', { replaces: 1, images: [dog] })
    const [said] = await to.messages()
    expect([said!.shown, said!.alternatives[0]!.shown]).toEqual([[dog], [{ mediaType: 'image/png' }]])
    expect(await to.sessions.images({ ...REF, n: 1 })).toEqual([cat])
    expect(await to.sessions.images({ ...REF, n: 2 })).toEqual([dog])
  })

  it('have no images of an unknown turn or another’s, nor once they are cleared, deleted or too old', async () => {
    await to.create()
    await to.say('Look', 'A cat.', { images: [cat] })
    for (const ref of [{ n: 2 }, { n: 1, owner: 'eve' }, { n: 1, sessionId: 'other' }])
      expect(await to.sessions.images({ ...REF, ...ref })).toEqual([])
    await to.sessions.clear(REF)
    expect(await to.sessions.images({ ...REF, n: 1 })).toEqual([])
    await to.say('Look', 'A cat.', { images: [cat] })
    await to.sessions.delete(REF)
    await to.create()
    for (const n of [1, 2]) expect(await to.sessions.images({ ...REF, n })).toEqual([])
    await to.say('Look', 'A cat.', { images: [cat] })
    to.now += SESSION_TTL_MS + 1
    expect(await to.sessions.images({ ...REF, n: 1 })).toEqual([])
  })
}

function describePages(to: Fixture): void {
  it('are read back in pages, to the first one', async () => {
    await to.create()
    for (let i = 1; i <= 12; i++) await to.say(`Question ${i}`, i % 4 === 0 ? '' : `Answer ${i}`)
    const all = await to.messages()
    expect(all).toHaveLength(21)
    const paged: Message[] = []
    for (;;) {
      const before = paged[0]?.messageId
      const page = await to.sessions.messages(REF, { limit: 4, ...(before !== undefined && { before }) })
      if (page.length === 0) break
      paged.unshift(...page)
    }
    expect(paged).toEqual(all)
  })

  it('are the latest ones, and none when none are asked for', async () => {
    await to.create()
    for (const i of [1, 2, 3]) await to.say(`Question ${i}`, `Answer ${i}`)
    const latest = ['assistant: Answer 2', 'user: Question 3', 'assistant: Answer 3']
    expect(linesOf(await to.messages(REF, 3))).toEqual(latest)
    expect(await to.messages(REF, 0)).toEqual([])
  })

  it('are in the order of the turns beyond the ninth and the hundredth', async () => {
    await to.create()
    for (let i = 1; i <= 101; i++) await to.say(`${i}`, '')
    expect((await to.messages(REF, 3)).map((message) => message.content)).toEqual(['99', '100', '101'])
    const page = await to.sessions.messages(REF, { limit: 2, before: 'first.100.user' })
    expect(page.map((message) => message.content)).toEqual(['98', '99'])
  })

  it('are read from the first one to the last', async () => {
    await to.create()
    for (let i = 1; i <= 12; i++) await to.say(`Question ${i}`, i % 4 === 0 ? '' : `Answer ${i}`)
    const turn = await to.start({ message: 'Question 12 again', replaces: 12 })
    await to.end(turn, 'Answer 12')
    const read: Message[] = []
    for (let after: string | null = null; ; after = read.at(-1)!.messageId) {
      const page = await to.sessions.messages(REF, { limit: 5, after })
      if (page.length === 0) break
      read.push(...page)
    }
    expect(read).toEqual(await to.messages())
    expect(read.at(-2)).toMatchObject({ content: 'Question 12 again', alternatives: [{ content: 'Question 12' }] })
  })

  it('are as many as their texts allow, and always one', async () => {
    await to.create()
    const long = 'x'.repeat(1_000)
    for (const i of [1, 2, 3]) await to.say(`${i}${long}`, `${-i}${long}`)
    const read = async (page: MessagePage) =>
      (await to.sessions.messages(REF, page)).map(({ content }) => Number.parseInt(content, 10))
    const limit = 100
    expect(await read({ limit, maxChars: 1 })).toEqual([-3])
    expect(await read({ limit, maxChars: 2_500 })).toEqual([-2, 3, -3])
    expect(await read({ limit, maxChars: 2_500, before: 'first.3.user' })).toEqual([-1, 2, -2])
    expect(await read({ limit, maxChars: 1, after: null })).toEqual([1])
    expect(await read({ limit, maxChars: 2_500, after: 'first.1.user' })).toEqual([-1, 2, -2])
    expect(await read({ limit, maxChars: 1_000_000 })).toEqual([1, -1, 2, -2, 3, -3])
  })

  it('count together with the messages that they replaced', async () => {
    await to.create()
    await to.say('Hello', 'Hi')
    await to.say('Again', 'x'.repeat(1_000))
    await to.end(await to.start({ message: 'Again', replaces: 2 }), 'Short')
    expect(linesOf(await to.sessions.messages(REF, { limit: 9, maxChars: 900 }))).toEqual(['assistant: Short'])
  })

  it('are none beside an unknown message', async () => {
    await to.create()
    await to.say('Hello', 'Hi')
    const unknown = [
      'first.2.user',
      'other.1.assistant',
      'first.1.system',
      'first.1',
      '',
      'first.01.user',
      'first.x.user',
    ]
    for (const id of [...unknown, 'first.1e0.user', 'first.99999999999999999999.user', "'", '\u0000']) {
      expect(await to.sessions.messages(REF, { limit: 9, before: id })).toEqual([])
      expect(await to.sessions.messages(REF, { limit: 9, after: id })).toEqual([])
    }
  })
}

function describeAlternatives(to: Fixture): void {
  const alternativesOf = async (): Promise<string[][]> =>
    (await to.messages()).map((message) => linesOf(message.alternatives))

  it('of a regenerated turn stand with the reply, oldest first', async () => {
    await to.create()
    await to.say('Before', 'Reply')
    await to.say('Hello', 'One')
    await to.say('Hello', 'Two', { replaces: 2 })
    await to.say('Hello', 'Three', { replaces: 3 })
    const shown = ['user: Before', 'assistant: Reply', 'user: Hello', 'assistant: Three']
    expect(linesOf(await to.messages())).toEqual(shown)
    expect(await alternativesOf()).toEqual([[], [], [], ['assistant: One', 'assistant: Two']])
    expect(await to.sessions.get(REF)).toMatchObject({ messageCount: 4, last: 4 })
  })

  it('are whole messages, but have no alternatives of their own', async () => {
    await to.create()
    await to.end(await to.start(), 'Half', { state: 'stopped' })
    const stopped = (await to.messages())[1]
    await to.say('Hello', 'Whole', { replaces: 1 })
    await to.say('Hello', 'Again', { replaces: 2 })
    const alternatives = (await to.messages())[1]?.alternatives
    expect(alternatives?.[0]).toEqual(stopped)
    expect(alternatives?.map((message) => message.alternatives)).toEqual([[], []])
  })

  it('of an edited message stand with the user’s, each text once', async () => {
    await to.create()
    await to.say('Helo', 'One')
    await to.say('Hello', 'Two', { replaces: 1 })
    await to.say('Helo', 'Three', { replaces: 2 })
    await to.say('Hello!', 'Four', { replaces: 3 })
    const replies = ['assistant: One', 'assistant: Two', 'assistant: Three']
    expect(await alternativesOf()).toEqual([['user: Helo', 'user: Hello'], replies])
  })

  it('are found with the user’s message while the new turn has said nothing', async () => {
    await to.create()
    await to.say('Hello', 'One')
    const running = await to.start({ message: 'Hello', replaces: 1 })
    expect(linesOf(await to.messages())).toEqual(['user: Hello'])
    expect(await alternativesOf()).toEqual([['assistant: One']])
    await to.end(running, '', { state: 'failed' })
    expect(await alternativesOf()).toEqual([['assistant: One']])
    const edited = await to.start({ message: 'Hi', replaces: 2 })
    expect(await alternativesOf()).toEqual([['user: Hello', 'assistant: One']])
    await to.end(edited, 'Two')
    expect(await alternativesOf()).toEqual([['user: Hello'], ['assistant: One']])
  })

  it('stay when a page ends between a message and its reply', async () => {
    await to.create()
    await to.say('Hello', 'One')
    await to.say('Hello', 'Two', { replaces: 1 })
    const [user] = await to.sessions.messages(REF, { limit: 9, before: 'first.2.assistant' })
    expect(user).toMatchObject({ messageId: 'first.2.user', alternatives: [] })
    const [reply] = await to.sessions.messages(REF, { limit: 1 })
    expect(linesOf(reply!.alternatives)).toEqual(['assistant: One'])
  })

  it('are the latest ones, where all are too much for a page', async () => {
    await to.create()
    const text = 'x'.repeat(300_000)
    await to.say('Hello', `1 ${text}`)
    for (let n = 1; n < 12; n++) await to.say('Hello', `${n + 1} ${text}`, { replaces: n })
    await to.say('Next', 'Reply')
    for (const page of [{ limit: 9 }, { limit: 1, before: 'first.13.user' }, { limit: 9, after: 'first.12.user' }]) {
      const reply = (await to.sessions.messages(REF, page)).find(({ content }) => content.startsWith('12 '))
      const shown = reply!.alternatives.map(({ content }) => Number.parseInt(content, 10))
      expect(shown).toEqual([5, 6, 7, 8, 9, 10, 11])
    }
  })

  it('do not reach into other turns or sessions', async () => {
    await to.create()
    await to.create({ sessionId: 'second' })
    await to.say('Other', 'Other one', { sessionId: 'second' })
    await to.say('Hello', 'One')
    await to.say('Hello', 'Two', { replaces: 1 })
    await to.say('Next', 'Three')
    expect(await alternativesOf()).toEqual([[], ['assistant: One'], [], []])
    expect(linesOf(await to.messages({ ...REF, sessionId: 'second' }))).toEqual(['user: Other', 'assistant: Other one'])
  })
}
