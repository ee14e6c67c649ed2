/**
 * Talks to a brain from the terminal, through the chat core and without a server:
 * `npm run ask -- [--brain openai] [--persona calm_coach] [--model NAME] "Ready?"`
 */
import { parseArgs } from 'node:util'
import { buildApp } from './app.ts'
import { loadConfig } from './config.ts'
import { loadEnvFile } from './env-file.ts'

const USAGE = 'Usage: npm run ask -- [--brain ID] [--persona ID] [--model NAME] "what to say"'

async function ask(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { brain: { type: 'string' }, persona: { type: 'string' }, model: { type: 'string' } },
  })
  const message = positionals.join(' ')
  if (!message) throw new Error(USAGE)

  loadEnvFile(process.env)
  const app = await buildApp({ ...loadConfig(process.env), SQLITE_PATH: ':memory:', LOG_LEVEL: 'silent' })
  try {
    const session = { userId: 'terminal', persona: values.persona ?? 'default', brain: values.brain }
    const { sessionId } = await app.sessions.start('', '', session)
    const sent = await app.chat.send('', { payer: '', sessionId, message, model: values.model })
    const { reader } = await app.chat.followSent(sent)
    for await (const events of reader) {
      for (const event of events) {
        if (event.type === 'token') process.stdout.write(event.text)
        if (event.type === 'error') throw new Error(event.message)
      }
    }
    process.stdout.write('\n')
  } finally {
    await app.close()
  }
}

ask().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
