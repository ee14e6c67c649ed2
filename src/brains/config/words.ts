/**
 * Text into clauses of plain words: lower case, one spelling for each way of writing a thing, so that the phrases in
 * `intents.ts` need to say it only once.
 */

/** Only the beginning and the end of a long message are read: a person's point is in one of them. */
const READ_FIRST = 1200
const READ_LAST = 400

/** One word or two neighbours → the words to read instead. */
const SPELLINGS = new Map(
  Object.entries({
    'do not': "don't",
    dont: "don't",
    'does not': "doesn't",
    doesnt: "doesn't",
    'did not': "didn't",
    didnt: "didn't",
    'is not': "isn't",
    isnt: "isn't",
    'can not': "can't",
    cannot: "can't",
    cant: "can't",
    'could not': "couldn't",
    couldnt: "couldn't",
    'will not': "won't",
    wont: "won't",
    'have not': "haven't",
    havent: "haven't",
    'i am': "i'm",
    im: "i'm",
    "i've": 'i have',
    ive: 'i have',
    'you are': "you're",
    youre: "you're",
    'what is': "what's",
    whats: "what's",
    'who is': "who's",
    whos: "who's",
    'how is': "how's",
    hows: "how's",
    'it is': "it's",
    'that is': "that's",
    thats: "that's",
    'let us': "let's",
    lets: "let's",
    idk: "i don't know",
    dunno: "don't know",
    wanna: 'want to',
    gonna: 'going to',
    gotta: 'have to',
    u: 'you',
    ur: 'your',
    r: 'are',
    ya: 'you',
    pls: 'please',
    plz: 'please',
    thx: 'thanks',
    tnx: 'thanks',
    'thank you': 'thanks',
    'thank u': 'thanks',
    ty: 'thanks',
    cheers: 'thanks',
    ok: 'okay',
    k: 'okay',
    hungover: 'hangover',
    mins: 'minutes',
    min: 'minutes',
    'work out': 'workout',
    'working out': 'workout',
    'worked out': 'workout',
    'works out': 'workout',
    workouts: 'workout',
    'push up': 'pushup',
    'push ups': 'pushup',
    pushups: 'pushup',
    'press up': 'pushup',
    'press ups': 'pushup',
    'pull up': 'pullup',
    'pull ups': 'pullup',
    pullups: 'pullup',
    'chin up': 'pullup',
    'chin ups': 'pullup',
    'sit up': 'situp',
    'sit ups': 'situp',
    situps: 'situp',
    'warm up': 'warmup',
    'warming up': 'warmup',
    'warm ups': 'warmup',
    'cool down': 'cooldown',
    'cooling down': 'cooldown',
    'e mail': 'email',
    'to do': 'todo',
    grey: 'gray',
    'web site': 'website',
    '5km': '5k',
    '10km': '10k',
    '5 km': '5k',
    '10 km': '10k',
    '5 k': '5k',
    '10 k': '10k',
  }),
)

/** Splits a text into clauses, and each clause into words. */
export function toClauses(text: string): string[][] {
  return shorten(text)
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[’‘`´]/g, "'")
    .split(/[.!?…;:,()"“”\n–—]| - | but /)
    .map(toWords)
    .filter((words) => words.length > 0)
}

function shorten(text: string): string {
  if (text.length <= READ_FIRST + READ_LAST) return text
  return `${text.slice(0, READ_FIRST)}\n${text.slice(-READ_LAST)}`
}

function toWords(clause: string): string[] {
  const words = clause.match(/[\p{L}\p{M}\p{N}]+(?:'\p{L}+)*/gu) ?? []
  const spelled: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const pair = SPELLINGS.get(`${word} ${words[index + 1]}`)
    if (pair !== undefined) index++
    spelled.push(...(pair ?? SPELLINGS.get(word) ?? word).split(' '))
  }
  return spelled
}
