/** Decorates the app with the personas: the built-in ones and those of `PERSONAS_DIR`. */
import fp from 'fastify-plugin'
import type { Personas } from '#src/chat/persona.ts'
import { BUILT_IN_PERSONAS, loadPersonas } from '#src/personas/loader.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly personas: Personas
  }
}

export default fp(
  async (app) => {
    const { PERSONAS_DIR } = app.config
    app.decorate('personas', await loadPersonas([BUILT_IN_PERSONAS, ...(PERSONAS_DIR ? [PERSONAS_DIR] : [])]))
  },
  { name: 'personas', dependencies: ['config'] },
)
