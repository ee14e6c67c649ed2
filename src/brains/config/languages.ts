/** A line in kind for people who begin in another language. To add one: a few words only it has, and the line. */
interface Language {
  /** Greetings and short courtesies: one of them is enough in a short message. */
  greetings: string
  /** Everyday words: two of them give the language away. */
  words: string
  reply: string
}

const ENGLISH = 'I’m the offline brain and only really speak English; a connected model would speak your language.'

const LANGUAGES: readonly Language[] = [
  {
    greetings: 'hola buenas buenos gracias adios adiós',
    words: 'que qué como cómo estás estas quiero para una ayuda puedes eres está por favor hacer tengo soy muy el los',
    reply: '¡Hola! Me alegra verte por aquí.',
  },
  {
    greetings: 'bonjour salut bonsoir coucou merci',
    words: 'je vous tu est ça ca va suis comment pourquoi peux avec une les des pour oui être veux aide',
    reply: 'Bonjour, et bienvenue !',
  },
  {
    greetings: 'hallo servus moin danke tschüss guten',
    words: 'ich du wie geht dir ist das und nicht kannst bitte ein eine mir tag morgen hilfe was bist wer möchte',
    reply: 'Hallo, schön, dass du da bist!',
  },
  {
    greetings: 'buongiorno buonasera grazie salve',
    words: 'sono che come stai puoi vorrei della perché molto bene sei cosa una aiuto',
    reply: 'Ciao, e benvenuto!',
  },
  {
    greetings: 'olá ola oi obrigado obrigada',
    words: 'você voce tudo bem como está estou não nao para uma quero ajuda fazer',
    reply: 'Olá, que bom ver você por aqui!',
  },
  {
    greetings: 'hoi dag dank goedemorgen goedendag',
    words: 'ik je hoe gaat het niet een wat ben kan jij mij met voor hulp',
    reply: 'Hoi, leuk dat je er bent!',
  },
  {
    greetings: 'cześć czesc hej dzień dziękuję',
    words: 'jak się masz jestem jest nie co mogę proszę mam',
    reply: 'Cześć, miło cię widzieć!',
  },
  {
    greetings: 'merhaba selam teşekkürler',
    words: 'nasılsın ben bir ve için bana yardım misin var değil',
    reply: 'Merhaba, hoş geldin!',
  },
  {
    greetings: 'привет здравствуйте спасибо',
    words: 'как что это ты я мне не дела хочу помоги можешь',
    reply: 'Привет, рад встрече!',
  },
  { greetings: 'namaste नमस्ते', words: 'kaise kya hai aap mujhe main hoon कैसे क्या आप', reply: 'नमस्ते, आपका स्वागत है!' },
  { greetings: 'こんにちは konnichiwa ohayo ありがとう', words: 'です ます', reply: 'こんにちは、ようこそ！' },
  { greetings: '你好 您好 nihao 谢谢', words: '吗 什么 我', reply: '你好，欢迎！' },
  { greetings: 'مرحبا السلام salam شكرا', words: 'كيف انت انا هل', reply: 'مرحبا، أهلا بك!' },
]

const known = LANGUAGES.map((language) => ({
  greetings: new Set(language.greetings.split(' ')),
  words: new Set(language.words.split(' ')),
  reply: `${language.reply} ${ENGLISH}`,
}))

/** A message of more words than this needs more than a greeting to be taken for another language. */
const SHORT = 4

/** The reply to a message in another language; undefined when it seems to be English. */
export function replyInKind(words: readonly string[]): string | undefined {
  for (const { greetings, words: everyday, reply } of known) {
    const greets = words.some((word) => greetings.has(word))
    const hits = new Set(words.filter((word) => everyday.has(word) || greetings.has(word))).size
    if (greets && words.length <= SHORT && hits * 2 >= words.length) return reply
    if (hits >= 2 && hits * 5 >= words.length * 2) return reply
  }
  return undefined
}
