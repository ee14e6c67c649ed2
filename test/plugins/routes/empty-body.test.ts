import { expect, it } from 'vitest'
import { startService, startSession } from '#test/helper.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

it('takes an empty body that is said to be JSON for no body', async () => {
  const { url } = await startService()
  const id = await startSession(url)
  const message = { session_id: id, message: 'Hello' }
  await fetch(`${url}/chat/message`, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(message) })
  const regenerated = await fetch(`${url}/chat/turns/${id}.1/regenerate`, { method: 'POST', headers: JSON_TYPE })
  expect(await regenerated.text()).toContain('"done":true')
  for (const path of [`turns/${id}.2/stop`, `sessions/${id}/stop`, `sessions/${id}/clear`]) {
    expect(await fetch(`${url}/chat/${path}`, { method: 'POST', headers: JSON_TYPE })).toMatchObject({ status: 200 })
  }
  expect(await fetch(`${url}/chat/sessions/${id}`, { method: 'DELETE', headers: JSON_TYPE })).toMatchObject({
    status: 200,
  })
})

it('says what is missing where something has to be said', async () => {
  const { url } = await startService()
  const response = await fetch(`${url}/chat/stream`, { method: 'POST', headers: JSON_TYPE })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ code: 'invalid_request' })
})
