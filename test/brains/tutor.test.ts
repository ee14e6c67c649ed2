/** The offline brain as a language tutor: it keeps a learner writing, and is honest about what it cannot do. */
import { describe, expect, it } from 'vitest'
import type { BrainMessage } from '#src/chat/brain.ts'
import { composeReply } from '#src/brains/config/reply.ts'

/** The replies to what is said, one after the other. */
function talk(...said: string[]): string[] {
  const messages: BrainMessage[] = []
  for (const content of said) {
    messages.push({ role: 'user', content })
    const reply = composeReply({ seed: `seed ${messages.length}`, persona: 'language_tutor', messages })
    messages.push({ role: 'assistant', content: reply })
  }
  return messages.filter(({ role }) => role === 'assistant').map(({ content }) => content)
}

const SPANISH = [
  'Me llamo Ana y vivo en Madrid',
  'Ayer comí pan con queso',
  'El tren llega tarde',
  'La cocina es grande',
]
const ENGLISH = [
  'I like to run in the park',
  'My brother cooks dinner',
  'We went shopping yesterday',
  'It was very cold',
]

describe('the offline brain as a language tutor', () => {
  it('greets and asks for the language that is learned', () => {
    expect(talk('hi')[0]).toMatch(/language|who are you/i)
    expect(talk('hola')[0]).toMatch(/¡Hola!/)
  })

  it('keeps a learner going for 25 turns and never says the same', () => {
    for (const practice of [SPANISH, ENGLISH, ['ok'], ['hola']]) {
      const replies = talk(...Array.from({ length: 25 }, (_, index) => `${practice[index % practice.length]}`))
      expect(new Set(replies).size, practice[0]).toBe(replies.length)
    }
  })

  it('takes what is practised for practice, not for questions to a coach', () => {
    for (const reply of talk(...ENGLISH)) expect(reply).not.toMatch(/\bsets\b|\breps|interval|recipe for/i)
  })

  it.each([
    ['How can I learn more words?', /words?|own language/],
    ['I do not understand the subjunctive', /pattern|pairs|table/],
    ['How do I pronounce the double r?', /listen|speaker|exaggerate/i],
    ['Is that correct?', /OPENAI_API_KEY|no model/i],
    ['How do you say kitchen in Spanish?', /offline|dictionary|look up/i],
    ['I am afraid to speak', /mistakes|aloud|sentences/i],
    ['Should I watch movies?', /film|watch|songs|text/i],
    ['I want to learn French', /begin|plan|start/i],
    ['Give me an exercise', /write|name|quiz|task/i],
    ['too hard', /smaller|lighter|list of words/i],
    ['too easy', /bar|past tense|more/i],
    ['why?', /because/i],
  ])('answers "%s"', (question, answer) => {
    expect(talk('hello', question)[1]).toMatch(answer)
  })

  it('knows the name that it was told', () => {
    const replies = talk("Hi, I'm Ana", 'what is my name?')
    expect(replies[0]).toContain('Ana')
    expect(replies[1]).toContain('Ana')
  })

  it('leaves the lesson where somebody needs help', () => {
    expect(talk('I want to kill myself')[0]).toContain('988')
    expect(talk('my knee hurts')[0]).toMatch(/doctor|physiotherapist|professional/)
  })

  it('says what it is and what it cannot do', () => {
    expect(talk('who are you?')[0]).toMatch(/offline[^]*OPENAI_API_KEY/)
    expect(talk('what can you do?')[0]).toMatch(/real model/)
  })

  it('never shows a hole of a template, whatever is said', () => {
    for (const said of ['', '👍', 'bye', 'thanks', 'maybe', 'no', 'what did we talk about?', 'tell me a joke', '2+2']) {
      for (const reply of talk('Hi', said)) expect(reply).not.toMatch(/\{[, a-zA-Z]+\}|undefined|^$/)
    }
  })
})
