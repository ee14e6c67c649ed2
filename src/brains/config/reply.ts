/** From a conversation to the words of a reply: which reply is due, and how the persona's voice puts it. */
import type { BrainMessage } from '#src/chat/brain.ts'
import { solveSum } from './arithmetic.ts'
import type { Conversation } from './conversation.ts'
import { readConversation } from './conversation.ts'
import { FACTS } from './facts.ts'
import type { Topic } from './intents.ts'
import { replyInKind } from './languages.ts'
import { isNumber } from './phrases.ts'
import type { Aspect } from './understand.ts'
import { isExertion, kindOf } from './understand.ts'
import type { Lead, NeutralVoice, ReplyName, Spoken, Variants, Voice } from './voice.ts'
import { calm } from './voices/calm_coach.ts'
import { neutral } from './voices/default.ts'
import { energetic } from './voices/fitness_coach.ts'
import { expert } from './voices/personal_trainer.ts'
import { sergeant } from './voices/drill_sergeant.ts'
import { tutor } from './voices/language_tutor.ts'

/** By persona id; every other persona speaks in the neutral voice. */
const VOICES: ReadonlyMap<string, Voice<Spoken>> = new Map<string, Voice<Spoken>>([
  ['fitness_coach', energetic],
  ['calm_coach', calm],
  ['drill_sergeant', sergeant],
  ['personal_trainer', expert],
  ['default', neutral],
  ['language_tutor', tutor],
])

export interface ReplyRequest {
  seed: string
  persona: string
  messages: readonly BrainMessage[]
}

/** The reply. The same request gives the same one, letter by letter. */
export function composeReply({ seed, persona, messages }: ReplyRequest): string {
  const conversation = readConversation(messages)
  const voice = VOICES.get(persona) ?? neutral
  const key = [seed, persona, conversation.message, conversation.said.length].join('\u0000')
  return new Composer(voice, conversation, hash(key)).compose()
}

/** Said in the neutral voice without a word before it: what is grave, and what belongs to every coach's field. */
const PLAIN = new Set<ReplyName>([
  'crisis',
  'emergency',
  'crash_diet',
  'medical',
  'myth',
  'equipment',
  'coffee',
  'alcohol',
  'set_rest',
  'exercise_order',
])

/** What can be offered to somebody who should not exert themselves. */
const RESTFUL: Voice['offers'] = [
  ['a breathing exercise', 'breathing'],
  ['tips for better sleep', 'sleep'],
  ['help with eating well', 'nutrition'],
]

/** Words in a message that can only be about what came before. */
const SHORT = 6

const INSISTING = new Set(['but', 'anyway', 'still', 'want', 'must', 'need', 'can', 'please'])

const ASPECTS = new Set<string>(['why', 'dose', 'easier', 'harder'] satisfies Aspect[])

/** Numbers that are counted at most. */
const COUNT_LIMIT = 100

class Composer {
  readonly #voice: Voice<Spoken>
  readonly #conversation: Conversation
  readonly #number: number

  constructor(voice: Voice<Spoken>, conversation: Conversation, number: number) {
    this.#voice = voice
    this.#conversation = conversation
    this.#number = number
  }

  compose(): string {
    const { meaning, introduces, message } = this.#conversation
    const { topic } = meaning
    if (topic !== undefined && kindOf(topic) === 'safety') return this.#named(this.#say(topic))
    const sum = solveSum(message)
    if (sum) return this.#borrow('arithmetic', { expression: sum.expression, result: sum.result })
    const step = this.#voice.lesson?.plan(this.#conversation)
    if (step) return this.#named(join(this.#pick(step.leads), this.#pick(step.prompts)))
    if (introduces && (topic === undefined || !isSubject(topic))) return this.#say('tell_name')
    if (topic === undefined || kindOf(topic) === 'social' || kindOf(topic) === 'follow') {
      const inKind = replyInKind(meaning.words)
      if (inKind !== undefined) return inKind
    }
    return this.#named(this.#answer(topic, meaning.aspect))
  }

  /** Takes notice of a name that was told along with something else. */
  #named(reply: string): string {
    return this.#conversation.introduces ? `${this.#lead('name')} ${reply}` : reply
  }

  #answer(topic: Topic | undefined, aspect: Aspect): string {
    if (topic === undefined) return this.#unrecognised()
    if (kindOf(topic) === 'memory') return this.#remember(topic)
    if (kindOf(topic) === 'follow') return this.#followUp(topic)
    if (this.#conversation.meaning.declined) return this.#say('dislike')
    if (isExertion(topic) && this.#conversation.inPain) return this.#say('pain_after')
    if (topic === 'greeting' && this.#conversation.said.length > 0) return this.#say('greeting_again')
    if (topic === 'count') return this.#count()
    if (aspect !== 'main') return this.#fact(topic, aspect) ?? this.#say(topic)
    return this.#say(topic)
  }

  /** Shortly after a pain, a few words that say nothing else are about it: "is it serious?", "but I want to". */
  #unrecognised(): string {
    const { inPain, meaning, topics } = this.#conversation
    const [latest] = topics
    if (!inPain || meaning.words.length > SHORT || latest === undefined) return this.#say('fallback')
    return meaning.words.some((word) => INSISTING.has(word)) ? this.#say('pain_after') : this.#more(latest, 'more')
  }

  #remember(topic: Topic): string {
    const { name, said, replies, topics } = this.#conversation
    if (topic === 'ask_name') return this.#say(name === undefined ? 'name_unknown' : 'ask_name')
    if (said.length === 0) return this.#say('nothing_before')
    if (topic === 'last_said') return this.#say('last_said', { said: quote(said.at(-1) ?? '') })
    if (topic === 'said_back' && replies.length > 0) return this.#say('said_back', { reply: replies.at(-1) ?? '' })
    const labels = [
      ...new Set(
        topics
          .filter((earlier) => earlier !== 'fallback')
          .toReversed()
          .map(labelOf),
      ),
    ]
    return labels.length === 0 ? this.#say('ask_topic') : this.#say('recap', { topics: enumerate(labels) })
  }

  /** Something that has its meaning from what was said before. */
  #followUp(follow: Topic): string {
    const offered = this.#offered()
    const [latest] = this.#conversation.topics
    if (follow === 'no' || follow === 'maybe' || follow === 'okay') {
      if (follow === 'okay' && offered.length > 0 && this.#asked()) return this.#say(offered[0] ?? 'ask_topic')
      return this.#say(follow)
    }
    const chosen = follow === 'second' ? offered[1] : offered[0]
    if (chosen !== undefined && (follow === 'yes' || follow === 'first' || follow === 'second'))
      return this.#say(chosen)
    if (latest === undefined) return this.#say(follow === 'easier' ? 'doubt' : 'ask_topic')
    if (latest === 'fallback' && follow !== 'why' && follow !== 'more' && follow !== 'yes') return this.#say('fallback')
    if (follow === 'why') return this.#fact(latest, follow) ?? this.#say('ask_topic')
    if (ASPECTS.has(follow)) return this.#fact(latest, follow as Aspect) ?? this.#more(latest, 'more')
    if (follow === 'amount') return this.#fact(latest, 'dose', 'noted') ?? this.#say('okay')
    return this.#more(latest, 'more')
  }

  #fact(topic: ReplyName, aspect: Aspect, lead?: Lead): string | undefined {
    const fact = aspect === 'main' ? undefined : FACTS[topic]?.[aspect]
    if (fact === undefined || aspect === 'main' || this.#wasSaid(fact)) return undefined
    return join(this.#lead(lead ?? aspect), fact)
  }

  /** What has not been said yet of a topic: its further facts, then its other replies. */
  #more(topic: ReplyName, lead: Lead): string {
    const facts = FACTS[topic]
    const rest = [...(facts?.more ?? []), facts?.dose, facts?.why].filter((fact) => fact !== undefined)
    const fact = rest.find((text) => !this.#wasSaid(text))
    if (fact !== undefined) return join(this.#lead(lead), fact)
    const fresh = this.#variants(topic).filter((variant) => !this.#wasSaid(this.#render(variant)))
    return fresh.length > 0 && rest.length === 0 ? this.#say(topic) : this.#say('exhausted')
  }

  /** The topics that the last reply offered, in its order. */
  #offered(): Topic[] {
    const last = this.#conversation.replies.at(-1) ?? ''
    return this.#voice.offers
      .concat(RESTFUL)
      .map(([label, topic]) => ({ at: last.indexOf(label), topic }))
      .filter(({ at }) => at !== -1)
      .toSorted((a, b) => a.at - b.at)
      .map(({ topic }) => topic)
  }

  #asked(): boolean {
    return this.#conversation.replies.at(-1)?.trimEnd().endsWith('?') ?? false
  }

  #count(): string {
    const numbers = this.#conversation.meaning.words.filter(isNumber).map(Number).filter(Number.isInteger)
    const [from, to] = numbers.length > 1 ? [numbers[0] ?? 1, numbers[1] ?? 10] : [1, numbers[0] ?? 10]
    const length = Math.min(Math.abs(to - from) + 1, COUNT_LIMIT)
    const step = to < from ? -1 : 1
    return this.#borrow('count', { numbers: Array.from({ length }, (_, index) => from + index * step).join(', ') })
  }

  #say(name: ReplyName, values: Record<string, string> = {}): string {
    return this.#voice.replies[name] === undefined
      ? this.#borrow(name, values)
      : this.#pick(this.#variants(name), values)
  }

  /** A reply of the neutral voice, with a word before it where it is off the persona's own field. */
  #borrow(name: ReplyName, values: Record<string, string> = {}): string {
    const reply = this.#pick(this.#variants(name), values)
    const isOffField = this.#voice !== neutral && name in neutral.replies && !PLAIN.has(name)
    return isOffField ? join(this.#lead('aside'), reply) : reply
  }

  #variants(name: ReplyName): readonly string[] {
    const replies: Partial<Record<ReplyName, Variants>> = this.#voice.replies
    return replies[name] ?? (neutral satisfies NeutralVoice as Voice).replies[name] ?? this.#voice.replies.fallback
  }

  /** A variant that this conversation has not heard yet; when it has heard all, any but the last reply. */
  #pick(variants: readonly string[], values: Record<string, string> = {}): string {
    const rendered = variants.map((variant) => this.#render(variant, values))
    const fresh = rendered.filter((text) => !this.#wasSaid(text))
    const other = rendered.filter((text) => !this.#conversation.replies.at(-1)?.includes(text))
    const choices = [fresh, other, rendered].find((texts) => texts.length > 0) ?? rendered
    return choices[this.#number % choices.length] ?? ''
  }

  #lead(name: Lead): string {
    return this.#pick(this.#voice.leads[name])
  }

  #wasSaid(text: string): boolean {
    return this.#conversation.replies.some((reply) => reply.includes(text))
  }

  #render(text: string, values: Record<string, string> = {}): string {
    const { name } = this.#conversation
    const [first, second] = this.#offers()
    const known: Record<string, string> = {
      name: name ?? '',
      ', name': name === undefined ? '' : `, ${name}`,
      Name: name ?? '[your name]',
      first,
      second,
      ...values,
    }
    return text.replaceAll(/\{([^{}]+)\}/g, (hole, key: string) => known[key] ?? hole)
  }

  /** Two different offers, other ones in each turn. */
  #offers(): [string, string] {
    const { inPain } = this.#conversation
    const offers = inPain
      ? this.#voice.offers.filter(([, topic]) => !isExertion(topic)).concat(RESTFUL)
      : this.#voice.offers
    const first = (this.#number >>> 8) % offers.length
    const second = (first + 1 + ((this.#number >>> 16) % (offers.length - 1))) % offers.length
    return [offers[first]?.[0] ?? '', offers[second]?.[0] ?? '']
  }
}

function isSubject(topic: Topic): boolean {
  return kindOf(topic) === 'coaching' || kindOf(topic) === 'general'
}

function labelOf(topic: ReplyName): string {
  return FACTS[topic]?.label ?? topic.replaceAll('_', ' ')
}

function enumerate(labels: readonly string[]): string {
  return labels.length < 2 ? (labels[0] ?? '') : `${labels.slice(0, -1).join(', ')} and ${labels.at(-1)}`
}

function quote(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200).trimEnd()}…`
}

function join(lead: string, text: string): string {
  return [lead, text].filter((part) => part !== '').join(' ')
}

/** FNV-1a, 32 bits, with a final mix so that its low bits differ too. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x45d9f3b)
  return (value ^ (value >>> 16)) >>> 0
}
