/** Which brains there are, which of them speaks, and whether it would. */
import type { Brain, Brains } from '#src/chat/brain.ts'
import { ChatError, toChatError } from '#src/chat/errors.ts'

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
  /** What would answer; null when that is not decided. */
  model: string | null
  /** A sentence for people, e.g. "OPENAI_API_KEY is not set." */
  reason: string
}

export interface BrainListing {
  id: string
  model: string | null
  available: boolean
  reason?: string
  breaker: 'closed'
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
  /** Milliseconds; for tests. Default `Date.now`. */
  now?: () => number
}

export interface Router extends Brains {
  list(): BrainListing[]
  /**
   * Makes another brain the active one; null goes back to the configured one. Returns the active brain's id.
   *
   * @throws ChatError `brain_unknown`
   */
  switch(id: string | null): string
  /** Whether the active brain would answer. Remembered for 10 s per brain; those who ask meanwhile share one check. */
  health(): Promise<BrainHealth>
}

/** @throws ChatError `brain_unknown` when `active` cannot be chosen */
export function createRouter({ available, unavailable, active, now = Date.now }: RouterOptions): Router {
  const brains = new Map(available.map((brain) => [brain.id, brain]))
  const missing = toMissing(unavailable)
  const health = createHealth(now)
  const find = (id: string): Brain => {
    const brain = brains.get(id)
    if (!brain) throw toUnknown(missing.get(id), [...brains.keys()])
    return brain
  }
  let current = find(active).id
  return {
    get active() {
      return current
    },
    choose: (id) => find(id ?? current),
    list: () => [...NAMES.keys()].map((id) => toListing(id, brains.get(id), missing.get(id))),
    switch: (id) => (current = find(id ?? active).id),
    health: () => health(find(current)),
  }
}

/** All known ids with what keeps them away, were they not available. */
function toMissing(unavailable: UnavailableBrain[]): Map<string, UnavailableBrain> {
  const missing = new Map<string, UnavailableBrain>()
  for (const [id, name] of NAMES)
    missing.set(id, { id, model: null, reason: `${name} is not part of this version yet.` })
  for (const brain of unavailable) missing.set(brain.id, brain)
  return missing
}

function toListing(id: string, brain: Brain | undefined, missing: UnavailableBrain | undefined): BrainListing {
  if (brain) return { id, model: brain.model, available: true, breaker: 'closed' }
  return { id, model: missing?.model ?? null, available: false, reason: missing?.reason ?? '', breaker: 'closed' }
}

function toUnknown(missing: UnavailableBrain | undefined, available: string[]): ChatError {
  const details = { known: [...NAMES.keys()], available }
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
