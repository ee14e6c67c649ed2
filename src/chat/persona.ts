/** Personas: how a brain is to speak. */
import { ChatError } from './errors.ts'

export interface Persona {
  /** `[a-z0-9_-]{1,64}` */
  id: string
  /** One line for people, shown by `GET /chat/personas`. */
  description: string
  /** A few words on the manner, e.g. "soothing, unhurried". */
  style: string
  /** The system prompt. Never leaves the service: not in frames, errors or logs. */
  prompt: string
}

/** Who speaks where nobody was chosen. */
export const DEFAULT_PERSONA = 'fitness_coach'

/** Who speaks on doors that know no personas. */
export const PLAIN_PERSONA = 'default'

export type Personas = ReadonlyMap<string, Persona>

/** Who speaks to the language tutor's clients. */
export const TUTOR_PERSONA = 'language_tutor'

/** @throws ChatError `persona_unknown`, listing the known */
export function choosePersona(personas: Personas, id: string): Persona {
  const persona = personas.get(id)
  if (persona) return persona
  const known = [...personas.keys()]
  throw new ChatError('persona_unknown', `There is no such persona. Known: ${known.join(', ')}.`, {
    details: { available_personas: known },
  })
}
