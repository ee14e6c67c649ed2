/** A reply: its text as it is written, what it took, and what can be done with it. */
import { effect, type Signal } from '@preact/signals'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { copyText } from '../markdown/code.ts'
import { MarkdownView } from '../markdown/view.ts'
import { toBrainName } from '../state/catalogue.ts'
import { running } from '../state/conversation.ts'
import { type Earlier, type Exchange, type ExchangeState, type Facts, isRunning } from '../state/exchange.ts'
import { regenerate } from '../state/speaking.ts'
import { canSpeak, spoken, toggleSpeech } from '../state/speech.ts'
import { IconButton } from './icon.tsx'

interface ReplyProps {
  exchange: Exchange
  isLast: boolean
  /** Which of the earlier versions is read; null is the one that stands. */
  version: Signal<number | null>
}

export function ReplyView({ exchange, isLast, version }: ReplyProps) {
  const body = useRef<HTMLDivElement>(null)
  const isWriting = isRunning(exchange)
  const earlier = version.value === null ? undefined : exchange.earlier.value[version.value]
  const isSaid = isWriting || earlier !== undefined || exchange.text.value !== ''
  const isStopped = exchange.state.value === 'stopped'
  return (
    <div class="reply">
      <h3 class="unseen">Reply</h3>
      {isSaid && (
        <div class={`bubble markdown ${isWriting ? 'is-writing' : ''}`} ref={body} aria-busy={isWriting}>
          {earlier ? <FinishedText key={earlier.turnId} text={earlier.text} /> : <LiveText exchange={exchange} />}
        </div>
      )}
      {!isWriting && (
        <div class="under">
          <Versions count={exchange.earlier.value.length + 1} version={version} />
          {isSaid && (
            <Actions
              exchange={exchange}
              earlier={earlier}
              isLast={isLast}
              toText={() => body.current?.innerText ?? ''}
            />
          )}
          {earlier ? (
            <Took facts={earlier} ending={ENDINGS.get(earlier.state)} />
          ) : (
            isSaid && <Took facts={exchange.facts.value} ending={isStopped ? 'stopped' : undefined} />
          )}
          {earlier && <Answered earlier={earlier} standing={exchange.question.value} />}
        </div>
      )}
    </div>
  )
}

/** Text that grows is written past the components: a token makes no element anew. */
function LiveText({ exchange }: { exchange: Exchange }) {
  const root = useRef<HTMLDivElement>(null)
  const isEmpty = exchange.text.value === ''
  // Before it is painted: nobody sees an empty bubble.
  useLayoutEffect(() => {
    const view = new MarkdownView(root.current!)
    const end = effect(() => {
      if (isRunning(exchange)) view.write(exchange.text.value)
      else view.finish(exchange.text.value)
    })
    return () => {
      end()
      view.close()
    }
  }, [exchange])
  return (
    <>
      <div ref={root} class="text" />
      {isEmpty && isRunning(exchange) && <Waiting />}
    </>
  )
}

function FinishedText({ text }: { text: string }) {
  const root = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => new MarkdownView(root.current!).finish(text), [])
  return <div ref={root} class="text" />
}

function Waiting() {
  return (
    <span class="waiting" role="img" aria-label="The reply is being written">
      <i />
      <i />
      <i />
    </span>
  )
}

function Versions({ count, version }: { count: number; version: Signal<number | null> }) {
  if (count < 2) return null
  const at = version.value ?? count - 1
  const show = (index: number) => (version.value = index === count - 1 ? null : index)
  return (
    <span class="versions">
      <IconButton icon="back" label="Earlier reply" onClick={() => show(at - 1)} disabled={at === 0} />
      <span aria-label={`Reply ${at + 1} of ${count}`}>{`${at + 1}/${count}`}</span>
      <IconButton icon="forth" label="Later reply" onClick={() => show(at + 1)} disabled={at === count - 1} />
    </span>
  )
}

/** The question that an earlier reply was to, where it was another one. */
function Answered({ earlier, standing }: { earlier: Earlier; standing: string }) {
  const { question } = earlier
  if (question === standing) return null
  const sentence = question === null ? 'Answer to this message, or to an earlier wording' : `Answer to: ${question}`
  return (
    <span class="answered" title={sentence}>
      {sentence}
    </span>
  )
}

interface ActionsProps {
  exchange: Exchange
  earlier: Earlier | undefined
  isLast: boolean
  toText: () => string
}

function Actions({ exchange, earlier, isLast, toText }: ActionsProps) {
  const [isCopied, setCopied] = useState(false)
  const isSpoken = spoken.value === exchange.key

  async function copy(): Promise<void> {
    setCopied(await copyText(earlier?.text ?? exchange.text.value))
    setTimeout(() => setCopied(false), 1_500)
  }

  return (
    <span class="actions">
      <IconButton
        icon={isCopied ? 'check' : 'copy'}
        label={isCopied ? 'Copied' : 'Copy reply'}
        onClick={() => void copy()}
      />
      {canSpeak && (
        <IconButton
          icon={isSpoken ? 'stop' : 'speak'}
          label={isSpoken ? 'Stop reading' : 'Read aloud'}
          onClick={() => toggleSpeech(exchange.key, toText())}
        />
      )}
      {isLast && !earlier && !running.value && exchange.state.value !== 'failed' && (
        <IconButton icon="again" label="Another reply" onClick={() => void regenerate(exchange)} />
      )}
    </span>
  )
}

/** The service rounds to hundredths of a second. */
function toDuration(seconds: number): string {
  if (seconds < 0.01) return '<10 ms'
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`
}

/** Of replies that nothing else tells the end of. */
const ENDINGS = new Map<ExchangeState, string>([
  ['stopped', 'stopped'],
  ['failed', 'broken off'],
])

function Took({ facts, ending }: { facts: Partial<Facts> | null; ending: string | undefined }) {
  const parts = [...(ending ? [ending] : []), ...(facts ? toParts(facts) : [])]
  // Lines break between the facts.
  return <span class="took">{parts.map((part) => part.replaceAll(' ', '\u00A0')).join(' · ')}</span>
}

function toParts({ brain, model, tokens, tokensPerSecond, timeToFirstToken, finishReason }: Partial<Facts>): string[] {
  const parts: string[] = []
  if (brain) parts.push(model && model !== 'offline' ? `${toBrainName(brain)} (${model})` : toBrainName(brain))
  if (tokens !== undefined) parts.push(`${tokens} ${tokens === 1 ? 'token' : 'tokens'}`)
  // One token has no speed.
  if (tokensPerSecond && tokens !== 1) parts.push(`${tokensPerSecond.toFixed(1)} tokens/s`)
  if (typeof timeToFirstToken === 'number') parts.push(`first after ${toDuration(timeToFirstToken)}`)
  if (finishReason === 'length') parts.push('cut off at the longest length')
  if (finishReason === 'content_filter') parts.push('cut off by the provider’s filter')
  return parts
}
