/** What the service keeps of itself. */
import type { SettingsStore } from '#src/chat/store.ts'
import type { Database } from './database.ts'

export function createSettingsStore(database: Database): SettingsStore {
  const read = database.prepare('SELECT value FROM setting WHERE name = ?')
  const write = database.prepare(`
    INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
  const remove = database.prepare('DELETE FROM setting WHERE name = ?')
  return {
    get: async (name) => database.read(() => (read.get(name)?.value as string | undefined) ?? null),
    set: async (name, value) =>
      database.write('full', () => void (value === null ? remove.run(name) : write.run(name, value))),
  }
}
