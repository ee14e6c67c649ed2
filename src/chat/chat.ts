/**
 * The chat core: `send` writes a turn that no connection owns, `follow` reads one from any point, `stop` ends one.
 * Every transport is a caller of this.
 */
import { hash } from 'node:crypto'
import type { Brain, Brains } from './brain.ts'
import { ChatError } from './errors.ts'
import { BEGINNING, type TerminalEvent } from './event.ts'
import { Journal } from './journal.ts'
import { checkMessage, toTitle } from './message.ts'
import { choosePersona, type Persona, type Personas } from './persona.ts'
import { type PromptLimits, toRequest } from './prompt.ts'
import { type Cursor, Replays, toPosition, toTextLog, turnExpired } from './replays.ts'
import type { Following, Offset, RegenerateInput, SendInput, Sent, TurnInput, TurnSnapshot } from './sending.ts'
import { type Session, sessionDeleted, sessionNotFound, type SessionRef } from './session.ts'
import type { Claim, Claimed, Store, Turn, TurnRef } from './store.ts'
import { TakeOvers } from './take-overs.ts'
import { type TurnLimits, TurnRun } from './turn.ts'
import { toLog } from './turn-end.ts'
import { parseTurnId, toTurnId, turnNotFound } from './turn-id.ts'

export interface ChatOptions extends TurnLimits, PromptLimits {
  store: Store
  brains: Brains
  personas: Personas
  /** UTF-16 units; 0 is no limit. */
  maxMessageChars: number
  /** Hears of every turn that ended here. */
  onTurnEnd?: (turn: Turn, end: TerminalEvent) => void
}

/** Others may win the session again and again; a sender that loses this often is told that it is busy. */
const CLAIM_ATTEMPTS = 8

/** Milliseconds for the last settlements after a drain's time is over. */
const SETTLE_GRACE_MS = 2_000

export class Chat {
  readonly #options: ChatOptions
  readonly #journal: Journal
  readonly #replays: Replays
  readonly #takeOvers: TakeOvers
  readonly #runs = new Map<string, TurnRun>()
  #draining = false

  constructor(options: ChatOptions) {
    this.#options = options
    this.#journal = new Journal(options.store.turns)
    this.#replays = new Replays(options.store.turns)
    this.#takeOvers = new TakeOvers(options.store.turns)
  }

  /** True while no new turn is taken because the process is leaving. */
  get draining(): boolean {
    return this.#draining
  }

  /** How many turns run here. */
  get running(): number {
    return this.#runs.size
  }

  /** Whether this can be sent at all. @throws ChatError `invalid_request`, `message_too_long` */
  check(message: string): void {
    checkMessage(message, this.#options.maxMessageChars)
  }

  /**
   * Stores the user's message and begins the turn, or joins the turn that this very send made before.
   *
   * @throws ChatError `invalid_request`, `message_too_long`, `session_not_found`, `turn_in_progress`,
   *   `message_id_reused`, `persona_unknown`, `brain_unknown`, `draining`, `store_unavailable`
   */
  async send(owner: string, input: SendInput): Promise<Sent> {
    this.check(input.message)
    const ref = { owner, sessionId: input.sessionId }
    const digest = hash('sha256', input.message)
    const known = await this.#findKnown(ref, input, digest)
    if (known) return toJoined(known, digest, input.after)
    return this.#begin(await this.#session(ref), input, { message: input.message, digest, replaces: null })
  }

  /**
   * Begins a new turn in place of the session's last one, which becomes an alternative.
   *
   * @throws ChatError as `send`, and `turn_not_found`, `turn_not_last`
   */
  async regenerate(owner: string, input: RegenerateInput): Promise<Sent> {
    if (input.message !== undefined) this.check(input.message)
    const ref = parseTurnId(owner, input.turnId)
    const digest = hash('sha256', `regenerate ${ref.n}\n${input.message ?? ''}`)
    const known = await this.#findKnown(ref, input, digest)
    if (known) return toJoined(known, digest, input.after)
    await this.#turn(ref)
    const message = input.message ?? (await this.#userMessage(ref))
    return this.#begin(await this.#session(ref), input, { message, digest, replaces: ref.n })
  }

  /**
   * A reader of the turn's events, from any point on.
   *
   * @throws ChatError `turn_not_found`, `turn_expired`, `invalid_request` for an offset that the turn never had
   */
  async follow(owner: string, turnId: string, cursor: Cursor = BEGINNING): Promise<Following> {
    const ref = parseTurnId(owner, turnId)
    const run = this.#runs.get(toKey(ref))
    if (run) return { turn: run.turn, reader: run.read(toPosition(run.log, run.turn.epoch, cursor)) }
    const turn = await this.#turn(ref)
    return { turn, reader: await this.#replays.read(turn, cursor) }
  }

  /** As `follow`, for whoever sent the message: when the log's time is over, the stored text is one token. */
  async followSent({ turn, after }: Sent): Promise<Following> {
    try {
      return await this.follow(turn.owner, toTurnId(turn), after)
    } catch (error) {
      if (!(error instanceof ChatError) || error.code !== 'turn_expired') throw error
      return { turn, reader: toTextLog(turn).read(after) }
    }
  }

  /** @throws ChatError `turn_not_found` */
  async snapshot(owner: string, turnId: string): Promise<TurnSnapshot> {
    const ref = parseTurnId(owner, turnId)
    const run = this.#runs.get(toKey(ref))
    if (run && !run.log.end) {
      const { turn, log } = run
      return { turn, text: log.text(), position: { epoch: turn.epoch, seq: log.seq } }
    }
    const turn = await this.#turn(ref)
    const log = turn.end ? null : toLog(turn, await this.#options.store.turns.read(turn))
    const { epoch, seq, text } = turn.end ?? { epoch: turn.epoch, seq: log!.seq, text: log!.text() }
    return { turn, text, position: { epoch, seq } }
  }

  /**
   * Ends a running turn with what it has said, and resolves when that is stored.
   *
   * @returns whether it is this that ended it, and the turn as it stands
   * @throws ChatError `turn_not_found`
   */
  async stop(owner: string, turnId: string): Promise<{ stopped: boolean; snapshot: TurnSnapshot }> {
    const ref = parseTurnId(owner, turnId)
    const run = this.#runs.get(toKey(ref))
    run?.end('stopped')
    await run?.ended
    const isEnded = run ? true : await this.#takeOvers.stop(ref)
    const snapshot = await this.snapshot(owner, turnId)
    return { stopped: isEnded && snapshot.turn.state === 'stopped', snapshot }
  }

  /** Sends away whoever still reads what was said in a session before it was cleared. */
  forget(ref: SessionRef): void {
    this.#replays.dismiss(ref, turnExpired())
  }

  /** Lets go of a session that was deleted: its turn's provider call ends, and its readers are sent away. */
  async abandon(ref: SessionRef): Promise<void> {
    this.#replays.dismiss(ref, sessionDeleted())
    const runs = [...this.#runs.values()].filter(
      ({ turn }) => turn.owner === ref.owner && turn.sessionId === ref.sessionId,
    )
    for (const run of runs) run.end('deleted')
    await Promise.all(runs.map((run) => run.ended))
  }

  /** Settles the turns whose owner died. */
  recover(): Promise<void> {
    return this.#takeOvers.recover()
  }

  /** Takes no new turn from now on, lets the running ones finish for so long, and then ends them as interrupted. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true
    const runs = [...this.#runs.values()]
    const error = new ChatError('interrupted', 'The service is restarting: what was said is kept.')
    const patience = setTimeout(() => runs.forEach((run) => run.end(error)), timeoutMs)
    const grace = setTimeout(() => runs.forEach((run) => run.close()), timeoutMs + SETTLE_GRACE_MS)
    await Promise.all(runs.map((run) => run.ended))
    clearTimeout(patience)
    clearTimeout(grace)
  }

  async #begin(
    session: Session,
    input: TurnInput,
    what: Pick<Claim, 'message' | 'digest' | 'replaces'>,
  ): Promise<Sent> {
    if (this.#draining) throw new ChatError('draining', 'The service is restarting: come back.', { retryAfter: 1 })
    const persona = choosePersona(this.#options.personas, input.persona ?? session.persona)
    const brain = this.#options.brains.choose(input.brain ?? session.brain)
    const claim: Claim = {
      ...what,
      owner: session.owner,
      sessionId: session.sessionId,
      clientId: input.clientId ?? null,
      title: toTitle(what.message),
      brain: brain.id,
      model: input.model ?? brain.model,
      persona: persona.id,
      onDisconnect: input.onDisconnect ?? session.onDisconnect,
    }
    const { outcome, turn } = await this.#claim(claim, input.ifBusy === 'stop')
    if (outcome === 'known') return toJoined(turn, what.digest, input.after)
    this.#run(turn, brain, persona, input.paceMs ?? brain.paceMs)
    return { turn, after: BEGINNING }
  }

  async #claim(claim: Claim, stopBusy: boolean): Promise<Extract<Claimed, { turn: Turn }>> {
    let busy = ''
    for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
      const claimed = await this.#options.store.turns.claim(claim)
      if (claimed.outcome === 'missing') throw sessionNotFound()
      if (claimed.outcome === 'not_last') {
        throw new ChatError('turn_not_last', "Only the session's last turn can be regenerated.")
      }
      if (claimed.outcome !== 'busy') return claimed
      busy = toTurnId({ sessionId: claim.sessionId, n: claimed.n })
      if (!stopBusy) break
      await this.stop(claim.owner, busy)
    }
    throw new ChatError('turn_in_progress', 'A turn of this session is still running.', { turnId: busy })
  }

  #run(turn: Turn, brain: Brain, persona: Persona, paceMs: number): void {
    const { store, ...options } = this.#options
    const loadRequest = async () => {
      const history = await store.sessions.messages(turn, { limit: options.maxHistoryMessages })
      return toRequest(turn.n, persona, history, brain, turn.model, options)
    }
    const run = new TurnRun(turn, {
      turns: store.turns,
      journal: this.#journal,
      limits: options,
      brain,
      paceMs,
      loadRequest,
    })
    const key = toKey(turn)
    this.#runs.set(key, run)
    void run.ended.then(() => {
      this.#runs.delete(key)
      if (!run.log.end) return
      this.#replays.adopt(turn, run.log)
      options.onTurnEnd?.(turn, run.log.end)
    })
  }

  /** The turn that a send made before: found by the client's id, or by the offset that a reconnecting client sends. */
  async #findKnown(ref: SessionRef, input: TurnInput, digest: string): Promise<Turn | undefined> {
    const { turns } = this.#options.store
    if (input.clientId !== undefined) return turns.find(ref, input.clientId)
    if (!input.after) return undefined
    const named = parseTurnId(ref.owner, input.after.turnId)
    if (named.sessionId !== ref.sessionId) return undefined
    const turn = await turns.get(named)
    return turn?.digest === digest ? turn : undefined
  }

  async #userMessage(ref: TurnRef): Promise<string> {
    const turnId = toTurnId(ref)
    const latest = await this.#options.store.sessions.messages(ref, { limit: 2 })
    const message = latest.find(({ turnId: id, role }) => id === turnId && role === 'user')
    if (message) return message.content
    throw new ChatError('turn_not_last', "Only the session's last turn can be regenerated.")
  }

  async #session(ref: SessionRef): Promise<Session> {
    const session = await this.#options.store.sessions.get(ref)
    if (!session) throw sessionNotFound()
    return session
  }

  async #turn(ref: TurnRef): Promise<Turn> {
    const turn = await this.#options.store.turns.get(ref)
    if (!turn) throw turnNotFound()
    return turn
  }
}

function toJoined(turn: Turn, digest: string, after: Offset | undefined): Sent {
  const turnId = toTurnId(turn)
  if (turn.digest !== digest) {
    throw new ChatError('message_id_reused', 'This id was used for another message of the session.', { turnId })
  }
  if (after && after.turnId !== turnId) {
    throw new ChatError('invalid_request', 'The offset belongs to another turn.', { turnId })
  }
  return { turn, after: after?.position ?? BEGINNING }
}

function toKey(ref: TurnRef): string {
  return `${ref.owner}\n${toTurnId(ref)}`
}
