/** The chat of the AI SDK's `useChat`, without React: its state is a plain object. */
import { AbstractChat, type ChatState, type ChatStatus, DefaultChatTransport, type UIMessage } from 'ai'

class PlainState implements ChatState<UIMessage> {
  status: ChatStatus = 'ready'
  error: Error | undefined = undefined
  messages: UIMessage[]

  constructor(messages: UIMessage[]) {
    this.messages = messages
  }

  pushMessage = (message: UIMessage) => void (this.messages = [...this.messages, message])
  popMessage = () => void (this.messages = this.messages.slice(0, -1))
  replaceMessage = (index: number, message: UIMessage) => void (this.messages = this.messages.with(index, message))
  snapshot = <T>(thing: T): T => structuredClone(thing)
}

export class Chat extends AbstractChat<UIMessage> {
  /** What it was told of finished replies. */
  readonly finishes: { finishReason: string | undefined; isAbort: boolean; isDisconnect: boolean; isError: boolean }[]

  constructor(url: string, id: string, messages: UIMessage[] = [], headers: Record<string, string> = {}) {
    const finishes: Chat['finishes'] = []
    super({
      id,
      state: new PlainState(messages),
      transport: new DefaultChatTransport({ api: `${url}/api/chat`, headers }),
      onFinish: ({ finishReason, isAbort, isDisconnect, isError }) =>
        void finishes.push({ finishReason, isAbort, isDisconnect, isError }),
    })
    this.finishes = finishes
  }

  /** The messages as lines such as "assistant: Hello". */
  get lines(): string[] {
    return this.messages.map((message) => `${message.role}: ${toText(message)}`)
  }
}

export function toText({ parts }: UIMessage): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
}
