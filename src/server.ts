/** The process: configuration → app → listen → drain on a signal. */
import type { AddressInfo } from 'node:net'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.ts'
import { type Config, loadConfig } from './config.ts'
import { loadEnvFile } from './env-file.ts'
import { toAddress, toListenError } from './listening.ts'
import { toPlainLog } from './logger.ts'

/** Milliseconds for what comes after the drain: last frames, last settlements, closing the store. */
const CLOSE_MS = 8_000

/** Milliseconds within which signals count as one: the terminal sends a Ctrl-C to the service, and npm passes it on. */
const ONE_SIGNAL_MS = 300

/** Warnings about names of variables. A start that fails prints them, too, as they may be the reason. */
const warnings: string[] = []

async function start(): Promise<void> {
  warnings.push(...loadEnvFile(process.env))
  const config = loadConfig(process.env)
  // An operator who sets a level gets the whole log, in JSON.
  const isPlain = process.stdout.isTTY && !process.env.LOG_LEVEL?.trim()
  const app = isPlain
    ? await buildApp({ ...config, LOG_LEVEL: 'warn' }, toPlainLog(process.stdout))
    : await buildApp(config)
  const say = (sentence: string) => (isPlain ? void process.stdout.write(`${sentence}\n`) : app.log.info(sentence))
  for (const warning of warnings.splice(0)) app.log.warn(warning)

  drainOnSignal(app, config, say)
  await listen(app, config)
  if (isPlain) say(`Open ${toAddress(config, (app.server.address() as AddressInfo).port)}`)
}

async function listen(app: FastifyInstance, { PORT: port, HOST: host }: Config): Promise<void> {
  const listenTextResolver = (address: string) => `Repartee serves on ${address} with the brain "${app.brains.active}".`
  await app.listen({ port, host, listenTextResolver }).catch((error: unknown) => {
    throw toListenError(error, { HOST: host, PORT: port })
  })
}

function drainOnSignal(app: FastifyInstance, config: Config, say: (sentence: string) => void): void {
  const drainMs = config.DRAIN_TIMEOUT_S * 1000
  const skip = ['SIGINT', 'SIGTERM'] as const
  const { close } = closeWithGrace({ delay: drainMs + CLOSE_MS, logger: app.log, skip: [...skip] }, async ({ err }) => {
    if (err) app.log.fatal({ err }, 'closing after an error')
    if (app.chat.running > 0) say(`Waiting for ${app.chat.running} running turns; a second signal exits at once.`)
    const drained = app.chat.drain(drainMs)
    app.sockets.drain()
    await drained
    await app.close()
  })

  let firstAt: number | undefined
  const onSignal = (): void => {
    if (firstAt !== undefined && performance.now() - firstAt > ONE_SIGNAL_MS) process.exit(1)
    if (firstAt === undefined) close()
    firstAt ??= performance.now()
  }
  for (const signal of skip) process.on(signal, onSignal)
}

start().catch((error: unknown) => {
  for (const warning of warnings) process.stderr.write(`${warning}\n`)
  process.stderr.write(`Repartee cannot start: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
