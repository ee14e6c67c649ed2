/** How sure a reply sounds, by its own words: a rough measure, no probability that it is right. */
import type { FinishReason } from '#src/chat/event.ts'

const PLAIN = 0.9
const PER_HEDGE = 0.1
const LEAST = 0.1

const HEDGES =
  /(?:\bnot|n['’]t) (?:be |entirely |quite |really ){0,2}(?:sure|certain|know)\b|\b(?:perhaps|maybe|possibly|probably|presumably|might|unclear|unsure|i (?:think|believe|guess|assume)|it depends|hard to say)\b/gi

/** From 0.05 to 0.9: less by 0.1 for each hedge ("perhaps", "I'm not sure"), and by half where the reply is not whole. */
export function measureConfidence(text: string, finishReason: FinishReason): number {
  const hedges = text.match(HEDGES)?.length ?? 0
  const sounds = Math.max(LEAST, PLAIN - PER_HEDGE * hedges)
  return Math.round((finishReason === 'stop' ? sounds : sounds / 2) * 100) / 100
}
