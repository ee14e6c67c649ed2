/**
 * Sums in plain words or signs: "what is 12 * 7?", "15% of 80", "two plus two". A recursive descent over at most 120
 * characters; nothing is evaluated as code.
 *
 *     sum     = product { ("+" | "-") product }
 *     product = power { ("*" | "/") power }
 *     power   = factor [ "^" power ]
 *     factor  = "-" factor | "sqrt" factor | number [ "%" ] | "(" sum ")" [ "%" ]
 */

const LONGEST_EXPRESSION = 120

const NUMBER_NAMES =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty'.split(
    ' ',
  )

/** How a sum begins in a sentence. Without one of these the whole message has to be the sum. */
const OPENINGS =
  /^(?:(?:hey|hi|hello|please|so|ok|okay|and|can you|could you|do you know|quick)[, ]+)*(?:what ?i?'?s|what does|whats|how much is|calculate|compute|solve|tell me|work out|add up|evaluate|the result of)? ?(?:the result of )?/

const WORDED: readonly [RegExp, string][] = [
  [/\bdivided by\b|\bover\b|÷/g, '/'],
  [/\bmultiplied by\b|\btimes\b|×|·/g, '*'],
  [/(\d|\)) ?x ?(?=\d|\()/g, '$1*'],
  [/\bplus\b|\badded to\b/g, '+'],
  [/\bminus\b|−/g, '-'],
  [/\bto the power of\b|\*\*/g, '^'],
  [/\bsquared\b/g, '^2'],
  [/\bcubed\b/g, '^3'],
  [/\b(?:the )?(?:square root|sqrt)(?: of)?\b|√/g, 'sqrt '],
  [/\bhalf of\b/g, '0.5 *'],
  [/\b(?:a |one )?quarter of\b/g, '0.25 *'],
  [/ ?\bpercent of\b|% of\b/g, '% *'],
  [/ ?\bpercent\b/g, '%'],
  [/(\d),(?=\d\d\d)/g, '$1'],
]

export interface Sum {
  expression: string
  /** In words when it is not a number. */
  result: string
}

/** The sum that a message asks for, with its result; undefined when it asks for something else. */
export function solveSum(message: string): Sum | undefined {
  if (message.length > LONGEST_EXPRESSION) return undefined
  const expression = toExpression(message)
  // A lone number, a date or a telephone number is no question.
  if (!/[\d)] ?%? ?[-+*/^] ?[-\d(s]|sqrt/.test(expression) || /^\d{4}-\d\d|^\d+\/\d+\/\d+$/.test(expression))
    return undefined
  const value = evaluate(expression)
  return value === undefined ? undefined : { expression: display(expression), result: toResult(value) }
}

function toExpression(message: string): string {
  let text = message.toLowerCase().replaceAll('’', "'").replaceAll(/\s+/g, ' ').trim()
  text = text.replace(OPENINGS, '')
  for (const [pattern, sign] of WORDED) text = text.replaceAll(pattern, sign)
  text = text.replaceAll(/\b[a-z]+\b/g, (word) => {
    const value = NUMBER_NAMES.indexOf(word)
    return value === -1 ? word : String(value)
  })
  return text.replace(/(?: ?(?:equals?|equal to|please|is|=|\?|!|\.))+$/, '').trim()
}

function evaluate(expression: string): number | undefined {
  const tokens = expression.match(/\d+(?:\.\d+)?|\.\d+|sqrt|[-+*/^()%]|[^\s]/g) ?? []
  let at = 0
  const take = (sign: string): boolean => tokens[at] === sign && ++at > 0

  function sum(): number {
    let value = product()
    while (tokens[at] === '+' || tokens[at] === '-') value += take('+') ? product() : (take('-'), -product())
    return value
  }
  function product(): number {
    let value = power()
    while (tokens[at] === '*' || tokens[at] === '/') value = take('*') ? value * power() : (take('/'), value / power())
    return value
  }
  function power(): number {
    const base = factor()
    return take('^') ? base ** power() : base
  }
  function factor(): number {
    if (take('-')) return -factor()
    if (take('sqrt')) return Math.sqrt(factor())
    const value = take('(') ? inBrackets() : Number(tokens[at++])
    return take('%') ? value / 100 : value
  }
  function inBrackets(): number {
    const value = sum()
    if (!take(')')) at = Number.POSITIVE_INFINITY
    return value
  }

  const value = sum()
  // `at` has to be the very end: anything that was not understood means that this was no sum.
  return at === tokens.length && !tokens.some((token) => /[^\d.\-+*/^()%sqrt]/.test(token)) ? value : undefined
}

function toResult(value: number): string {
  if (Number.isNaN(value)) return 'not defined'
  if (!Number.isFinite(value)) return 'not defined, or too large for me'
  return String(Number(value.toPrecision(12)))
}

function display(expression: string): string {
  return expression
    .replaceAll(/ {2,}/g, ' ')
    .replaceAll(/ ?([+*/]) ?/g, ' $1 ')
    .replaceAll(/([\d)%]) ?- ?/g, '$1 - ')
    .replaceAll('% *', '% of')
    .replaceAll('*', '×')
    .replaceAll(/sqrt ?/g, '√')
    .replaceAll(/ {2,}/g, ' ')
    .replaceAll('% × ', '% of ')
}
