/** Brains and settings for tests of what is around them. */
import type { Brain } from '#src/chat/brain.ts'
import type { SettingsStore } from '#src/chat/store.ts'

export function makeBrain(id: string, check: Brain['check'] = async () => {}): Brain {
  return {
    id,
    model: `${id}-model`,
    contextWindow: () => 1000,
    paceMs: 0,
    firstTokenTimeoutMs: null,
    estimateTokens: (text) => text.length,
    stream: async () => {},
    price: () => null,
    check,
  }
}

/** Settings that are kept in a map, which is what nodes share. */
export function makeSettings(kept = new Map<string, string>()): SettingsStore {
  return {
    get: async (name) => kept.get(name) ?? null,
    async set(name, value) {
      if (value === null) kept.delete(name)
      else kept.set(name, value)
    },
  }
}
