/** The name that a person gives: "my name is Sam", "I'm Sam", "call me Sam". */

/** Said after "I'm" without being a name. Words in -ing, -ed and -ly need no mention. */
const NOT_NAMES = new Set(
  `a an the so too very not just really also still here there back home fine good great okay ok well bad sad happy sick ill
  sore hungry thirsty sleepy lazy busy new old young fat thin slim weak strong stuck lost done ready sure sorry afraid late
  early free alone lonely angry mad nervous anxious calm unfit fit vegan vegetarian pregnant diabetic depressed stiff slow fast
  in on at from of with without about over under up down out off now never always all both one only almost quite pretty kind
  sort like male female human english german french spanish italian american british indian chinese japanese dutch canadian
  australian your you my me it that this what who no yes and but or if to for as by more less better worse dead awake asleep
  able unable aware broke single married retired unemployed sedentary overweight obese underweight skinny dizzy numb hurt
  curious serious joking kidding glad proud grateful thankful excited`.split(/\s+/),
)

const ASIDE = /^(?:hi|hello|hey|ok|okay|yes|no|well|so|oh|and|also|actually|sorry)[,!. ]+/i
const TOLD =
  /\b(?:my name(?:['’]s| is| was)|(?:you can |please |just )?call me|the name(?:['’]s| is)|they call me)\s+([\p{L}][\p{L}'’-]{0,29})/iu
const SAID_TO_BE =
  /(?:^|[.!?,;:\n]\s*|\b(?:hi|hello|hey|and|but)\s+)(?:i['’]?m|i am|this is)\s+([\p{L}][\p{L}'’-]{0,29})(?=\s*(?:$|[.!?,;:\n]|and\b|from\b|here\b|by the way\b|btw\b))/iu

/** The name told in a message, undefined when there is none. */
export function findName(message: string): string | undefined {
  const text = message.slice(0, 500)
  const told = TOLD.exec(text)?.[1]
  if (told !== undefined && !NOT_NAMES.has(told.toLowerCase())) return toName(told)
  const said = SAID_TO_BE.exec(text.replace(ASIDE, ''))?.[1]
  return said !== undefined && couldBeName(said, text) ? toName(said) : undefined
}

/** "I'm Sam" is a name, "I'm tired" is not; "I'm sam" is one only when there is nothing else in the message. */
function couldBeName(word: string, text: string): boolean {
  const lower = word.toLowerCase()
  if (NOT_NAMES.has(lower) || /(?:ing|ed|ly|ous|ful|less|ive)$/.test(lower)) return false
  const isCapitalised = word !== lower && (word !== word.toUpperCase() || word.length === 1)
  return (
    isCapitalised ||
    (/^(?:(?:hi|hello|hey)[,! ]+)?(?:i['’]?m|i am|this is) \p{L}+[.!]?$/iu.test(text.trim()) && SHORT_NAMES.has(lower))
  )
}

/** Names that are believed without a capital; the words after "i'm" are far more often something else. */
const SHORT_NAMES = new Set(
  `sam alex max ben tom tim jim joe john jack james david daniel mike michael chris mark paul peter nick luke adam ryan kevin
  anna emma mia lena laura lisa sara sarah julia maria marie kate katie amy jane jenny lucy sophie olivia nina eva ella leo noah
  liam omar ali ahmed maya priya raj wei yuki ana carlos jose juan luis pedro pablo elena ivan olga robert bob rob will emily
  jess jessica rachel megan alice ruth tina felix jonas lukas`.split(/\s+/),
)

function toName(word: string): string {
  const name = word.replaceAll('’', "'").replace(/(?:'s|['-])$/, '')
  return name === name.toLowerCase() ? name.charAt(0).toUpperCase() + name.slice(1) : name
}
