// Loaded before src/server.ts, in plain JavaScript, so that an old Node says what it needs instead of a stack trace.
if (!process.features.typescript) {
  process.stderr.write(`Repartee runs TypeScript directly and needs Node.js 24 or newer; this is ${process.version}.\n`)
  process.exit(1)
}
