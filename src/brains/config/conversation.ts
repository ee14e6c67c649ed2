/** A conversation as the brain reads it: nothing is kept between turns, all of it follows from the messages. */
import type { BrainMessage } from '#src/chat/brain.ts'
import type { Topic } from './intents.ts'
import { findName } from './names.ts'
import type { Meaning } from './understand.ts'
import { kindOf, understand } from './understand.ts'

export interface Conversation {
  message: string
  meaning: Meaning
  /** The latest name told, in this message or before. */
  name: string | undefined
  /** This message tells a name. */
  introduces: boolean
  /** What was spoken of before, latest first, courtesies left out; `fallback` where the brain had no answer. */
  topics: (Topic | 'fallback')[]
  /** A pain, an illness or the like was named in the last few turns, and not said to be over. */
  inPain: boolean
  /** The user's messages before this one, oldest first. */
  said: string[]
  /** The replies so far, oldest first. */
  replies: string[]
}

/** How many of the earlier messages are read for topics. */
const TOPICS_FROM = 8

/** For how many turns a pain holds exercises back. */
const PAIN_HOLDS = 4

export function readConversation(messages: readonly BrainMessage[]): Conversation {
  const saidByUser = messages.filter(({ role }) => role === 'user').map(({ content }) => content)
  const message = saidByUser.at(-1) ?? ''
  const said = saidByUser.slice(0, -1)
  const earlier = said.slice(-TOPICS_FROM).toReversed().map(understand)
  const told = findName(message)
  return {
    message,
    meaning: understand(message),
    name:
      told ??
      said
        .toReversed()
        .map(findName)
        .find((name) => name !== undefined),
    introduces: told !== undefined,
    topics: earlier.flatMap(toTopic),
    inPain: isInPain(earlier.slice(0, PAIN_HOLDS)),
    said,
    replies: messages.filter(({ role }) => role === 'assistant').map(({ content }) => content),
  }
}

function toTopic({ topic, declined, words }: Meaning): (Topic | 'fallback')[] {
  if (topic === undefined) return words.length > 3 ? ['fallback'] : []
  const isSubject = kindOf(topic) === 'safety' || kindOf(topic) === 'coaching' || kindOf(topic) === 'general'
  return isSubject && !declined ? [topic] : []
}

function isInPain(latestFirst: readonly Meaning[]): boolean {
  const health = latestFirst.find(({ topic }) => topic !== undefined && kindOf(topic) === 'safety')?.topic
  return health === 'pain' || health === 'emergency' || health === 'sick' || health === 'medical'
}
