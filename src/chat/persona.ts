/** A persona: how a brain is to speak. */
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

export type Personas = ReadonlyMap<string, Persona>
