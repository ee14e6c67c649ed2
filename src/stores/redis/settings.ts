/** What the service keeps of itself for all nodes: a key for each setting, and these stay. */
import type { SettingsStore } from '#src/chat/store.ts'
import { type Client, guard } from './connection.ts'
import type { Keys } from './keys.ts'

export function createSettingsStore(client: Client, { setting }: Pick<Keys, 'setting'>): SettingsStore {
  return {
    get: (name) => guard(() => client.get(setting(name))),
    set: (name, value) =>
      guard(async () => {
        if (value === null) await client.del(setting(name))
        else await client.set(setting(name), value)
      }),
  }
}
