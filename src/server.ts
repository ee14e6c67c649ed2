/** The process: configuration → app → listen → drain on a signal. */
import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.ts'
import { loadConfig, loadEnvFile } from './config.ts'

/** Milliseconds for what comes after the drain: last frames, last settlements, closing the store. */
const CLOSE_MS = 8_000

async function start(): Promise<void> {
  loadEnvFile()
  const config = loadConfig(process.env)
  const app = await buildApp(config)
  const drainMs = config.DRAIN_TIMEOUT_S * 1000

  closeWithGrace({ delay: drainMs + CLOSE_MS, logger: app.log }, async ({ err }) => {
    if (err) app.log.fatal({ err }, 'closing after an error')
    if (app.chat.running > 0) {
      app.log.info(`Waiting for ${app.chat.running} running turns; a second signal exits at once.`)
    }
    const drained = app.chat.drain(drainMs)
    app.sockets.drain()
    await drained
    await app.close()
  })

  await app.listen({
    port: config.PORT,
    host: config.HOST,
    listenTextResolver: (address) => `Repartee serves on ${address} with the brain "${app.brains.active}".`,
  })
}

start().catch((error: unknown) => {
  process.stderr.write(`Repartee cannot start: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
