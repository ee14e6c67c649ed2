/** Before the first message: who could answer, and how to begin. */
import { personas, toName } from '../state/catalogue.ts'
import { persona, setPersona } from '../state/conversation.ts'
import { send } from '../state/speaking.ts'

const BEGINNINGS = new Map([
  ['fitness_coach', ['Give me a plan for the week', 'I only have ten minutes today', 'How do I stay motivated?']],
  ['calm_coach', ['I cannot sleep', 'I feel tense today', 'A short breathing exercise, please']],
  ['drill_sergeant', ['I want to skip my run', 'Give me a hard workout', 'Ready!']],
  ['personal_trainer', ['How do I get stronger?', 'Give me a plan for the week', 'How much protein do I need?']],
  [
    'language_tutor',
    ['Hola, yo soy Ana y tengo hambre', 'How do I say good morning in French?', 'Ich habe gestern ins Kino gegangen'],
  ],
])
const ANY = ['What can you do?', 'Tell me something interesting', 'What is 17 × 23?']

export function Welcome() {
  if (personas.value.personas.length === 0) return null
  return (
    <div class="welcome">
      <h2>Who should answer?</h2>
      <div class="personas" role="radiogroup" aria-label="Persona">
        {personas.value.personas.map(({ id, description }) => (
          <label key={id} class="persona">
            <input
              type="radio"
              name="persona"
              class="unseen"
              checked={persona.value === id}
              onChange={() => void setPersona(id)}
            />
            <strong>{toName(id)}</strong>
            <span>{description}</span>
          </label>
        ))}
      </div>
      <p class="hint">Write below, or begin with one of these:</p>
      <div class="beginnings">
        {(BEGINNINGS.get(persona.value) ?? ANY).map((message) => (
          <button key={message} type="button" onClick={() => void send(message)}>
            {message}
          </button>
        ))}
      </div>
    </div>
  )
}
