/** What clients of OpenAI's API send, and what a turn is told of it. Unknown fields are ignored. */
import { setImmediate } from 'node:timers/promises'
import { type Static, type TSchema, Type } from 'typebox'
import type { BrainMessage } from '#src/chat/brain.ts'
import { ChatError } from '#src/chat/errors.ts'
import type { Image } from '#src/chat/message.ts'
import type { CompletionInput } from '#src/chat/sending.ts'
import { findFlaw } from './images.ts'
import { MAX_MESSAGES, MAX_PARTS } from './requests.ts'

/** Images of a conversation that is sent whole: a brain is shown the latest five. */
const MAX_SHOWN = 100

/** OpenAI takes null for a field that is left out. */
const Nullable = <Schema extends TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]))

const Part = Type.Object({
  type: Type.String(),
  text: Type.Optional(Type.String()),
  image_url: Type.Optional(Type.Object({ url: Type.String() })),
})
type Part = Static<typeof Part>

const Message = Type.Object({
  role: Type.String(),
  content: Nullable(Type.Union([Type.String(), Type.Array(Part, { maxItems: MAX_PARTS })])),
})
type Message = Static<typeof Message>

export const CompletionRequest = Type.Object(
  {
    model: Type.String(),
    messages: Type.Array(Message, { minItems: 1, maxItems: MAX_MESSAGES }),
    stream: Nullable(Type.Boolean()),
    stream_options: Nullable(Type.Object({ include_usage: Nullable(Type.Boolean()) })),
    max_tokens: Nullable(Type.Integer({ minimum: 1 })),
    max_completion_tokens: Nullable(Type.Integer({ minimum: 1 })),
    n: Nullable(Type.Integer()),
    tools: Type.Optional(Type.Unknown()),
    functions: Type.Optional(Type.Unknown()),
  },
  {
    $id: 'CompletionRequest',
    examples: [{ model: 'fitness_coach', messages: [{ role: 'user', content: 'Hello' }], stream: true }],
  },
)
export type CompletionRequest = Static<typeof CompletionRequest>

/** @throws ChatError `invalid_request` for what this service has not, with the field as detail `param` */
export async function toCompletionInput(
  request: CompletionRequest,
): Promise<Pick<CompletionInput, 'conversation' | 'instructions' | 'maxTokens'>> {
  const { messages, max_completion_tokens, max_tokens, n, tools, functions } = request
  if (!isEmpty(tools)) throw refuse('tools', 'Tools are not supported.')
  if (!isEmpty(functions)) throw refuse('functions', 'Functions are not supported.')
  if ((n ?? 1) !== 1) throw refuse('n', 'Only one choice can be asked for: "n" must be 1.')

  const conversation: BrainMessage[] = []
  const instructions: string[] = []
  for (const message of messages) {
    const content = toText(message)
    const shown = toShown(message)
    if (message.role === 'system' || message.role === 'developer') instructions.push(content)
    else conversation.push({ role: toRole(message.role), content, ...shown })
  }
  const last = conversation.at(-1)
  if (last?.role !== 'user') throw refuse('messages', "The last message must be the user's.")
  const images = conversation.flatMap((said) => said.images ?? [])
  if (images.length > MAX_SHOWN) throw refuse('messages', `A conversation shows at most ${MAX_SHOWN} images.`)
  await checkImages(images)
  return {
    // One that says nothing, as of an assistant that called a tool, is refused by many a provider.
    conversation: conversation.filter((each) => each === last || each.images || each.content.trim() !== ''),
    instructions: instructions.join('\n\n').trim() || undefined,
    maxTokens: max_completion_tokens ?? max_tokens ?? undefined,
  }
}

function toRole(role: string): BrainMessage['role'] {
  if (role === 'user' || role === 'assistant') return role
  throw refuse('messages', 'The roles are "system", "developer", "user" and "assistant".')
}

function toText({ content }: Message): string {
  if (!content) return ''
  if (typeof content === 'string') return content
  const texts = content.map(({ type, text }) => {
    if (type === 'text' && text !== undefined) return text
    if (type === 'image_url') return ''
    throw refuse('messages', 'The content of a message is text, or parts of type "text" and "image_url".')
  })
  return texts.join('')
}

/** What the user shows: by its address, or whole in a `data:` address. @throws ChatError `invalid_request` */
function toShown({ role, content }: Message): Pick<BrainMessage, 'images'> {
  const shown = Array.isArray(content) ? content.filter(({ type }) => type === 'image_url') : []
  if (shown.length === 0) return {}
  if (role !== 'user') throw refuse('messages', 'Only the user shows images.')
  return { images: shown.map(toImage) }
}

async function checkImages(images: readonly Image[]): Promise<void> {
  for (const image of images) {
    const flaw = await findFlaw(image)
    if (flaw) throw refuse('messages', flaw)
    // Looking into one takes about a millisecond, and is all microtasks.
    await setImmediate()
  }
}

function toImage({ image_url: address }: Part): Image {
  if (!address) throw refuse('messages', 'A part of type "image_url" has an "image_url" with a "url".')
  const [, type, data] = /^data:([^,;]*);base64,([^]*)$/.exec(address.url) ?? []
  if (type === undefined || data === undefined) return { url: address.url }
  return { mediaType: type === 'image/jpg' ? 'image/jpeg' : type, data }
}

function isEmpty(list: unknown): boolean {
  return list === undefined || list === null || (Array.isArray(list) && list.length === 0)
}

function refuse(param: string, sentence: string): ChatError {
  return new ChatError('invalid_request', sentence, { details: { param } })
}
