/** Decorates the app with the chat core: the one that every transport speaks to. */
import fp from 'fastify-plugin'
import { Chat } from '#src/chat/chat.ts'
import { Sessions } from '#src/chat/sessions.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly chat: Chat
    readonly sessions: Sessions
  }
}

const FIRST_TOKEN_TIMEOUT_S = 60

export default fp(
  async (app) => {
    const { config, store, brains, personas, log } = app
    const chat = new Chat({
      store,
      brains,
      personas,
      maxMessageChars: config.MAX_MESSAGE_CHARS,
      maxHistoryMessages: config.MAX_HISTORY_MESSAGES,
      maxReplyTokens: config.MAX_REPLY_TOKENS,
      firstTokenTimeoutMs: (config.FIRST_TOKEN_TIMEOUT_S ?? FIRST_TOKEN_TIMEOUT_S) * 1000,
      tokenTimeoutMs: config.TOKEN_TIMEOUT_S * 1000,
      turnTimeoutMs: config.TURN_TIMEOUT_S * 1000,
      onTurnEnd: ({ sessionId, n }, end) => {
        const { tokens, duration } = end.stats
        log.info(
          {
            turn: `${sessionId}.${n}`,
            brain: end.brain,
            end: end.type === 'error' ? end.code : end.finishReason,
            tokens,
            duration,
          },
          'turn ended',
        )
      },
    })
    await chat.recover()
    app.decorate('chat', chat)
    app.decorate('sessions', new Sessions({ store, brains, personas, chat }))
    // What still runs when the app closes has had its time: whoever wants it to finish drains first.
    app.addHook('preClose', () => chat.drain(0))
  },
  { name: 'chat', dependencies: ['config', 'stores', 'brains', 'personas'] },
)
