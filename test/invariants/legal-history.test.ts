/** What reaches a provider is a conversation: user first, roles in turn, however earlier turns ended. Regenerate keeps what it replaces. */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { byHand } from '#test/provider/by-hand.ts'
import { says, startOpenAIProvider } from '#test/provider/openai.ts'
import { answers } from '#test/provider/scripts.ts'
import type { Provider } from '#test/provider/provider.ts'
import { call, type Json, openStream, startSession, toProviderEnv } from '#test/helper.ts'
import { startServer } from '#test/process.ts'
import { STORES } from '#test/stores/each.ts'
import { ask, askedOf, history, last, type Said, send, toLines, transcript, untilEnded } from './conversation.ts'
import { startOn } from './reading.ts'

/** The conversation that the latest request carried, as lines such as "user: Hi". */
function lastAsked(provider: Provider): string[] {
  return askedOf(provider.requests.at(-1)!).messages.map(({ role, content }) => `${role}: ${content}`)
}

function expectLegal(provider: Provider): void {
  for (const request of provider.requests) {
    const { messages, system } = askedOf(request)
    expect(system).not.toBe('')
    const roles = messages.map(({ role }) => role)
    expect(roles).toEqual(roles.map((_, index) => (index % 2 === 0 ? 'user' : 'assistant')))
    expect(roles.at(-1)).toBe('user')
    for (const { content } of messages) expect(content).not.toBe('')
  }
}

async function regenerate(url: string, turnId: string, body: Json = {}): Promise<Json> {
  const stream = await openStream(`${url}/chat/turns/${turnId}/regenerate`, body)
  return last(await stream.rest())
}

function alternatives(message: Said | undefined): string[] {
  return toLines(message?.alternatives ?? [])
}

describe.each(STORES)('the history that a provider gets, on $name,', (store) => {
  it('alternates after stopped, failed, empty and interrupted turns', async () => {
    const hand = byHand()
    const provider = await startOpenAIProvider({ script: hand.script })
    onTestFinished(() => provider.close())
    const env = { ...toProviderEnv(provider), ...(await store.lastingEnv()) }
    const server = await startServer(env)
    const sessionId = await startSession(server.url)
    const begin = async (message: string, ...tokens: string[]) => {
      const stream = await send(server.url, sessionId, message)
      const reply = await hand.next()
      reply.say(...tokens)
      await stream.take(tokens.length)
      return { stream, reply }
    }
    const stop = () => call(`${server.url}/chat/sessions/${sessionId}/stop`, 'POST')

    await begin('1 stopped before it spoke')
    await stop()
    await begin('2 stopped', 'Two')
    await stop()
    const failed = await begin('3 failed', 'Three')
    await failed.reply.exchange.reset()
    await failed.stream.rest()
    const mute = await begin('4 failed before it spoke')
    await mute.reply.exchange.reset()
    await mute.stream.rest()
    const empty = await begin('5 empty')
    empty.reply.finish()
    await empty.stream.rest()
    const killed = await begin('6 interrupted', 'Six')
    // What was shown is kept within 25 ms.
    await delay(150)
    server.kill('SIGKILL')
    await killed.stream.ended
    const second = await startServer(env)
    await untilEnded(second.url, `${sessionId}.6`)
    await ask(second.url, sessionId, '7 fine', { brain: 'config' })
    const asked = ask(second.url, sessionId, '8 last')
    ;(await hand.next()).finish()
    await asked

    expectLegal(provider)
    const lines = lastAsked(provider)
    expect(lines.slice(0, 4)).toEqual([
      'user: 1 stopped before it spoke\n\n2 stopped',
      'assistant: Two',
      'user: 3 failed',
      'assistant: Three',
    ])
    expect(lines.slice(4, 6)).toEqual(['user: 4 failed before it spoke\n\n5 empty\n\n6 interrupted', 'assistant: Six'])
    expect(lines[6]).toBe('user: 7 fine')
    expect(lines.at(-1)).toBe('user: 8 last')
    expect((await history(second.url, sessionId)).map(({ role, status }) => `${role} ${status}`)).toEqual([
      'user complete',
      'user complete',
      'assistant stopped',
      'user complete',
      'assistant failed',
      'user complete',
      'user complete',
      'user complete',
      'assistant interrupted',
      'user complete',
      'assistant complete',
      'user complete',
    ])
  })

  it.each([1, 2, 3, 4, 5, 50])('has MAX_HISTORY_MESSAGES=%i messages at most, the newest', async (most) => {
    const { url, provider } = await startOn(store, says('Yes.'), { MAX_HISTORY_MESSAGES: String(most) })
    const sessionId = await startSession(url)
    for (const message of ['one', 'two', 'three', 'four']) await ask(url, sessionId, message)
    expectLegal(provider)
    const whole = ['one', 'two', 'three'].flatMap((message) => [`user: ${message}`, 'assistant: Yes.'])
    const recent = [...whole, 'user: four'].slice(-most)
    // A page that begins with a reply begins with the next message of the user.
    expect(lastAsked(provider)).toEqual(recent[0]!.startsWith('user') ? recent : recent.slice(1))
    expect(await history(url, sessionId)).toHaveLength(8)
  })

  it('has neither the errors of failed turns nor the texts that were replaced', async () => {
    const { url, provider } = await startOn(store, answers(500, '{}'))
    const sessionId = await startSession(url)
    await ask(url, sessionId, 'one')
    provider.script(says('Wrong.'))
    await regenerate(url, `${sessionId}.1`, { message: 'uno' })
    provider.script(says('Right.'))
    await regenerate(url, `${sessionId}.2`)
    await ask(url, sessionId, 'two')
    expectLegal(provider)
    expect(lastAsked(provider)).toEqual(['user: uno', 'assistant: Right.', 'user: two'])
  })
})

describe.each(STORES)('regenerate, on $name,', (store) => {
  it('makes a new turn in place of the last one and keeps every earlier reply', async () => {
    const { url, provider } = await startOn(store, says('Alpha.'))
    const sessionId = await startSession(url)
    await ask(url, sessionId, 'Before')
    provider.script(says('First.'))
    await ask(url, sessionId, 'Go')
    provider.script(says('Second.'))
    const second = await regenerate(url, `${sessionId}.2`)
    expect(second).toMatchObject({ done: true, turn_id: `${sessionId}.3`, full_text: 'Second.' })
    expect(lastAsked(provider)).toEqual(['user: Before', 'assistant: Alpha.', 'user: Go'])
    provider.script(says('Third.'))
    await regenerate(url, `${sessionId}.3`)

    const said = await history(url, sessionId)
    expect(toLines(said)).toEqual([
      'user complete: Before',
      'assistant complete: Alpha.',
      'user complete: Go',
      'assistant complete: Third.',
    ])
    expect(said.map(alternatives)).toEqual([[], [], [], ['assistant complete: First.', 'assistant complete: Second.']])
    expect(said[3]!.alternatives!.map(({ turn_id }) => turn_id)).toEqual([`${sessionId}.2`, `${sessionId}.3`])
    expect(await call(`${url}/chat/sessions/${sessionId}`)).toMatchObject({ body: { message_count: 4 } })
  })

  it('with another message edits what was asked and keeps the earlier text', async () => {
    const { url, provider } = await startOn(store, says('First.'))
    const sessionId = await startSession(url)
    await ask(url, sessionId, 'Helo')
    provider.script(says('Second.'))
    await regenerate(url, `${sessionId}.1`, { message: 'Hello', persona: 'calm_coach' })
    expect(lastAsked(provider)).toEqual(['user: Hello'])
    const said = await history(url, sessionId)
    expect(toLines(said)).toEqual(['user complete: Hello', 'assistant complete: Second.'])
    expect(said.map(alternatives)).toEqual([['user complete: Helo'], ['assistant complete: First.']])
  })

  it('after a failure, a stop and an end without words keeps what was said', async () => {
    const hand = byHand()
    const { url, provider } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const stream = await send(url, sessionId, 'Go')
    const reply = await hand.next()
    reply.say('Sto')
    await stream.take(1)
    await call(`${url}/chat/sessions/${sessionId}/stop`, 'POST')
    provider.script(says('Fai', { finish: null, ending: 'fin' }))
    expect(await regenerate(url, `${sessionId}.1`)).toMatchObject({ partial_text: 'Fai' })
    provider.script(answers(500, '{}'))
    expect(await regenerate(url, `${sessionId}.2`)).toMatchObject({ code: 'brain_unavailable', partial_text: '' })
    const kept = ['assistant stopped: Sto', 'assistant failed: Fai']
    // Nothing was said this time, and what was said before still stands somewhere.
    const [user, ...none] = await history(url, sessionId)
    expect(none).toEqual([])
    expect(alternatives(user)).toEqual(kept)
    provider.script(says('Well.'))
    expect(await regenerate(url, `${sessionId}.3`)).toMatchObject({ full_text: 'Well.' })
    expect(await transcript(url, sessionId)).toEqual(['user complete: Go', 'assistant complete: Well.'])
    expect(alternatives((await history(url, sessionId))[1])).toEqual(kept)
    expectLegal(provider)
  })

  it('is refused for a turn that is not the last, does not stand any more, or does not exist', async () => {
    const { url, provider } = await startOn(store)
    const sessionId = await startSession(url)
    await ask(url, sessionId, 'One')
    await ask(url, sessionId, 'Two')
    await regenerate(url, `${sessionId}.2`)
    const door = (n: number) => `${url}/chat/turns/${sessionId}.${n}/regenerate`
    for (const body of [{}, { message: 'Edit' }]) {
      for (const n of [1, 2]) {
        expect(await call(door(n), 'POST', body)).toMatchObject({ status: 409, body: { code: 'turn_not_last' } })
      }
      expect(await call(door(4), 'POST', body)).toMatchObject({ status: 404, body: { code: 'turn_not_found' } })
    }
    expect(provider.requests).toHaveLength(3)
    expect(await history(url, sessionId)).toHaveLength(4)
  })

  it('is refused while the turn runs, and can be asked to stop it', async () => {
    const hand = byHand()
    const { url } = await startOn(store, hand.script)
    const sessionId = await startSession(url)
    const stream = await send(url, sessionId, 'Go')
    ;(await hand.next()).say('On')
    await stream.take(1)
    const door = `${url}/chat/turns/${sessionId}.1/regenerate`
    for (const body of [{}, { message: 'Edit' }]) {
      const busy = { code: 'turn_in_progress', turn_id: `${sessionId}.1` }
      expect(await call(door, 'POST', body)).toMatchObject({ status: 409, body: busy })
    }
    const again = openStream(door, { if_busy: 'stop' })
    const reply = await hand.next()
    reply.say('Anew.')
    reply.finish()
    expect(last(await (await again).rest())).toMatchObject({ full_text: 'Anew.', turn_id: `${sessionId}.2` })
    const said = await history(url, sessionId)
    expect(toLines(said)).toEqual(['user complete: Go', 'assistant complete: Anew.'])
    expect(alternatives(said[1])).toEqual(['assistant stopped: On'])
  })

  it('comes once when it comes many times at once', async () => {
    const { url, provider } = await startOn(store)
    const sessionId = await startSession(url)
    await ask(url, sessionId, 'Go')
    const door = `${url}/chat/turns/${sessionId}.1/regenerate`
    const streams = await Promise.all(Array.from({ length: 20 }, () => openStream(door, {})))
    await Promise.all(streams.map((stream) => stream.rest()))
    expect(streams.map(({ status }) => status).filter((status) => status !== 409)).toEqual([200])
    expect(provider.requests).toHaveLength(2)
  })
})
