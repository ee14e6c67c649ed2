import { Readable } from 'node:stream'
import Fastify from 'fastify'
import { expect, it, onTestFinished } from 'vitest'
import errors from '#plugins/errors.ts'

it('a file that cannot be read is answered with the error as JSON, whatever type was set for it', async () => {
  const app = Fastify()
  onTestFinished(() => app.close())
  await app.register(errors)
  const file = new Readable({ read: () => void file.destroy(new Error('gone')) })
  app.get('/', (_request, reply) => reply.type('text/html').send(file))
  const answer = await app.inject('/')
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
  expect([answer.statusCode, answer.json()]).toMatchObject([500, { code: 'internal', error: expect.any(String) }])
})
