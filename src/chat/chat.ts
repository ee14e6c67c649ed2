/**
 * The chat core: `send` writes a turn that no connection owns, `follow` reads one from any point, `stop` ends one.
 * Every transport is a caller of this.
 */
import type { Brain, Brains } from './brain.ts'
import { toCandidates } from './candidates.ts'
import { claimTurn, toClaim, type What } from './claiming.ts'
import { ChatError, draining } from './errors.ts'
import { BEGINNING, type TerminalEvent } from './event.ts'
import { checkSight, toDigest } from './images.ts'
import { findFaster, findSent, toJoined } from './joining.ts'
import { Journal } from './journal.ts'
import type { Limits, Release } from './limits.ts'
import { checkMessage } from './message.ts'
import { choosePersona, type Persona, type Personas } from './persona.ts'
import type { PromptLimits } from './prompt.ts'
import { type Cursor, Replays, toPosition, toTextLog, turnExpired } from './replays.ts'
import { Runs } from './runs.ts'
import type {
  CompletionInput,
  Following,
  RegenerateInput,
  SendInput,
  Sent,
  TurnInput,
  TurnSnapshot,
} from './sending.ts'
import { type Session, sessionDeleted, sessionNotFound, type SessionRef } from './session.ts'
import { toEphemeralSession } from './sessions.ts'
import type { Asked, NewSession, Store, Turn, TurnRef } from './store.ts'
import { TakeOvers } from './take-overs.ts'
import { type EndCause, type TurnLimits, TurnRun } from './turn.ts'
import { toLog } from './turn-end.ts'
import { parseTurnId, toTurnId, turnInProgress, turnNotFound, turnNotLast } from './turn-id.ts'

export interface ChatOptions extends TurnLimits, PromptLimits {
  store: Store
  brains: Brains
  personas: Personas
  limits: Limits
  /** The most UTF-16 units of a message that may not be long; 0 is no limit. */
  maxMessageChars: number
  /** The most UTF-16 units of any message that is stored; 0 is no limit. */
  maxStoredChars: number
  /** Hears of every turn that begins here, and of every one that ended here. */
  onTurnStart?: (turn: Turn) => void
  onTurnEnd?: (turn: Turn, end: TerminalEvent) => void
  /** Hears of every brain that failed before it had said anything. */
  onBrainFailed?: (turn: Turn, brain: string, error: ChatError) => void
}

/** What ends a run when another node asks for it. */
const CAUSES: Record<Asked, EndCause> = { stop: 'stopped', leave: 'fenced', forget: 'deleted' }

export class Chat {
  readonly #options: ChatOptions
  readonly #journal: Journal
  readonly #replays: Replays
  readonly #takeOvers: TakeOvers
  readonly #runs = new Runs()
  #draining = false

  constructor(options: ChatOptions) {
    this.#options = options
    this.#journal = new Journal(options.store.turns)
    this.#replays = new Replays(options.store.turns)
    this.#takeOvers = new TakeOvers(options.store.turns)
    options.store.turns.onAsked((ref, asked) => void this.#heed(ref, CAUSES[asked]))
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
  check(message: string, { mayBeLong = false }: Pick<TurnInput, 'mayBeLong'> = {}): void {
    if (!mayBeLong) checkMessage(message, this.#options.maxMessageChars)
    checkMessage(message, this.#options.maxStoredChars)
  }

  /**
   * Stores the user's message and begins the turn, or joins the turn that this very send made before.
   *
   * @throws ChatError `invalid_request`, `message_too_long`, `session_not_found`, `turn_in_progress`,
   *   `message_id_reused`, `persona_unknown`, `brain_unknown`, `rate_limited`, `draining`, `store_unavailable`
   */
  async send(owner: string, input: SendInput): Promise<Sent> {
    this.check(input.message, input)
    const ref = { owner, sessionId: input.sessionId }
    const digest = toDigest(input.message, input.images)
    const what = { message: input.message, digest, replaces: null }
    const found = await this.#options.store.sessions.get(ref)
    if (!found && input.draft) return this.#begin({ ...input.draft, active: null }, input, what, input.draft)
    if (!found) throw sessionNotFound()
    // After the session was read: the turn that runs in it then can be this very send's.
    const known = await findSent(this.#options.store.turns, ref, input, digest)
    if (known) return toJoined(known, digest, input.after)
    return this.#begin(found, input, what)
  }

  /**
   * Begins a new turn in place of the session's last one, which becomes an alternative.
   *
   * @throws ChatError as `send`, and `turn_not_found`, `turn_not_last`
   */
  async regenerate(owner: string, input: RegenerateInput): Promise<Sent> {
    if (input.message !== undefined) this.check(input.message, input)
    const ref = parseTurnId(owner, input.turnId)
    const digest = toDigest(`regenerate ${ref.n}\n${input.message ?? ''}`)
    await this.#turn(ref)
    const session = await this.#session(ref)
    const known = await findSent(this.#options.store.turns, ref, input, digest)
    if (known) return toJoined(known, digest, input.after)
    if (session.last !== ref.n && session.active === null) throw turnNotLast()
    const message = input.message ?? (await this.#userMessage(ref))
    const images = await this.#options.store.sessions.images(ref)
    return this.#begin(session, { ...input, images }, { message, digest, replaces: ref.n })
  }

  /** Begins a turn in an ephemeral session of its own. @throws ChatError as `send` */
  async complete(owner: string, input: CompletionInput): Promise<Sent> {
    // Earlier messages are not stored, and the prompt has as many of them as the model's context holds.
    for (const { content } of input.conversation) checkMessage(content, 0)
    const message = input.conversation.at(-1)!.content
    this.check(message, input)
    const session = toEphemeralSession(owner, input.persona)
    const what = { message, digest: toDigest(message), replaces: null }
    const images = input.conversation.flatMap((said) => said.images ?? [])
    return this.#begin({ ...session, active: null }, { ...input, images }, what, session)
  }

  /**
   * A reader of the turn's events, from any point on.
   *
   * @throws ChatError `turn_not_found`, `turn_expired`, `invalid_request` for an offset that the turn never had
   */
  async follow(owner: string, turnId: string, cursor: Cursor = BEGINNING): Promise<Following> {
    const ref = parseTurnId(owner, turnId)
    const run = this.#runs.get(ref)
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
    const run = this.#runs.get(ref)
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
    const run = this.#runs.get(ref)
    run?.end('stopped')
    await run?.ended
    const isEnded = run ? true : await this.#takeOvers.stop(ref)
    // It was being claimed here at that very moment.
    if (!isEnded && this.#runs.get(ref)) return this.stop(owner, turnId)
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
    const runs = this.#runs.of(ref)
    for (const run of runs) run.end('deleted')
    await Promise.all(runs.map((run) => run.ended))
  }

  /** Settles the turns whose owner died. */
  recover(): Promise<void> {
    return this.#takeOvers.recover()
  }

  /**
   * Takes no new turn from now on and sends the readers of other processes' turns there, lets the running turns finish
   * for so long, and then ends them as interrupted.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true
    this.#replays.drain()
    await this.#takeOvers.drain()
    await this.#runs.drain(timeoutMs)
  }

  async #begin(
    session: Omit<NewSession, 'userId'> & Pick<Session, 'active'>,
    input: TurnInput,
    what: What,
    toCreate?: NewSession,
  ): Promise<Sent> {
    if (this.#draining) throw draining()
    const persona = choosePersona(this.#options.personas, input.persona ?? session.persona)
    const brain = this.#options.brains.choose(input.brain ?? session.brain)
    checkSight(brain, input.images)
    const claim = toClaim(session, input, what, this.#options.brains, brain, persona)
    const isToStop = input.ifBusy === 'stop'
    if (session.active !== null && !isToStop) throw turnInProgress(toTurnId({ ...session, n: session.active }))
    let release: Release
    try {
      release = await this.#options.limits.takeTurn(input.payer, session, toCreate?.ephemeral === false)
    } catch (error) {
      const faster = await findFaster(this.#options.store, session, input, what.digest, error)
      return toJoined(faster, what.digest, input.after)
    }
    let run: TurnRun | undefined
    try {
      if (toCreate) await this.#options.store.sessions.create(toCreate)
      const stop = isToStop ? (turnId: string) => this.stop(session.owner, turnId) : null
      const { outcome, turn } = await claimTurn(this.#takeOvers, claim, stop)
      if (outcome === 'known') return toJoined(turn, what.digest, input.after)
      run = this.#run(turn, brain, persona, input)
      return { turn, after: BEGINNING }
    } finally {
      if (run) void run.ended.then(release)
      else release()
    }
  }

  #run(turn: Turn, brain: Brain, persona: Persona, input: TurnInput): TurnRun {
    const { store, ...options } = this.#options
    const run = new TurnRun(turn, {
      turns: store.turns,
      journal: this.#journal,
      limits: options,
      candidates: toCandidates(turn, brain, persona, input, { ...options, sessions: store.sessions }),
      onBrainFailed: (id, error) => options.onBrainFailed?.(turn, id, error),
    })
    this.#runs.add(run)
    options.onTurnStart?.(turn)
    void run.ended.then(() => {
      if (!run.log.end) return
      this.#replays.adopt(turn, run.log)
      options.onTurnEnd?.(turn, run.log.end)
    })
    return run
  }

  /** Does what another node asks, also where that node heard of the turn before this one did, which has claimed it. */
  async #heed(ref: TurnRef, cause: EndCause): Promise<void> {
    if (!this.#runs.get(ref)) await this.#takeOvers.isClaimedHere(ref)
    this.#runs.get(ref)?.end(cause)
  }

  async #userMessage(ref: TurnRef): Promise<string> {
    const latest = await this.#options.store.sessions.messages(ref, { limit: 2 })
    const message = latest.find(({ turnId, role }) => turnId === toTurnId(ref) && role === 'user')
    // Where it stands no more, the claim says why: it was replaced by this very send, or by another.
    return message?.content ?? ''
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
