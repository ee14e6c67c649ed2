/** One question and its reply, as the page shows them. */
import { type Signal, signal } from '@preact/signals'
import type { DoneFrame, ImageLabel, Message, ReparteeError, Turn } from '#src/client/index.ts'

/** `sending`: not accepted yet. `unsent`: refused. */
export type ExchangeState = 'sending' | 'writing' | 'complete' | 'stopped' | 'failed' | 'unsent'

/**
 * They come with the end of the reply that the page reads, and with nothing else: neither a turn nor a history has them,
 * so that they are gone after a reload. The service would have to keep them; whatever the page kept would be another
 * history beside its own.
 */
export interface Correction {
  original: string
  corrected: string
  explanation: string
  type: string
}

/** What is known of a reply beside its text. Durations in seconds. */
export interface Facts {
  brain: string | null
  model: string | null
  tokens?: number | undefined
  tokensPerSecond?: number | undefined
  timeToFirstToken?: number | null | undefined
  finishReason?: string | undefined
  corrections?: Correction[] | undefined
}

/** A question and its reply that others took the place of. */
export interface Earlier {
  turnId: string
  /** Null when the history does not tell. */
  question: string | null
  text: string
  state: ExchangeState
  brain: string | null
}

export interface Exchange {
  /** The page's own: a turn has no id before it is accepted, and another one after it was regenerated. */
  readonly key: string
  readonly turnId: Signal<string | null>
  readonly question: Signal<string>
  readonly text: Signal<string>
  readonly state: Signal<ExchangeState>
  readonly facts: Signal<Facts | null>
  readonly problem: Signal<ReparteeError | null>
  readonly earlier: Signal<Earlier[]>
  /** What was shown with the question. It stays through edits. */
  readonly images: readonly ImageLabel[]
  /** When it was asked; epoch milliseconds. */
  readonly askedAt: number
}

let made = 0

export function createExchange(
  question: string,
  state: ExchangeState,
  { askedAt = Date.now(), images = [] }: Partial<Pick<Exchange, 'askedAt' | 'images'>> = {},
): Exchange {
  return {
    key: `exchange-${++made}`,
    turnId: signal(null),
    question: signal(question),
    text: signal(''),
    state: signal(state),
    facts: signal(null),
    problem: signal(null),
    earlier: signal([]),
    images,
    askedAt,
  }
}

export function isRunning({ state }: Exchange): boolean {
  return state.value === 'sending' || state.value === 'writing'
}

/**
 * Exchanges as the service keeps them. Those that are shown already are kept, so that nothing on the page is made anew.
 *
 * @param activeTurnId the turn that is still running
 */
export function toExchanges(messages: Message[], activeTurnId: string | null, shown: Exchange[]): Exchange[] {
  const known = new Map(shown.map((exchange) => [exchange.turnId.value, exchange]))
  const exchanges: Exchange[] = []
  let asked: Message[] = []
  for (const message of messages) {
    if (message.role === 'user') {
      asked = message.alternatives ?? []
      const isActive = message.turn_id === activeTurnId
      const found = known.get(message.turn_id)
      if (found && isActive) resume(found)
      const exchange = found ?? fromQuestion(message, isActive)
      // As long as the turn has said nothing, its question has the replies of before.
      const replies = asked.filter(({ role }) => role === 'assistant')
      if (replies.length > 0) exchange.earlier.value = toEarlier(exchange, replies, asked)
      exchanges.push(exchange)
    } else if (exchanges.at(-1)?.turnId.value === message.turn_id) {
      addReply(exchanges.at(-1)!, message, asked)
    }
  }
  return exchanges
}

/** It was given up here, and goes on all the same. */
function resume(exchange: Exchange): void {
  exchange.state.value = 'writing'
  exchange.problem.value = null
}

function fromQuestion(message: Message, isActive: boolean): Exchange {
  const { content, created_at: createdAt, images = [] } = message
  // A turn that said nothing has no reply; what became of it is in its own record.
  const state = isActive ? 'writing' : 'failed'
  const exchange = createExchange(content, state, { askedAt: Date.parse(createdAt), images })
  exchange.turnId.value = message.turn_id
  return exchange
}

/**
 * A question is kept once, with the first of the replies to it, and not at all when it is the one that stands: what comes
 * before the first that is kept was an answer to that. What comes later without one of its own may have been an answer
 * to either, and nothing that the service has to say tells which; the page knows it of what was said before its eyes.
 */
function toEarlier(exchange: Exchange, replies: Message[], asked: Message[]): Earlier[] {
  const known = new Map(exchange.earlier.value.map(({ turnId, question }) => [turnId, question]))
  const kept = new Map(asked.filter(({ role }) => role === 'user').map(({ turn_id, content }) => [turn_id, content]))
  let unkept: string | null = exchange.question.value
  return replies.map(({ turn_id: turnId, content: text, brain, status }) => {
    if (kept.has(turnId)) unkept = null
    const question = kept.get(turnId) ?? known.get(turnId) ?? unkept
    return { turnId, question, text, state: toState(status), brain }
  })
}

function toState(status: Message['status']): ExchangeState {
  return status === 'interrupted' ? 'failed' : status
}

function addReply(exchange: Exchange, reply: Message, asked: Message[]): void {
  if (isRunning(exchange)) return
  const { content, status, brain, model, alternatives = [] } = reply
  exchange.earlier.value = toEarlier(exchange, alternatives, asked)
  exchange.text.value = content
  exchange.facts.value ??= { brain, model }
  exchange.state.value = toState(status)
  if (exchange.state.value !== 'failed') exchange.problem.value = null
}

export function fromDone(frame: DoneFrame): Facts {
  return { ...toFacts(frame), ...toCorrections(frame.corrections) }
}

export function fromTurn(turn: Turn): Facts {
  return toFacts(turn)
}

function toFacts(of: DoneFrame | Turn): Facts {
  return {
    brain: of.brain,
    model: of.model,
    tokens: of.tokens,
    tokensPerSecond: of.tokens_per_second,
    timeToFirstToken: of.time_to_first_token,
    finishReason: of.finish_reason,
  }
}

/** They come from a model, by way of the service: what is not as agreed is left out. */
function toCorrections(found: unknown): { corrections?: Correction[] } {
  if (!Array.isArray(found)) return {}
  const corrections = (found as Partial<Correction>[]).filter(
    (one) => typeof one?.original === 'string' && typeof one.corrected === 'string',
  )
  return { corrections: corrections as Correction[] }
}
