/** What a teaching voice says next: an answer about learning, or a few words on what was said and then a prompt. */
import type { Conversation } from './conversation.ts'
import type { Topic } from './intents.ts'
import { replyInKind } from './languages.ts'
import { createMatcher } from './phrases.ts'
import { kindOf } from './understand.ts'
import type { LessonMaterial, Variants } from './voice.ts'
import { toClauses } from './words.ts'

/** One variant of each is said; of no prompts none. */
export interface Step {
  leads: readonly string[]
  prompts: readonly string[]
}

export interface Lesson {
  /** Undefined where the voice has a reply of its own, as to courtesies. */
  plan(conversation: Conversation): Step | undefined
}

/** Not about learning, and answered all the same. */
const ASIDES = new Set<Topic>(['service', 'streaming', 'real_model', 'privacy', 'joke'])

/** To each of these the next prompt is an answer. */
const GO_ON = new Set<Topic>(['yes', 'no', 'more', 'okay', 'first', 'second', 'dose', 'amount'])

/** Everyday words that English shares with few other languages: a message without any is in one of those. */
const ENGLISH = new Set(
  `the and are were my your his her their our to of this that these with have has had it you what how can can't do did don't
  please for from go went at but not they she i'm it's like want would will yesterday today tomorrow very because there when
  where who we i is been some any about then next`.split(/\s+/),
)

/** Words below which a message tells nothing of its language. */
const TELLING = 3

function isForeign(words: readonly string[]): boolean {
  return words.length >= TELLING && !words.some((word) => ENGLISH.has(word))
}

export function createLesson(material: LessonMaterial): Lesson {
  const matcher = createMatcher<Variants>(material.subjects.map(({ replies, says }) => [replies, says]))

  function findSubject(message: string): Variants | undefined {
    const found = toClauses(message).flatMap((clause) => matcher.find(clause))
    return found.toSorted((a, b) => b.score - a.score)[0]?.name
  }

  /** A line in kind is said once: it is all that there is. */
  function leadsFor({ said, meaning }: Conversation): readonly string[] {
    const inKind = replyInKind(meaning.words)
    if (inKind !== undefined) return said.length === 0 ? [inKind] : material.foreign
    if (meaning.topic === 'easier') return material.easier
    if (meaning.topic === 'harder') return material.harder
    if (isForeign(meaning.words)) return material.foreign
    return meaning.topic !== undefined && GO_ON.has(meaning.topic) ? material.next : material.heard
  }

  return {
    plan(conversation) {
      const { message, meaning, introduces } = conversation
      const { topic } = meaning
      const kind = topic === undefined ? undefined : kindOf(topic)
      if (kind === 'safety' || kind === 'memory') return undefined
      const subject = findSubject(message)
      if (subject) return { leads: subject, prompts: [] }
      if (topic !== undefined && ASIDES.has(topic)) return undefined
      const isCourtesy = kind === 'social' || topic === 'maybe'
      if (isCourtesy && replyInKind(meaning.words) === undefined) return undefined
      if (introduces && kind !== 'coaching' && kind !== 'general') return undefined
      if (topic === 'why') return { leads: material.why, prompts: [] }
      return { leads: leadsFor(conversation), prompts: material.prompts }
    },
  }
}
