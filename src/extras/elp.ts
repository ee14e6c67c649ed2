/** Ethos, logos and pathos of a text, by counting words: a rough measure of its tone, for English. */
import { ETHOS, LOGOS, PATHOS } from './elp-lexicon.ts'

export interface Elp {
  /** Each from 5 (none of its words) to 13 (eight in a hundred, or more). */
  ethos: number
  logos: number
  pathos: number
}

const NEUTRAL = 5
const MOST_ABOVE = 8

const ethos = new Set(ETHOS)
const logos = new Set(LOGOS)
const pathos = new Set(PATHOS)

/** `5 + min(8, 100 × hits ÷ words)` for each of the three, to two decimals. */
export function measureElp(text: string): Elp {
  const words = text.toLowerCase().match(/[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*/gu) ?? []
  const measure = (lexicon: ReadonlySet<string>) => {
    const hits = words.filter((word) => lexicon.has(word)).length
    const share = words.length === 0 ? 0 : (100 * hits) / words.length
    return Math.round((NEUTRAL + Math.min(MOST_ABOVE, share)) * 100) / 100
  }
  return { ethos: measure(ethos), logos: measure(logos), pathos: measure(pathos) }
}
