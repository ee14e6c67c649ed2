/** What a voice has to say: one file per persona in `voices/`. The type makes a forgotten topic an error of `tsc`. */
import type { INTENTS, Kind, Topic } from './intents.ts'
import type { Lesson } from './lesson.ts'

/** Replies that the engine chooses by itself, and what for. */
export type Occasion =
  /** Nothing better: says so honestly. */
  | 'fallback'
  /** A greeting later in a conversation. */
  | 'greeting_again'
  /** The person has told a `{name}`. */
  | 'tell_name'
  /** Asked for a name that was never told. */
  | 'name_unknown'
  /** Asked what was said, and nothing was. */
  | 'nothing_before'
  /** An activity was declined. */
  | 'dislike'
  /** Asked for an activity shortly after speaking of pain. */
  | 'pain_after'
  /** "why?", "more" or "yes" with nothing to relate it to. */
  | 'ask_topic'
  /** "tell me more" when all has been said. */
  | 'exhausted'

export type ReplyName = Topic | Occasion

type OfKind<Wanted extends Kind> = {
  [Name in Topic]: (typeof INTENTS)[Name]['kind'] extends Wanted ? Name : never
}[Topic]

/** Answered with facts or by repeating, never by a reply of their own. */
type Derived = 'why' | 'dose' | 'more' | 'easier' | 'harder' | 'yes' | 'first' | 'second' | 'amount'

/** Grave enough for every persona to drop its act: said in the neutral voice unless the voice has its own words. */
type Grave = 'crisis' | 'emergency' | 'crash_diet' | 'medical'

export type OwnReply = Exclude<
  OfKind<'safety' | 'memory' | 'coaching' | 'social' | 'follow'> | Occasion,
  Derived | Grave
>

export type Variants = readonly [string, ...string[]]

/** Short sentences that stand before a fact or a borrowed reply. */
export type Lead = 'why' | 'more' | 'dose' | 'easier' | 'harder' | 'noted' | 'aside' | 'name'

/**
 * In every text `{name}` is the person's name, `{, name}` is ", Sam" or nothing, and `{first}` and `{second}` are two
 * offers. `{Name}` stands for whoever signs a letter.
 */
export interface Voice<Complete extends ReplyName = OwnReply> {
  /** What a voice that teaches says instead of coaching. */
  lesson?: Lesson
  replies: Readonly<Record<Complete, Variants> & Partial<Record<ReplyName, Variants>>>
  leads: Readonly<Record<Lead, Variants>>
  /** What can be offered, in words, and the topic that a "yes" leads to. */
  offers: readonly (readonly [label: string, topic: Topic])[]
}

/** What every voice has words of its own for, also one that does not coach. */
export type Spoken = Exclude<OfKind<'memory' | 'social' | 'follow'> | Occasion, Derived | 'dislike' | 'pain_after'>

/** What a lesson is made of: it goes on whatever is said. */
export interface LessonMaterial {
  /** What learners ask about, in the phrase language of `intents.ts`; the phrase that names more words wins. */
  subjects: readonly { says: readonly string[]; replies: Variants }[]
  why: Variants
  /** Said before a prompt: after something in another language than English, where the learner asks to go on, where it
   * was too hard or too easy, and after all else. */
  foreign: Variants
  next: Variants
  easier: Variants
  harder: Variants
  heard: Variants
  prompts: Variants
}

/** The neutral voice can say everything. */
export type NeutralVoice = Voice<OwnReply | Grave | OfKind<'general'>>
