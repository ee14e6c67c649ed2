/** How fast things went in a wave: told, and not judged. */
import { deaths, toTurns } from './checks/turns.ts'
import { callsOf } from './checks/states.ts'
import type { WaveRecord } from './record.ts'

export function toSpeeds(wave: WaveRecord): string {
  const turns = toTurns(wave)
  const connections = wave.readers.reduce((sum, { attaches }) => sum + attaches.length, 0)
  const interrupted = turns.filter(({ stored: [turn] }) => turn?.state === 'interrupted')
  const parts = [`${turns.length} turns`, `${wave.readers.length} readers`, `${connections} connections`]
  if (interrupted.length > 0) parts.push(`${interrupted.length} interrupted`)
  const [death] = deaths(wave)
  const ends = interrupted.flatMap(({ stored }) => stored.map(({ endedAt }) => endedAt - (death?.from ?? endedAt)))
  if (death && ends.length > 0) parts.push(`ended within ${Math.max(...ends)} ms`)
  const closings = wave.stops.flatMap(({ turnId, at, stopped }) => {
    const turn = turns.find((it) => it.turnId === turnId)
    const closed = turn && stopped ? callsOf(turn, wave, at).filter(({ wasClosed }) => wasClosed) : []
    return closed.map(({ endedAt }) => endedAt! - at)
  })
  if (closings.length > 0) parts.push(`providers let go within ${Math.max(...closings)} ms`)
  return parts.join(', ')
}
