/** Chance that can be repeated: a test that failed says its seed, and `TEST_SEED=<seed>` runs it again. */

export interface Random {
  /** From 0 up to, but without, 1. */
  readonly next: () => number
  /** A whole number from `least` to `most`, both included. */
  readonly integer: (least: number, most: number) => number
  readonly pick: <T>(items: readonly T[]) => T
  readonly shuffle: <T>(items: readonly T[]) => T[]
}

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    integer,
    pick: (items) => items[integer(0, items.length - 1)]!,
    shuffle: (items) =>
      items
        .map((item) => ({ item, at: next() }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ item }) => item),
  }
}

/** Runs `test` with a seed of its own, which stands in the message of whatever it throws. */
export async function withSeed<T>(test: (random: Random, seed: number) => Promise<T>): Promise<T> {
  const seed = Number(process.env.TEST_SEED) || Math.floor(Math.random() * 2 ** 31) + 1
  try {
    return await test(createRandom(seed), seed)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`With TEST_SEED=${seed}: ${message}`, { cause: error })
  }
}
