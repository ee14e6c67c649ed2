/** Frames that wait to be iterated. However slow that is, they are hardly more than the reply's text. */
import type { ReplyFrame } from './frames.ts'

/** Frames; beyond it tokens are joined to the last one. */
const MAX_FRAMES = 256

export class FrameQueue {
  readonly #frames: ReplyFrame[] = []
  #wake: () => void = () => {}
  #hasStarted = false
  #isOver = false

  get hasStarted(): boolean {
    return this.#hasStarted
  }

  get isOver(): boolean {
    return this.#isOver
  }

  push(frame: ReplyFrame): void {
    if (frame.start) this.#hasStarted = true
    const last = this.#frames.at(-1)
    if (frame.token !== undefined && last?.token !== undefined && this.#frames.length >= MAX_FRAMES) {
      this.#frames[this.#frames.length - 1] = { token: last.token + frame.token, count: frame.count }
    } else {
      this.#frames.push(frame)
    }
    this.#wake()
  }

  end(): void {
    this.#isOver = true
    this.#wake()
  }

  /** Gives the frames as they come, until the end. */
  async *take(): AsyncGenerator<ReplyFrame, void> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame) yield frame
      else if (this.#isOver) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
