/** Stands in a node's process, and tells on SIGURG, which means nothing to the service, what it holds when all garbage is collected. */
process.on('SIGURG', () => {
  globalThis.gc?.()
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  process.stdout.write(`chaos heap=${process.memoryUsage().heapUsed} timers=${timers}\n`)
})
