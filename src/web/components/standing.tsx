/** How things stand with the service, when they do not stand well: calmly, for the client goes on by itself. */
import { useEffect, useState } from 'preact/hooks'
import { connection } from '../state/api.ts'
import { running } from '../state/conversation.ts'

export function Standing() {
  const standing = connection.value
  // A connection that is back within a moment is not worth a word.
  const isSettled = useAfter(1_000, standing.state)
  if (standing.state === 'good' || !isSettled) return null
  return (
    <p class="standing" role="status">
      <span class="pulse" />
      {standing.state === 'lost' ? toLost() : <Limited until={standing.until} />}
    </p>
  )
}

function toLost(): string {
  const sentence = 'The service cannot be reached; trying again.'
  if (!running.value) return sentence
  return running.value.turnId.value === null
    ? `${sentence} Your message is sent as soon as it can be.`
    : `${sentence} The reply goes on meanwhile.`
}

function Limited({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.max(0, Math.ceil((until - now) / 1000))
  return <>{`That was a lot in a short time. It is sent ${seconds > 0 ? `in ${seconds} s` : 'now'}.`}</>
}

/** Whether something has been the same for so many milliseconds. */
function useAfter(milliseconds: number, what: string): boolean {
  const [settled, setSettled] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setSettled(what), milliseconds)
    return () => clearTimeout(timer)
  }, [what, milliseconds])
  return settled === what
}
