/** Light or dark: as the system has it, unless somebody chose. */
import { signal } from '@preact/signals'
import { forget, recall, remember } from './storage.ts'

const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

export const theme = signal<Theme>(THEMES.find((one) => one === recall('local', 'theme')) ?? 'system')

/** Goes on to the next of the three. */
export function turnTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!
  if (theme.value === 'system') forget('local', 'theme')
  else remember('local', 'theme', theme.value)
}

/** From now on. */
export function applyTheme(): void {
  theme.subscribe((chosen) => {
    if (chosen === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = chosen
  })
}
