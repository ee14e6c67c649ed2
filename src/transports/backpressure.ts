/** Clients that have stopped reading, without a word: what was written to them stays where it is. */
import type { ServerResponse } from 'node:http'
import type { Beating, Heartbeat } from './heartbeat.ts'

/** Ticks (seconds) that what was written may wait unread before the client counts as gone. */
const BLOCKED_TICKS = 60

/** Closes the connection of a response whose client has taken nothing for a minute, until the response is done. */
export function watchDrain(response: ServerResponse, heartbeat: Pick<Heartbeat, 'add' | 'remove'>): void {
  let taken = 0
  let ticks = 0
  const watch: Beating = {
    tick() {
      const { socket } = response
      if (!socket) return
      const takenNow = socket.bytesWritten - socket.writableLength
      const isBlocked = response.writableLength > 0 && takenNow === taken
      taken = takenNow
      ticks = isBlocked ? ticks + 1 : 0
      if (ticks >= BLOCKED_TICKS) socket.destroy()
    },
  }
  heartbeat.add(watch)
  response.once('close', () => heartbeat.remove(watch))
}
