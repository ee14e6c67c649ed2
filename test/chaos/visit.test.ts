import { expect, it } from 'vitest'
import { call, startService } from '#test/helper.ts'
import { addUp } from './checker.ts'
import { visit } from './visit.ts'

it('readers of a service that runs already find it in order, and leave nothing there', async () => {
  const { url } = await startService({ CONFIG_BRAIN_PACE_MS: '5' })
  const found = addUp(await visit({ seed: 4, turns: 2, waves: 1, urls: [`${url}/`], token: undefined, say: () => {} }))
  expect(found.flatMap(({ breaches }) => breaches)).toEqual([])
  expect(found.find(({ name }) => name === 'One end')).toMatchObject({ rounds: 1 })
  expect((await call(`${url}/chat/sessions`)).body.sessions).toEqual([])
})
