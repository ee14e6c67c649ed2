/** What a message means: its topic, and what about the topic is asked. */
import type { Kind, Topic } from './intents.ts'
import { INTENTS, REFUSALS } from './intents.ts'
import type { Match } from './phrases.ts'
import { createMatcher } from './phrases.ts'
import { toClauses } from './words.ts'

/** What of a topic is asked for; `main` is the topic itself. */
export type Aspect = 'main' | 'why' | 'dose' | 'easier' | 'harder'

export interface Meaning {
  /** Undefined when nothing was recognised. */
  topic: Topic | undefined
  aspect: Aspect
  /** The topic is an activity, and the person wants none of it. */
  declined: boolean
  words: string[]
}

const KINDS: readonly Kind[] = ['safety', 'memory', 'coaching', 'general', 'follow', 'social']

const TOPICS = Object.keys(INTENTS) as Topic[]
const ORDER = new Map(TOPICS.map((topic, index) => [topic, index]))

const topics = createMatcher<Topic>(TOPICS.map((topic) => [topic, INTENTS[topic].says]))
const refusals = createMatcher<'refusal'>([['refusal', REFUSALS]])

/** Words between "I don't want" and what is not wanted, at most. */
const REACH_OF_REFUSAL = 3

/** Reads one message, by itself. */
export function understand(message: string): Meaning {
  const clauses = toClauses(message).map((clause) => topics.mend(clause))
  const found = clauses.flatMap(findTopics)
  const best = saysMore(clauses, found) ? undefined : found.toSorted(compare)[0]
  return {
    topic: best?.name,
    aspect: aspectOf(best, clauses),
    declined: best?.declined ?? false,
    words: clauses.flat(),
  }
}

interface Found extends Match<Topic> {
  declined: boolean
}

function findTopics(clause: string[]): Found[] {
  const matches = topics.find(clause)
  const refused = refusals.find(clause)
  return matches
    .filter((match) => !matches.some((other) => hides(other, match)))
    .filter(({ name }) => kindOf(name) !== 'none')
    .map((match) => ({
      ...match,
      declined:
        isActivity(match.name) &&
        refused.some(({ end }) => end <= match.start && match.start - end <= REACH_OF_REFUSAL),
    }))
}

/** A courtesy and then a whole clause of which nothing was understood: the courtesy is not what the message is about. */
const WHOLE_CLAUSE = 4

function saysMore(clauses: readonly string[][], found: readonly Found[]): boolean {
  const isCourtesy = found.every(({ name }) => kindOf(name) === 'social' || name === 'okay' || name === 'maybe')
  return isCourtesy && clauses.some((clause) => clause.length >= WHOLE_CLAUSE && topics.find(clause).length === 0)
}

/** A longer phrase explains the words of a shorter one, and an idiom already those of one as long. */
function hides(other: Match<Topic>, match: Match<Topic>): boolean {
  if (other.start > match.start || other.end < match.end) return false
  if (isPassing(match.name) ? kindOf(other.name) === 'none' : isPassing(other.name)) return false
  return other.score > match.score || (other.score === match.score && kindOf(other.name) === 'none' && other !== match)
}

/** Follow-ups and courtesies never take the words of a subject. */
function isPassing(topic: Topic): boolean {
  return kindOf(topic) === 'follow' || kindOf(topic) === 'social'
}

function compare(a: Found, b: Found): number {
  const byKind = rankOf(a) - rankOf(b)
  if (byKind !== 0) return byKind
  const byOrder = (ORDER.get(a.name) ?? 0) - (ORDER.get(b.name) ?? 0)
  if (kindOf(a.name) === 'safety') return byOrder
  return b.score - a.score || byOrder
}

/** What the brain can talk about is one rank, whoever it was written for. What is declined gives way to the rest. */
function rankOf({ name, declined }: Found): number {
  const rank = KINDS.indexOf(kindOf(name) === 'general' ? 'coaching' : kindOf(name))
  return declined ? rank + 0.5 : rank
}

function aspectOf(best: Found | undefined, clauses: readonly string[][]): Aspect {
  if (best === undefined || kindOf(best.name) !== 'coaching') return 'main'
  const asked = clauses.flatMap((clause) => topics.find(clause)).map(({ name }) => name)
  // "Why do my knees cave in when I squat?" asks how to squat, not what squats are good for.
  const isComplaint = isActivity(best.name) && clauses.flat().includes('my')
  const aspects = (['why', 'easier', 'harder', 'dose'] as const).filter((aspect) => asked.includes(aspect))
  return aspects.find((aspect) => aspect !== 'why' || !isComplaint) ?? 'main'
}

export function kindOf(topic: Topic): Kind {
  return INTENTS[topic].kind
}

/** Something that is done, and so can be declined. */
export function isActivity(topic: Topic): boolean {
  return 'activity' in INTENTS[topic]
}

/** Something that has to wait while something hurts. */
export function isExertion(topic: Topic): boolean {
  const intent = INTENTS[topic]
  return 'activity' in intent && intent.activity === 'exertion'
}
