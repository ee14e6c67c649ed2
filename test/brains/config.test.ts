/** The offline brain through its port. Long, because its behaviour is a list of conversations, held for every persona. */
import { describe, expect, it } from 'vitest'
import type { BrainMessage, BrainPart } from '#src/chat/brain.ts'
import { createConfigBrain } from '#src/brains/config.ts'
import { describeBrainBasics } from '#test/suites/brain.ts'
import { INTENTS } from '#src/brains/config/intents.ts'

const PERSONAS = ['fitness_coach', 'calm_coach', 'drill_sergeant', 'personal_trainer', 'default']

function toMessages(...contents: string[]): BrainMessage[] {
  return contents.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content }))
}

function request(persona: string, messages: BrainMessage[], maxTokens = 2048) {
  return { model: 'offline', turn: 1, persona, system: 'You are a coach.', messages, maxTokens }
}

async function collect(persona: string, messages: BrainMessage[], options: { seed?: string; maxTokens?: number } = {}) {
  const brain = createConfigBrain({ paceMs: 0, seed: options.seed ?? '1' })
  const parts: BrainPart[] = []
  const { signal } = new AbortController()
  await brain.stream(request(persona, messages, options.maxTokens), signal, (chunk) => parts.push(...chunk))
  return parts
}

function textOf(parts: BrainPart[]): string {
  return parts.map((part) => (part.type === 'token' ? part.text : '')).join('')
}

/** The reply to the last of the user's messages, each of which was answered. */
async function talk(persona: string, ...said: string[]): Promise<string> {
  const messages: BrainMessage[] = []
  for (const content of said) {
    messages.push({ role: 'user', content })
    messages.push({ role: 'assistant', content: textOf(await collect(persona, messages)) })
  }
  return messages.at(-1)?.content ?? ''
}

describeBrainBasics('the offline brain', async () => createConfigBrain({ paceMs: 0, seed: 1 }))

describe('the offline brain', () => {
  it('needs nothing, costs nothing and is always well', async () => {
    const brain = createConfigBrain({ paceMs: 30, seed: 1 })
    expect(brain).toMatchObject({ id: 'config', model: 'offline', paceMs: 30 })
    expect(brain.firstTokenTimeoutMs).toBeNull()
    expect(brain.price('offline', { inputTokens: null, outputTokens: null })).toBe(0)
    expect(brain.estimateTokens('a word or two')).toBeGreaterThan(3)
    await expect(brain.check(new AbortController().signal)).resolves.toBeUndefined()
  })

  it('streams word by word, the white space with the word before it', async () => {
    const parts = await collect('default', toMessages('hello world in python please'))
    const tokens = parts.filter((part) => part.type === 'token').map((part) => part.text)
    expect(tokens.length).toBeGreaterThan(10)
    for (const token of tokens) expect(token).toMatch(/^\S+\s*$/)
    expect(tokens.join('')).toContain('```python\ndef greet(name):\n    return')
    expect(parts.at(-1)).toEqual({ type: 'finish', reason: 'stop', raw: 'stop' })
  })

  it('ends with "length" where the reply is cut', async () => {
    const parts = await collect('default', toMessages('tell me a story'), { maxTokens: 5 })
    expect(parts.filter((part) => part.type === 'token')).toHaveLength(5)
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'length' })
  })

  it('says the same to the same conversation', async () => {
    for (const persona of PERSONAS) {
      const messages = toMessages('hi', 'Hello!', 'I need some motivation')
      expect(await collect(persona, messages)).toEqual(await collect(persona, messages))
    }
  })

  it('says other things under another seed', async () => {
    const seeds = Array.from({ length: 10 }, (_, index) => String(index))
    const replies = await Promise.all(seeds.map((seed) => collect('fitness_coach', toMessages('hi'), { seed })))
    expect(new Set(replies.map(textOf)).size).toBeGreaterThan(1)
  })

  it('answers a greeting differently the second time', async () => {
    for (const persona of PERSONAS) expect(await talk(persona, 'hi', 'hi')).not.toBe(await talk(persona, 'hi'))
  })

  it('gives an unknown persona the neutral voice', async () => {
    expect(await talk('pirate', 'how do I squat?')).toMatch(/feet|hips/)
  })

  it('gives each persona its own words', async () => {
    const messages = [
      'hi',
      'I need motivation',
      'how do I squat?',
      'I feel tired',
      'bye',
      'what can you do?',
      'I did it!',
    ]
    for (const message of messages) {
      const replies = await Promise.all(PERSONAS.map((persona) => talk(persona, message)))
      expect(new Set(replies).size, message).toBe(PERSONAS.length)
    }
  })

  it('never shows a hole of a template', async () => {
    for (const persona of PERSONAS) {
      for (const message of [
        'hi',
        'bye',
        'thanks',
        'yes',
        'no',
        'maybe',
        'why?',
        'what did I say?',
        'write an email',
        'xyz',
      ]) {
        expect(await talk(persona, message)).not.toMatch(/\{[, a-zA-Z]+\}|undefined/)
      }
    }
  })
})

describe('memory', () => {
  it.each([
    ['my name is Sam', 'Sam'],
    ["Hi, I'm Sam", 'Sam'],
    ['i’m sam', 'Sam'],
    ['call me Zoë please', 'Zoë'],
  ])('keeps the name of "%s"', async (introduction, name) => {
    for (const persona of PERSONAS) {
      expect(await talk(persona, introduction)).toContain(name)
      expect(await talk(persona, introduction, 'how do I plank?', "what's my name?")).toContain(name)
    }
  })

  it.each(["I'm tired", "I'm so done", 'I am Vegan', "I'm not Sam", "I'M HUNGRY", 'I’m running'])(
    'takes no name from "%s"',
    async (message) => {
      expect(await talk('default', message, 'what is my name?')).toMatch(/told me yet|know your name/)
    },
  )

  it('knows what was said', async () => {
    expect(await talk('default', 'I like cats', 'what did I just say?')).toContain('I like cats')
    expect(await talk('default', 'what did I just say?')).toMatch(/beginning/)
  })

  it('repeats its last reply', async () => {
    expect(await talk('default', 'tell me a joke', 'say that again')).toContain(await talk('default', 'tell me a joke'))
  })

  it('says what was talked about', async () => {
    const recap = await talk(
      'calm_coach',
      "I can't sleep",
      'thanks',
      'and how do I meditate?',
      'what did we talk about?',
    )
    expect(recap).toContain('sleep and meditation')
  })
})

describe('follow-ups', () => {
  it.each(['why?', 'tell me more', 'and then?', 'how often?', 'yes', 'too hard', 'too easy'])(
    '"%s" goes on with the topic',
    async (follow) => {
      for (const persona of PERSONAS) {
        const reply = await talk(persona, 'how do I do a push-up?', follow)
        expect(reply, persona).toMatch(/chest|elbow|hips|hands|sets|feet|shoulder/i)
        expect(reply).not.toBe(await talk(persona, 'how do I do a push-up?'))
      }
    },
  )

  it('"yes" takes up what was offered', async () => {
    const messages = toMessages('bla', 'I could offer a packing list or a joke.', 'yes please')
    expect(textOf(await collect('default', messages))).toMatch(/charger|pack/i)
  })

  it('without a topic asks for one', async () => {
    for (const persona of PERSONAS) expect(await talk(persona, 'why?')).toMatch(/\?|topic/i)
  })

  it('does not run out of things to say, nor repeat itself at once', async () => {
    const said = ['how do I squat?', ...Array.from({ length: 10 }, () => 'tell me more')]
    const previous = await talk('default', ...said.slice(0, -1))
    expect(previous).not.toBe('')
    expect(await talk('default', 'tell me a joke', 'another one')).not.toBe(await talk('default', 'tell me a joke'))
  })
})

describe('safety', () => {
  const reports = [
    'my knee hurts',
    'I have a sharp pain in my back',
    'I twisted my ankle',
    'I feel dizzy',
    'I have a slipped disc, what can I train?',
    'my shoulder is killing me',
  ]

  it.each(reports)('"%s" is always stop, and see a professional', async (report) => {
    for (const persona of [...PERSONAS, 'pirate']) {
      for (const seed of ['1', '2', '3', '4', '5']) {
        const reply = textOf(await collect(persona, toMessages(report), { seed }))
        expect(reply, persona).toMatch(/\bstop|pause|hold off/i)
        expect(reply, persona).toMatch(/doctor|physiotherapist|professional/i)
      }
    }
  })

  it('holds exercises back after it', async () => {
    for (const persona of PERSONAS) {
      for (const push of ['can I do squats anyway?', 'give me a workout', 'but I want to', 'let’s go running']) {
        expect(await talk(persona, 'my knee hurts', push), push).toMatch(/doctor|physiotherapist/)
      }
    }
  })

  it('offers nothing strenuous meanwhile', async () => {
    for (const persona of PERSONAS) {
      for (const follow of ['ok', 'no', 'maybe', 'hi', 'what is the capital of Mongolia?']) {
        expect(await talk(persona, 'my knee hurts', follow), follow).not.toMatch(
          /workout|drill\b|warm-up|5k|running|squat/,
        )
      }
    }
  })

  it('lets them go on when the pain is gone', async () => {
    expect(await talk('default', 'my knee hurts', 'the pain is gone', 'how do I squat?')).not.toMatch(/doctor/)
  })

  it('knows an emergency', async () => {
    for (const persona of PERSONAS) expect(await talk(persona, 'I have chest pain')).toMatch(/emergency number/)
  })

  it('drops every act for somebody in despair', async () => {
    for (const persona of PERSONAS) {
      const reply = await talk(persona, 'I want to kill myself')
      expect(reply).toContain('988')
      expect(reply).not.toMatch(/[A-Z]{4,}/)
    }
  })

  it('supports no crash diet', async () => {
    for (const persona of PERSONAS) {
      expect(await talk(persona, 'I want to lose 10 kg in 2 weeks')).toMatch(/doctor or dietitian/)
    }
  })
})

describe('what is not meant', () => {
  it('"I don’t want to run" is no wish for a running plan', async () => {
    for (const persona of PERSONAS) expect(await talk(persona, "I don't want to run")).toMatch(/cycl|enjoy|like|HATE/i)
  })

  it('"I can’t sleep" is about sleep', async () => {
    for (const persona of PERSONAS)
      expect(await talk(persona, "I can't sleep")).toMatch(/screen|wake|bed|lights|coffee/i)
  })

  it.each(['I am running late', 'I ran out of milk', 'how do I run a business?'])(
    '"%s" is not about running',
    async (message) => {
      expect(await talk('fitness_coach', message)).not.toMatch(/walk two|slow down|easy pace/i)
    },
  )

  it('slips in longer words are understood', async () => {
    expect(await talk('default', 'I need motivaton')).toBe(await talk('default', 'I need motivaton'))
    expect(await talk('default', 'medittaion tips')).toMatch(/breath|exhale/)
  })
})

describe('honesty', () => {
  it('says that it is offline, how to change that, and offers two things', async () => {
    for (const persona of PERSONAS) {
      const reply = await talk(persona, 'what is the capital of Mongolia?')
      expect(reply).toMatch(/offline/)
      expect(reply).toContain('OPENAI_API_KEY')
      expect(reply).toMatch(/ or /)
      expect(reply).not.toContain('Mongolia')
    }
  })

  it.each(['will it rain tomorrow?', 'what time is it?', 'any news today?'])(
    'has no connection for "%s"',
    async (message) => {
      expect(await talk('default', message)).toMatch(/offline|no clock|no connection|internet/i)
    },
  )
})

describe('sums', () => {
  it.each([
    ['what is 12*7?', '84'],
    ['12 x 12', '144'],
    ['two plus two', '4'],
    ['What’s 15% of 80?', '12'],
    ['calculate (3 + 4) * 2 - 1', '13'],
    ['square root of 144', '12'],
    ['2^10', '1024'],
    ['what is 1,000 divided by 8', '125'],
    ['0.1 + 0.2', '0.3'],
    ['-3 * -3', '9'],
    ['1/0', 'not defined'],
  ])('%s is %s', async (question, result) => {
    expect(await talk('default', question)).toContain(`**${result}`)
  })

  it.each(['24', '2024-05-12', 'I train 3-4 times a week', 'call 555-1234 now', '(((', '1 + process.exit()'])(
    '"%s" is none',
    async (message) => {
      expect(await talk('default', message)).not.toMatch(/\*\*-?\d/)
    },
  )
})

describe('other languages', () => {
  it.each([
    ['hola', 'Hola'],
    ['Bonjour !', 'Bonjour'],
    ['wie geht es dir?', 'Hallo'],
    ['こんにちは', 'こんにちは'],
  ])('"%s" is answered in kind, and honestly', async (message, greeting) => {
    const reply = await talk('default', message)
    expect(reply).toContain(greeting)
    expect(reply).toContain('offline')
  })
})

describe('odd input', () => {
  const odd: [string, string][] = [
    ['10,000 letters', 'a'.repeat(10_000)],
    ['10,000 spaces', ' '.repeat(10_000)],
    ['10,000 short words', 'a '.repeat(5000)],
    ['10,000 words of phrases', 'how do i do not want to run '.repeat(400)],
    ['10,000 digits', '1'.repeat(10_000)],
    ['brackets', '('.repeat(110)],
    ['signs', '1+'.repeat(50)],
    ['quotes', "i'm ".repeat(2500)],
    ['nothing', ''],
    ['emoji', '👍'.repeat(100)],
    ['a prototype', '__proto__ constructor toString'],
  ]

  it.each(odd)('%s get a reply quickly', async (_what, message) => {
    const started = performance.now()
    for (const persona of PERSONAS) expect(await talk(persona, message)).not.toBe('')
    expect(performance.now() - started).toBeLessThan(1000)
  })

  it('a persona called "constructor" is just an unknown one', async () => {
    expect(await talk('constructor', 'hi')).toMatch(/\w/)
  })
})

describe('the material', () => {
  it('is understood: each phrase without choices leads to a topic', () => {
    for (const { says } of Object.values(INTENTS)) {
      for (const phrase of says as readonly string[]) expect(phrase).toMatch(/^\S+( \S+)*$/)
    }
  })
})
