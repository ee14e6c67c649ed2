/**
 * The phrase language of `intents.ts`, and the matcher for it. A phrase is words with
 *
 *     a|b       one of these
 *     stretch*  any word that begins so
 *     #         a number, in digits or as a word
 *     my?       may be left out
 *     ...       up to four other words
 *     ^ and $   at the phrase's ends: the clause begins or ends here
 *     now|$     this word, or the clause ends here
 *
 * There are no regular expressions in it, so no message can make matching slow: each word of a message is looked up
 * once, and a phrase that begins with it is tried over a handful of words.
 */

const LONGEST_GAP = 4

/** Words of fewer letters are too close to each other to mend a slip in them. */
const SHORTEST_MENDED = 7

/** `hundred` and the like are left out: nobody counts repetitions or minutes with them. */
const NUMBER_WORDS = new Set(
  'one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty ninety'.split(
    ' ',
  ),
)

interface Slot {
  kind: 'words' | 'gap'
  words: string[]
  beginnings: string[]
  optional: boolean
}

interface Phrase<Name> {
  name: Name
  slots: Slot[]
  atStart: boolean
  atEnd: boolean
}

/** Where a phrase was found: words `start` up to, not including, `end` of a clause. */
export interface Match<Name> {
  name: Name
  start: number
  end: number
  /** Words of the clause that the phrase names: the more, the more specific it is. */
  score: number
}

export interface Matcher<Name> {
  /** Every match in a clause, in the order of its words. */
  find(clause: string[]): Match<Name>[]
  /** The clause with slips in longer words mended ("excercise"), where a phrase knows the right one. */
  mend(clause: string[]): string[]
}

/** Compiles phrases, given by the name that a match is to have. */
export function createMatcher<Name>(phrases: Iterable<[Name, readonly string[]]>): Matcher<Name> {
  const byWord = new Map<string, Phrase<Name>[]>()
  const byBeginning = new Map<string, Phrase<Name>[]>()
  const vocabulary = new Set<string>()
  const beginnings = new Set<string>()
  for (const [name, texts] of phrases) {
    for (const text of texts) {
      const phrase = parsePhrase(name, text)
      for (const slot of phrase.slots) {
        for (const word of slot.words) vocabulary.add(word)
        for (const word of slot.beginnings) beginnings.add(word)
      }
      for (const slot of firstSlots(phrase.slots)) {
        for (const word of slot.words) addTo(byWord, word, phrase)
        for (const word of slot.beginnings) addTo(byBeginning, word, phrase)
      }
    }
  }

  const isKnown = (word: string): boolean =>
    vocabulary.has(word) ||
    Array.from(word, (_, length) => word.slice(0, length)).some((start) => beginnings.has(start))

  function* startingWith(word: string): Generator<Phrase<Name>> {
    yield* byWord.get(word) ?? []
    if (isNumber(word)) yield* byWord.get('#') ?? []
    for (let length = 1; length <= Math.min(word.length, 12); length++) {
      yield* byBeginning.get(word.slice(0, length)) ?? []
    }
  }

  return {
    find: (clause) =>
      clause.flatMap((word, start) =>
        Array.from(startingWith(word), (phrase) => matchAt(phrase, clause, start)).flat(),
      ),
    mend: (clause) => clause.map((word) => (isKnown(word) ? word : mendWord(word, vocabulary))),
  }
}

function addTo<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const values = map.get(key)
  if (values) values.push(value)
  else map.set(key, [value])
}

/** The slots that a match can begin with: those up to the first that may not be left out. */
function firstSlots(slots: Slot[]): Slot[] {
  return slots.slice(0, slots.findIndex((slot) => !slot.optional) + 1)
}

function parsePhrase<Name>(name: Name, text: string): Phrase<Name> {
  const parts = text.split(' ')
  const atStart = parts[0] === '^'
  const atEnd = parts.at(-1) === '$'
  const slots = parts.slice(atStart ? 1 : 0, atEnd ? -1 : undefined).map(parseSlot)
  return { name, slots, atStart, atEnd }
}

function parseSlot(part: string): Slot {
  if (part === '...') return { kind: 'gap', words: [], beginnings: [], optional: false }
  const optional = part.endsWith('?')
  const choices = (optional ? part.slice(0, -1) : part).split('|')
  return {
    kind: 'words',
    words: choices.filter((choice) => !choice.endsWith('*')),
    beginnings: choices.filter((choice) => choice.endsWith('*')).map((choice) => choice.slice(0, -1)),
    optional,
  }
}

function matchAt<Name>(phrase: Phrase<Name>, clause: string[], start: number): Match<Name>[] {
  if (phrase.atStart && start !== 0) return []
  const found = follow(phrase, 0, clause, start)
  return found ? [{ name: phrase.name, start, end: found.end, score: found.score }] : []
}

/** Matches the phrase from its slot `slot` on against the clause from its word `at` on. */
function follow<Name>(
  phrase: Phrase<Name>,
  slot: number,
  clause: string[],
  at: number,
): { end: number; score: number } | undefined {
  const wanted = phrase.slots[slot]
  if (wanted === undefined) return phrase.atEnd && at !== clause.length ? undefined : { end: at, score: 0 }
  if (wanted.kind === 'gap') {
    for (let skipped = 0; skipped <= LONGEST_GAP && at + skipped <= clause.length; skipped++) {
      const found = follow(phrase, slot + 1, clause, at + skipped)
      if (found) return found
    }
    return undefined
  }
  const word = clause[at]
  if (word === undefined && wanted.words.includes('$')) return follow(phrase, slot + 1, clause, at)
  if (word !== undefined && accepts(wanted, word)) {
    const found = follow(phrase, slot + 1, clause, at + 1)
    if (found) return { end: found.end, score: found.score + 1 }
  }
  return wanted.optional ? follow(phrase, slot + 1, clause, at) : undefined
}

function accepts(slot: Slot, word: string): boolean {
  if (slot.words.includes('#') && isNumber(word)) return true
  return slot.words.includes(word) || slot.beginnings.some((beginning) => word.startsWith(beginning))
}

/** Digits, also with a unit stuck to them ("20min", "5k"), or a number's name. */
export function isNumber(word: string): boolean {
  return NUMBER_WORDS.has(word) || (word[0] !== undefined && word[0] >= '0' && word[0] <= '9')
}

function mendWord(word: string, vocabulary: Set<string>): string {
  if (word.length < SHORTEST_MENDED) return word
  for (const known of vocabulary) {
    if (known.length >= SHORTEST_MENDED && known[0] === word[0] && isOneSlipAway(known, word)) return known
  }
  return word
}

/** Whether one letter more, less or other, or two neighbours swapped, makes one word of the other. */
function isOneSlipAway(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let same = 0
  while (same < a.length && a[same] === b[same]) same++
  const [restA, restB] = [a.slice(same), b.slice(same)]
  if (restA.slice(1) === restB.slice(1) || restA.slice(1) === restB || restA === restB.slice(1)) return true
  return restA.slice(2) === restB.slice(2) && restA[0] === restB[1] && restA[1] === restB[0]
}
