/** A provider's wire, as far as the brain contract suite needs to speak it. */
import type { Image } from '#src/chat/message.ts'

export type Finish = 'stop' | 'length' | 'content_filter'

export interface Reply {
  deltas: string[]
  /** Default `stop`. Null leaves the terminal marker out, and all that follows it. */
  finish?: Finish | null
  /** Default 7 and 3. Null leaves the usage out. */
  usage?: { inputTokens: number; outputTokens: number } | null
}

/** A reply on the wire. */
export interface Frames {
  frames: string[]
  /** The frame with which the reply is whole: the terminal marker. */
  terminal: number
}

/** A request, in the words of the port. */
export interface Asked {
  model: string
  system: string
  messages: { role: string; content: string; images?: Image[] }[]
  maxTokens: number
  stream: boolean
}

export interface Dialect {
  /** Goes behind the provider's URL to make the brain's base URL, e.g. `/v1`. */
  basePath: string
  encode(reply: Reply): Frames
  /** Reads a request back: its body, and the path where there is something in it. */
  toAsked(body: unknown, path?: string): Asked
  /** The reasons for an end that it can tell. Default: all three. */
  reasons?: readonly Finish[]
  /** The body of a refusal. */
  encodeError(status: number): string
  /** A frame that says, in the middle of the stream, that the provider is overloaded. */
  errorFrame: string
  /** A frame whose JSON is cut. */
  halfFrame: string
  /** Frames that say nothing, one by one: keep-alives, unknown events, unknown fields. */
  noise: string[]
  /** What a healthy provider says to `check`. */
  checkBody: string
}
