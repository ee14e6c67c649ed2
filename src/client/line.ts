/** A line to the service: what a transport does for whoever reads a turn. */
import type { DoneFrame, ErrorFrame, StartFrame, TokenFrame } from './frames.ts'

/** How a reader gets to its turn. */
export type Attach =
  | { type: 'send'; body: SendBody }
  | { type: 'regenerate'; turnId: string; body: SendBody }
  | FollowAttach

export interface FollowAttach {
  type: 'follow'
  turnId: string
  /** The last offset; the beginning without. */
  after: string | undefined
  /** Whether all may have been read by then: the offset was kept from another time. */
  mayBeOver: boolean
}

/** What is sent: the id makes it the same turn however often it is sent. */
export interface SendBody {
  client_message_id: string
  [field: string]: unknown
}

/** What comes next: more of this, nothing, or what only another attach can bring. */
export type Expected = 'more' | 'nothing' | 'another'

export interface Listener {
  start(frame: StartFrame): void
  /** @param offset null when the frame is no event of the turn: it sends its reader away */
  hear(frame: TokenFrame | DoneFrame | ErrorFrame, offset: string | null): Expected
}

/** `over`: there is nothing left to read. */
export type Ending = 'ended' | 'over'

export interface Line {
  /**
   * Attaches to a turn once, and resolves when nothing more comes, be it the end or not.
   *
   * @throws ReparteeError a refusal, or `connection_lost`
   */
  attach(attach: Attach, listener: Listener, signal: AbortSignal): Promise<Ending>
  close(): void
}
