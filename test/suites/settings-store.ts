/** The contract of `SettingsStore`: what every store must do, whatever it is made of. */
import { describe, expect, it } from 'vitest'
import { type OpenStore, SESSION_TTL_MS, useStore } from './store/fixture.ts'
import { TEXTS } from './store/values.ts'

export function describeSettingsStore(name: string, open: OpenStore): void {
  describe(`${name} as a settings store`, () => {
    const to = useStore(open)

    it('has nothing of what nobody set', async () => {
      expect(await to.store.settings.get('active_brain')).toBeNull()
      expect(await to.store.settings.get('__proto__')).toBeNull()
    })

    it('has what was set last, each name on its own', async () => {
      const { settings } = to.store
      await settings.set('a', '1')
      await settings.set('b', '2')
      await settings.set('a', '3')
      expect(await settings.get('a')).toBe('3')
      expect(await settings.get('b')).toBe('2')
    })

    it('forgets what is taken back, however often', async () => {
      const { settings } = to.store
      await settings.set('a', '1')
      for (let time = 0; time < 2; time++) {
        await settings.set('a', null)
        expect(await settings.get('a')).toBeNull()
      }
    })

    it('keeps it for as long as nobody takes it back', async () => {
      await to.store.settings.set('a', '1')
      to.now += 100 * SESSION_TTL_MS
      expect(await to.store.settings.get('a')).toBe('1')
    })

    it.each(TEXTS)('keeps any text as it is: %s', async (_name, text) => {
      await to.store.settings.set(text, text)
      expect(await to.store.settings.get(text)).toBe(text)
    })
  })
}
