/** Decorates the app with the chat core: the one that every transport speaks to. */
import type { FastifyBaseLogger } from 'fastify'
import fp from 'fastify-plugin'
import { Chat } from '#src/chat/chat.ts'
import { toMaxChars } from '#src/chat/prompt.ts'
import { Sessions } from '#src/chat/sessions.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly chat: Chat
    readonly sessions: Sessions
  }
}

const FIRST_TOKEN_TIMEOUT_S = 60

const MAX_REPLY_TOKENS = 2048

/** More than any model says in one reply: where the operator has set no limit, only an endless reply is cut. */
const MAX_TOLD_TOKENS = 262_144

/** How often in a lease the dead are looked for: their turns end within a lease and an eighth of their last sign of life. */
const LOOKS_PER_LEASE = 8

export default fp(
  async (app) => {
    const { config, store, brains, personas, limits, meter, log } = app
    const chat = new Chat({
      store,
      brains,
      personas,
      limits,
      maxMessageChars: config.MAX_MESSAGE_CHARS,
      maxStoredChars: config.MAX_STORED_MESSAGE_CHARS,
      maxHistoryMessages: config.MAX_HISTORY_MESSAGES,
      maxReplyTokens: config.MAX_REPLY_TOKENS ?? MAX_REPLY_TOKENS,
      maxReplyChars: toMaxChars(config.MAX_REPLY_TOKENS ?? MAX_TOLD_TOKENS),
      firstTokenTimeoutMs: (config.FIRST_TOKEN_TIMEOUT_S ?? FIRST_TOKEN_TIMEOUT_S) * 1000,
      tokenTimeoutMs: config.TOKEN_TIMEOUT_S * 1000,
      turnTimeoutMs: config.TURN_TIMEOUT_S * 1000,
      onTurnStart: meter.turnStarted,
      onBrainFailed: ({ sessionId, n }, brain, { code, message }) => {
        log.warn({ turn: `${sessionId}.${n}`, brain, code, reason: message }, 'a brain did not answer')
      },
      onTurnEnd: ({ sessionId, n }, end) => {
        meter.turnEnded(end)
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
    meter.gauge('repartee_turns_running', 'Turns that run here', () => chat.running)
    await chat.recover()
    const stopRecovering = startRecovering(chat, (config.TURN_LEASE_S * 1000) / LOOKS_PER_LEASE, log)
    app.addHook('onClose', async () => stopRecovering())
    app.decorate('chat', chat)
    app.decorate('sessions', new Sessions({ store, brains, personas, limits, chat }))
    // What still runs when the app closes has had its time: whoever wants it to finish drains first.
    app.addHook('preClose', () => chat.drain(0))
  },
  { name: 'chat', dependencies: ['config', 'stores', 'brains', 'personas', 'limits', 'metrics'] },
)

/** Settles what dead processes leave, again and again, until the returned function is called. */
function startRecovering(chat: Chat, everyMs: number, log: FastifyBaseLogger): () => void {
  let timer: NodeJS.Timeout | null = null
  const wait = () => void (timer = setTimeout(() => void look(), everyMs).unref())

  async function look(): Promise<void> {
    await chat.recover().catch((err: unknown) => log.warn({ err }, 'abandoned turns cannot be ended now'))
    if (timer) wait()
  }

  wait()
  return () => {
    if (timer) clearTimeout(timer)
    timer = null
  }
}
