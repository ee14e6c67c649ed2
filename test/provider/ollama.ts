/**
 * Ollama's chat as it stands on the wire: a line of JSON for each token.
 *
 * @see https://docs.ollama.com/api/chat
 * @see https://docs.ollama.com/api/errors
 */
import type { Dialect, Frames, Reply } from './dialect.ts'

const MODEL = 'gemma4:latest'
const HEAD = { model: MODEL, created_at: '2026-11-21T17:15:24.097767Z' }

export function encodeLine(fields: unknown): string {
  return `${JSON.stringify(fields)}\n`
}

export function encodeToken(content: string): string {
  return encodeLine({ ...HEAD, message: { role: 'assistant', content }, done: false })
}

/** The last line, with what was counted. */
export function encodeDone(doneReason: string | undefined, usage: Reply['usage']): string {
  const durations = { total_duration: 4_883_583_458, load_duration: 1_334_875, prompt_eval_duration: 342_546_000 }
  return encodeLine({
    ...HEAD,
    message: { role: 'assistant', content: '' },
    done: true,
    done_reason: doneReason,
    ...durations,
    ...(usage && { prompt_eval_count: usage.inputTokens, eval_count: usage.outputTokens }),
  })
}

export function encodeReply(reply: Reply): Frames {
  const { deltas, finish = 'stop', usage = { inputTokens: 7, outputTokens: 3 } } = reply
  const frames = deltas.map(encodeToken)
  const terminal = frames.length
  if (finish !== null) frames.push(encodeDone(finish, usage))
  return { frames, terminal }
}

export const ollama: Dialect = {
  basePath: '',
  reasons: ['stop', 'length'],
  encode: encodeReply,
  toAsked(body) {
    const { model, messages, stream, options } = body as RequestBody
    const [first, ...rest] = messages
    if (first?.role !== 'system') throw new Error('The system prompt does not come first')
    const said = rest.map(({ role, content, images }) => ({
      role,
      content,
      // A picture has no type here.
      ...(images && { images: images.map((data) => ({ mediaType: 'image/png', data })) }),
    }))
    return { model, system: first.content, messages: said, maxTokens: options.num_predict, stream }
  },
  encodeError: () => JSON.stringify({ error: 'no' }),
  errorFrame: encodeLine({ error: 'an error was encountered while running the model' }),
  halfFrame: `${encodeToken('cut').slice(0, -20)}\n`,
  noise: [
    encodeToken(''),
    '\n',
    'null\n',
    encodeLine({}),
    encodeLine({ news: { deep: [1] }, message: null, error: null }),
    encodeLine({ ...HEAD, message: { role: 'assistant', content: '', thinking: 'Hm.' }, done: false }),
    encodeLine({ ...HEAD, message: { role: 'assistant', content: null, tool_calls: [] }, done: false }),
  ],
  checkBody: JSON.stringify({
    models: [{ name: MODEL, model: MODEL, modified_at: '2026-10-03T23:34:03Z', size: 9_600_000_000, digest: 'a1b2' }],
  }),
}

interface RequestBody {
  model: string
  messages: { role: string; content: string; images?: string[] }[]
  stream: boolean
  options: { num_predict: number }
}
