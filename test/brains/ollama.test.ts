import { describe, expect, it } from 'vitest'
import { createOllamaBrain } from '#src/brains/ollama.ts'
import { encodeDone, encodeReply, encodeToken, ollama } from '#test/provider/ollama.ts'
import { answers, sends } from '#test/provider/scripts.ts'
import { describeBrain, type BrainSubject } from '#test/suites/brain.ts'
import { never, read, setUp, toRequest } from '#test/suites/brain/subject.ts'

const subject: BrainSubject = {
  name: 'Ollama',
  dialect: ollama,
  makeBrain: (baseURL) => createOllamaBrain({ baseURL }),
}

describeBrain(subject)

describe('Ollama’s own', () => {
  it('asks for a chat, with the room that is counted on, and not to think first', async () => {
    const { provider } = await setUp(subject)
    const brain = createOllamaBrain({ baseURL: `${provider.url}/` })
    await read(brain, toRequest('Hi', { system: '' }), never())
    const { method, path, headers, body } = provider.requests[0]!
    expect({ method, path }).toEqual({ method: 'POST', path: '/api/chat' })
    expect(headers['content-type']).toBe('application/json')
    expect(body).toMatchObject({
      messages: [{ role: 'user' }, { role: 'assistant' }, { role: 'user', content: 'Hi' }],
      think: false,
      options: { num_predict: 321, num_ctx: brain.contextWindow('any') },
    })
  })

  it.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['load', 'stop'],
    [undefined, 'stop'],
  ])('takes the reason %s for %s', async (raw, reason) => {
    const { brain, provider } = await setUp(subject)
    provider.script(sends([encodeToken('a'), encodeDone(raw, null)]))
    const { text, finish, error } = await read(brain, toRequest(), never())
    expect({ text, error }).toEqual({ text: 'a', error: undefined })
    expect(finish).toEqual({ type: 'finish', reason, raw: raw ?? 'done' })
  })

  it('takes a line for said only when it is whole', async () => {
    const { brain, provider } = await setUp(subject)
    const { frames } = encodeReply({ deltas: ['a', 'b'] })
    provider.script(sends([frames.join('').trimEnd()]))
    const { text, error } = await read(brain, toRequest(), never())
    expect(text).toBe('ab')
    expect(error).toMatchObject({ code: 'brain_bad_response' })
  })

  it('uses a connection again after a reply', async () => {
    const { brain, provider } = await setUp(subject)
    for (let replies = 0; replies < 3; replies++) {
      const ended = Promise.withResolvers<void>()
      provider.script(async (exchange) => {
        await sends(encodeReply({ deltas: ['a'] }).frames)(exchange)
        await exchange.flushed()
        ended.resolve()
      })
      expect((await read(brain, toRequest(), never())).error).toBeUndefined()
      await ended.promise
    }
    expect(provider.requests.map(({ connection }) => connection)).toEqual([1, 1, 1])
  })

  it('is not well without its model', async () => {
    const { brain, provider } = await setUp(subject)
    provider.scriptCheck(answers(200, JSON.stringify({ models: [{ name: 'gemma4:e2b' }, null, {}] })))
    await expect(brain.check(never())).rejects.toMatchObject({ code: 'brain_rejected', message: /ollama pull/ })
    expect(provider.requests[0]).toMatchObject({ method: 'GET', path: '/api/tags' })
    const tagged = createOllamaBrain({ baseURL: provider.url, model: 'gemma4:e2b' })
    await expect(tagged.check(never())).resolves.toBeUndefined()
  })

  it('waits longer for the first token, unless it is told how long', () => {
    expect(createOllamaBrain({ baseURL: 'http://127.0.0.1:1' }).firstTokenTimeoutMs).toBe(180_000)
    const told = createOllamaBrain({ baseURL: 'http://127.0.0.1:1', firstTokenTimeoutMs: 7000 })
    expect(told.firstTokenTimeoutMs).toBe(7000)
  })

  it('does not know what it costs', () => {
    const brain = createOllamaBrain({ baseURL: 'http://127.0.0.1:1' })
    expect(brain.price(brain.model, { inputTokens: 1, outputTokens: 1 })).toBeNull()
  })
})
