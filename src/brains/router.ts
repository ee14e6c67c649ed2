/** Which brains there are, which of them speaks, who stands in for it, and whether it would answer. */
import type { Brain, Brains } from '#src/chat/brain.ts'
import { ChatError, toChatError } from '#src/chat/errors.ts'
import type { SettingsStore } from '#src/chat/store.ts'
import { type BreakerState, type GuardedBrain, type OnBreaker, withBreaker } from './breaker.ts'

/** Every brain that the service knows, by id, with its name for people. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['config', 'The offline brain'],
  ['claude', 'Claude'],
  ['openai', 'OpenAI'],
  ['gemini', 'Gemini'],
  ['ollama', 'Ollama'],
  ['nvidia', 'NVIDIA NIM'],
])

/** How long the answer to "would it answer?" holds: the door may be asked by every load balancer every second. */
const HEALTH_MS = 10_000

const CHECK_TIMEOUT_MS = 5000

/** A brain that is known and cannot be chosen. */
export interface UnavailableBrain {
  id: string
  /** What would answer. */
  model: string
  /** A sentence for people, e.g. "OPENAI_API_KEY is not set." */
  reason: string
}

export interface BrainListing {
  id: string
  model: string
  available: boolean
  reason?: string
  breaker: BreakerState
}

export interface BrainHealth {
  activeBrain: string
  healthy: boolean
  /** A sentence for people. */
  message: string
}

export interface RouterOptions {
  available: Brain[]
  unavailable: UnavailableBrain[]
  /** The configured brain. */
  active: string
  /** Who stands in for a brain that cannot answer, by id, in this order. Default nobody. */
  fallbacks?: string[]
  /** Models that users may name beside each brain's own. Default, and when it is empty: any. */
  allowedModels?: string[]
  /** Keeps what was switched to, for all nodes. */
  settings: SettingsStore
  /** Is told what whoever runs the service should know, in a sentence. */
  warn?: (sentence: string) => void
  /** Milliseconds; for tests. Default `Date.now`. */
  now?: () => number
}

export interface Router extends Brains {
  list(): BrainListing[]
  /**
   * Makes another brain the active one of all nodes; null goes back to the configured one. Returns the active brain's
   * id.
   *
   * @throws ChatError `brain_unknown`, `store_unavailable`
   */
  switch(id: string | null): Promise<string>
  /**
   * Looks what was switched to, here or on another node.
   *
   * @throws ChatError `store_unavailable`, and then what was known last still holds
   */
  refresh(): Promise<void>
  /** Whether the active brain would answer. Remembered for 10 s per brain; those who ask meanwhile share one check. */
  health(): Promise<BrainHealth>
}

const SETTING = 'active_brain'

/** @throws ChatError `brain_unknown` when `active` or a fallback cannot be chosen */
export function createRouter(options: RouterOptions): Router {
  const { available, unavailable, active, fallbacks = [], settings, warn = () => {}, now = Date.now } = options
  const allowed = new Set(options.allowedModels)
  const onBreaker: OnBreaker = (id, state) => warn(`The brain "${id}" ${BREAKER_NEWS[state]}.`)
  const brains = new Map(available.map((brain) => [brain.id, withBreaker(brain, onBreaker)]))
  const missing = new Map(unavailable.map((brain) => [brain.id, brain]))
  const known = [...NAMES.keys()].filter((id) => brains.has(id) || missing.has(id))
  const health = createHealth(now)
  const find = (id: string): GuardedBrain => {
    const brain = brains.get(id)
    if (!brain) throw toUnknown(missing.get(id), known, [...brains.keys()])
    return brain
  }
  const substitutes = fallbacks.map(find)
  const switched = createSwitch(settings, find(active), find, warn)
  return {
    get active() {
      return switched.brain.id
    },
    choose: (id) => (id === null ? switched.brain : find(id)),
    candidates(chosen, model) {
      const all = [...new Set([find(chosen.id), ...substitutes])]
      const ready = all.filter((brain) => !brain.isResting(brain.id === chosen.id ? model : brain.model))
      return ready.length > 0 ? ready : all
    },
    allows: (brain, model) => allowed.size === 0 || allowed.has(model) || model === brain.model,
    list: () => known.map((id) => toListing(brains.get(id) ?? missing.get(id)!)),
    async switch(id) {
      if (id !== null) find(id)
      await settings.set(SETTING, id)
      await switched.refresh()
      return switched.brain.id
    },
    refresh: () => switched.refresh(),
    health: () => health(switched.brain),
  }
}

const BREAKER_NEWS = { open: 'fails again and again, and is left alone for a while', closed: 'answers again' }

/** The active brain: what was switched to, as far as this node has it, else the configured one. */
function createSwitch(
  settings: SettingsStore,
  configured: GuardedBrain,
  find: (id: string) => GuardedBrain,
  warn: (sentence: string) => void,
) {
  let known: string | null = null
  const active = {
    brain: configured,
    async refresh(): Promise<void> {
      const id = await settings.get(SETTING)
      if (id === known) return
      known = id
      active.brain = toActive(id)
    },
  }

  function toActive(id: string | null): GuardedBrain {
    if (id === null) return configured
    try {
      return find(id)
    } catch (error) {
      warn(`What was switched to cannot speak here, and "${configured.id}" does. ${toChatError(error).message}`)
      return configured
    }
  }

  return active
}

function toListing(brain: GuardedBrain | UnavailableBrain): BrainListing {
  const { id, model } = brain
  if ('reason' in brain) return { id, model, available: false, reason: brain.reason, breaker: 'closed' }
  return { id, model, available: true, breaker: brain.breaker }
}

function toUnknown(missing: UnavailableBrain | undefined, known: string[], available: string[]): ChatError {
  const details = { known, available }
  if (missing)
    return new ChatError('brain_unknown', `The brain ${missing.id} is not available: ${missing.reason}`, { details })
  return new ChatError('brain_unknown', `There is no such brain. There are: ${available.join(', ')}.`, { details })
}

function createHealth(now: () => number): (brain: Brain) => Promise<BrainHealth> {
  const answers = new Map<string, { health: Promise<BrainHealth>; until: number }>()
  return (brain) => {
    const known = answers.get(brain.id)
    if (known && now() < known.until) return known.health
    const answer = { health: checkHealth(brain), until: Infinity }
    answers.set(brain.id, answer)
    void answer.health.then(() => (answer.until = now() + HEALTH_MS))
    return answer.health
  }
}

/** Never rejects. */
async function checkHealth(brain: Brain): Promise<BrainHealth> {
  const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS)
  const name = NAMES.get(brain.id) ?? brain.id
  try {
    await brain.check(signal)
    return { activeBrain: brain.id, healthy: true, message: `${name} is ready.` }
  } catch (error) {
    const late = signal.aborted && error === signal.reason
    const message = late ? `${name} did not answer within ${CHECK_TIMEOUT_MS / 1000} s.` : toChatError(error).message
    return { activeBrain: brain.id, healthy: false, message }
  }
}
