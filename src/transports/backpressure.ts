/** Clients that have stopped reading, without a word: what was written to them stays where it is. */
import type { Socket } from 'node:net'
import type { Beating, Heartbeat } from './heartbeat.ts'

/** Ticks (seconds) that what was written may wait unread before the client counts as gone. */
const BLOCKED_TICKS = 60

/** A socket with what only Node's internals know: how many bytes the system has not taken yet. */
type Queued = Socket & { _handle?: { writeQueueSize?: number } | null }

/** Closes a connection whose client takes nothing of what was written to it for a minute. */
export function watchDrain(socket: Socket, heartbeat: Pick<Heartbeat, 'add' | 'remove'>): void {
  let taken = 0
  let queued = 0
  let ticks = 0
  const watch: Beating = {
    tick() {
      const takenNow = socket.bytesWritten - socket.writableLength
      // A large piece counts as written only when all of it is: this tells how much of it has gone.
      const { _handle: handle } = socket as Queued
      const queuedNow = handle?.writeQueueSize ?? 0
      const isBlocked = socket.writableLength > 0 && takenNow === taken && queuedNow === queued
      taken = takenNow
      queued = queuedNow
      ticks = isBlocked ? ticks + 1 : 0
      if (ticks >= BLOCKED_TICKS) socket.destroy()
    },
  }
  heartbeat.add(watch)
  socket.once('close', () => heartbeat.remove(watch))
}
