/** What is to happen in a wave of turns, from a seed: who says what, who reads where, who leaves when, and what breaks. */
import { createRandom, type Random } from '#test/random.ts'
import { type Transport, TRANSPORTS } from './record.ts'

/** What befalls the service, once a wave. */
export const CALAMITIES = [
  'none',
  'kill',
  'kill-at-done',
  'freeze',
  'rolling-restart',
  'store-cut',
  'store-slow',
  'store-mute',
  'store-pause',
  'store-restart',
  'door-cut',
  'door-mute',
] as const
export type Calamity = (typeof CALAMITIES)[number]

export const PROVIDER_FAULTS = ['stall', 'fin', 'reset', 'error-500', 'no-end'] as const
export type ProviderFault = (typeof PROVIDER_FAULTS)[number]

export const CUTS = ['fin', 'reset', 'half'] as const
export type Cut = (typeof CUTS)[number]

/** One connection of a reader's. */
export interface Hop {
  node: number
  transport: Transport
  /** The reader leaves after so many bytes, wherever in a frame or a letter that is; null: it stays. */
  cutAfter: number | null
  how: Cut
  pauseMs: number
  /** Whether a sender that comes back sends its message again rather than asks for the turn. */
  sendsAgain: boolean
}

export interface ReaderPlan {
  /** After the turn was accepted. */
  startMs: number
  hops: Hop[]
}

export interface ReplyPlan {
  deltas: string[]
  delayMs: number
  fault: ProviderFault | null
  /** Before which delta the fault comes. */
  faultAt: number
}

/** What the user does: `twice` sends the same message on two nodes at once, `rivals` three messages. */
export const ACTS = ['none', 'stop', 'delete', 'twice', 'rivals', 'regenerate'] as const
export type Act = (typeof ACTS)[number]

export interface TurnPlan {
  act: Act
  /** Of a stop or a deletion, after the turn was accepted. */
  actMs: number
  /** On which node. */
  actNode: number
  senders: ReaderPlan[]
  followers: ReaderPlan[]
  /** Reads it all when everything is over. */
  late: Hop
  reply: ReplyPlan
}

export interface SessionPlan {
  startMs: number
  turns: TurnPlan[]
}

export interface WavePlan {
  seed: number
  wave: number
  calamity: Calamity
  /** When it begins, how long it lasts where that is not in its nature, and whom it befalls. */
  calamityMs: number
  lastsMs: number
  victim: number
  /** So many first nodes survive. */
  spared: number
  sessions: SessionPlan[]
}

export interface ScheduleOptions {
  seed: number
  nodes: number
  /** In each wave; about, as some sends are rivals. */
  turns: number
  leaseS: number
  /** Default: each in its turn, in an order of the seed's. */
  only?: Calamity
  /** So many first nodes nothing befalls. */
  spared?: number
}

/** Text that is easily broken: what separates frames, surrogate pairs, joined letters, half of a line's end. */
const WORDS = [
  'plain ', 'data: ', 'id: 7\n', '\n\n', '\r\n', '\r', ': ping', '火', '火山 ', '🔥', '👩‍👩‍👧‍👦', 'é', 'é', '{"a":1}',
  '\\', '"', '\u2028', '</script>', 'event: end\n', ' ', 'ﷺ', '𝕏', 'null', '[DONE]', '&amp;', 'Grüße, ', '0', '…',
] // oxfmt-ignore

const TURNS_PER_SESSION = 2
const SPREAD_MS = 2_500

export function planWave(options: ScheduleOptions, wave: number): WavePlan {
  const { seed, nodes, turns, leaseS, only, spared = 0 } = options
  const random = createRandom(seed + wave * 7_919)
  const order = createRandom(seed).shuffle(CALAMITIES)
  const calamity = only ?? order[wave % order.length]!
  return {
    seed,
    wave,
    calamity,
    calamityMs: random.integer(1_000, 4_000),
    lastsMs: calamity === 'freeze' ? leaseS * 1_000 + random.integer(500, 2_000) : random.integer(300, 3_000),
    victim: random.integer(spared, nodes - 1),
    spared,
    sessions: Array.from({ length: Math.max(1, Math.round(turns / TURNS_PER_SESSION)) }, () =>
      planSession(random, nodes),
    ),
  }
}

function planSession(random: Random, nodes: number): SessionPlan {
  const first = planTurn(random, nodes, random.pick(['none', 'none', 'none', 'stop', 'twice', 'rivals']))
  const second = planTurn(random, nodes, random.pick(['none', 'stop', 'delete', 'twice', 'regenerate', 'rivals']))
  return { startMs: random.integer(0, SPREAD_MS), turns: [first, second] }
}

function planTurn(random: Random, nodes: number, act: Act): TurnPlan {
  const senders = act === 'twice' ? 2 : act === 'rivals' ? 3 : 1
  return {
    act,
    actMs: random.integer(0, 1_500),
    actNode: random.integer(0, nodes - 1),
    senders: Array.from({ length: senders }, () => planReader(random, nodes)),
    followers: Array.from({ length: random.integer(1, 2) }, () => planReader(random, nodes)),
    late: planHop(random, nodes, null),
    reply: planReply(random, act === 'none' || act === 'twice'),
  }
}

function planReader(random: Random, nodes: number): ReaderPlan {
  const cuts = random.pick([0, 0, 1, 2, 4])
  return {
    startMs: random.integer(0, 400),
    hops: Array.from({ length: cuts + 1 }, (_, i) =>
      planHop(random, nodes, i < cuts ? random.integer(0, random.pick([700, 2_000, 4_000])) : null),
    ),
  }
}

function planHop(random: Random, nodes: number, cutAfter: number | null): Hop {
  return {
    node: random.integer(0, nodes - 1),
    transport: random.pick(TRANSPORTS),
    cutAfter,
    how: random.pick(CUTS),
    pauseMs: random.pick([0, 0, 10, 50, 200]),
    sendsAgain: random.next() < 0.5,
  }
}

function planReply(random: Random, mayFail: boolean): ReplyPlan {
  const length = random.integer(8, 100)
  return {
    deltas: Array.from({ length }, () =>
      Array.from({ length: random.integer(1, 4) }, () => random.pick(WORDS)).join(''),
    ),
    delayMs: random.pick([10, 20, 40, 70]),
    fault: mayFail && random.next() < 0.25 ? random.pick(PROVIDER_FAULTS) : null,
    faultAt: random.integer(0, length),
  }
}
