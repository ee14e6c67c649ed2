/** What went wrong with a message or its reply, and what can be done about it. */
import type { Exchange } from '../state/exchange.ts'
import { running } from '../state/conversation.ts'
import { follow, regenerate, sendAgain } from '../state/speaking.ts'

interface ProblemProps {
  exchange: Exchange
  isLast: boolean
}

export function Problem({ exchange, isLast }: ProblemProps) {
  const state = exchange.state.value
  const problem = exchange.problem.value
  if (state === 'stopped' && exchange.text.value === '') {
    return <Box sentence="Stopped before anything was said." act={toRetry({ exchange, isLast })} isGrave={false} />
  }
  if (state !== 'failed' && state !== 'unsent') return null
  const sentence = problem?.message ?? (state === 'unsent' ? 'Not sent.' : 'The reply broke off.')
  if (state === 'unsent') return <Box sentence={sentence} act={['Send again', () => void sendAgain(exchange)]} />
  if (problem?.code === 'connection_lost') {
    return <Box sentence={sentence} act={['Go on reading', () => void follow(exchange)]} />
  }
  return <Box sentence={sentence} act={toRetry({ exchange, isLast })} />
}

type Act = [label: string, act: () => void]

/** Only the last turn can be said anew. */
function toRetry({ exchange, isLast }: ProblemProps): Act | null {
  return isLast && !running.value ? ['Try again', () => void regenerate(exchange)] : null
}

interface BoxProps {
  sentence: string
  act: Act | null
  /** What somebody wanted is not. */
  isGrave?: boolean
}

function Box({ sentence, act, isGrave = true }: BoxProps) {
  return (
    <div class={isGrave ? 'problem' : 'problem is-calm'}>
      <span>{sentence}</span>
      {act && (
        <button type="button" class="button" onClick={act[1]}>
          {act[0]}
        </button>
      )}
    </div>
  )
}
