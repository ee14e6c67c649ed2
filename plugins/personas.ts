/** Decorates the app with the personas: the built-in ones and those of `PERSONAS_DIR`. */
import fp from 'fastify-plugin'
import type { Personas } from '#src/chat/persona.ts'
import { withVariable } from '#src/config.ts'
import { BUILT_IN_PERSONAS, loadPersonas } from '#src/personas/loader.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly personas: Personas
  }
}

export default fp(
  async (app) => {
    const { PERSONAS_DIR } = app.config
    const directories = [BUILT_IN_PERSONAS, ...(PERSONAS_DIR ? [PERSONAS_DIR] : [])]
    app.decorate('personas', await withVariable('PERSONAS_DIR', () => loadPersonas(directories)))
  },
  { name: 'personas', dependencies: ['config'] },
)
