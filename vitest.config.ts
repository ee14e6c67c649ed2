import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/web/build.ts', 'test/stores/shared.ts'],
    // The service's modules are loaded once by each worker, not by each file.
    isolate: false,
    setupFiles: ['test/setup.ts'],
    clearMocks: true,
    // Many tests wait for sockets, processes and clocks rather than for the processor.
    maxWorkers: 4,
    testTimeout: 90_000,
    hookTimeout: 90_000,
    expect: { poll: { timeout: 10_000 } },
    reporters: ['default'],
  },
})
