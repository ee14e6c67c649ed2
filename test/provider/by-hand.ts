/** A provider whose replies the test says itself, token by token, each when it likes. */
import { encodeReply } from './openai.ts'
import type { Exchange, ProviderRequest, Script } from './provider.ts'

export interface HeldReply {
  request: ProviderRequest
  say(...tokens: string[]): void
  /** Reports usage in the middle of the reply. */
  count(inputTokens: number, outputTokens: number): void
  /** Ends the reply as a good provider does. */
  finish(reason?: 'stop' | 'length' | 'content_filter'): void
  exchange: Exchange
}

export interface Hand {
  script: Script
  /** The oldest reply that was asked for and not taken yet, or else the next one. */
  next(): Promise<HeldReply>
}

export function byHand(): Hand {
  const asked: HeldReply[] = []
  const takers: ((reply: HeldReply) => void)[] = []
  return {
    script(exchange) {
      exchange.head(200, { 'content-type': 'text/event-stream' })
      const reply = toHeldReply(exchange)
      const taker = takers.shift()
      if (taker) taker(reply)
      else asked.push(reply)
    },
    next: () => new Promise((resolve) => (asked.length > 0 ? resolve(asked.shift()!) : takers.push(resolve))),
  }
}

function toHeldReply(exchange: Exchange): HeldReply {
  const [role = ''] = encodeReply({ deltas: [], finish: null }).frames
  exchange.write(role)
  return {
    request: exchange.request,
    exchange,
    say: (...deltas) => exchange.write(encodeReply({ deltas, finish: null }).frames.slice(1).join('')),
    count(inputTokens, outputTokens) {
      const { frames } = encodeReply({ deltas: [], usage: { inputTokens, outputTokens } })
      exchange.write(frames.at(-2)!)
    },
    finish(reason = 'stop') {
      exchange.write(encodeReply({ deltas: [], finish: reason }).frames.slice(1).join(''))
      exchange.end()
    },
  }
}
