/** What there is to choose from: personas and brains. */
import { signal } from '@preact/signals'
import type { BrainList, PersonaList } from '#src/client/index.ts'
import { client } from './api.ts'

export const personas = signal<PersonaList>({ personas: [], default: 'fitness_coach' })
export const brains = signal<BrainList>({ brains: [], active: 'config' })

export async function loadCatalogue(): Promise<void> {
  const [personaList, brainList] = await Promise.all([client.personas(), client.brains()])
  personas.value = personaList
  brains.value = brainList
}

/** What people read: "Calm coach". */
export function toName(id: string): string {
  if (id === 'default') return 'Assistant'
  const words = id.replace(/[_-]+/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const BRAIN_NAMES = new Map([
  ['config', 'Offline brain'],
  ['claude', 'Claude'],
  ['openai', 'OpenAI'],
  ['gemini', 'Gemini'],
  ['ollama', 'Ollama'],
  ['nvidia', 'NVIDIA'],
])

export function toBrainName(id: string): string {
  return BRAIN_NAMES.get(id) ?? toName(id)
}
