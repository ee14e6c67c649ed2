/** What is wrong is said in one sentence, about the first thing that is, whatever else there is. */
import { Type } from 'typebox'
import { expect, it } from 'vitest'
import { createCheck } from '#src/wire/check.ts'

const Item = Type.Object({
  name: Type.String({ maxLength: 3, pattern: '^a+$' }),
  content: Type.Optional(
    Type.Union([Type.String(), Type.Array(Type.Object({ type: Type.String() }), { maxItems: 2 })]),
  ),
})
const check = createCheck(
  Type.Object({
    id: Type.String(),
    size: Type.Optional(Type.Integer({ minimum: 1 })),
    items: Type.Array(Item, { maxItems: 3 }),
  }),
)

const right = { name: 'a' }

it.each([
  [null, 'The request must be object.'],
  [{ items: [7] }, 'The request must have required properties id.'],
  [{ id: 7, items: 7 }, '"id" must be string.'],
  [{ id: '', size: 0, items: [] }, '"size" must be >= 1.'],
  [{ id: '', items: [7, 7, 7, 7] }, '"items" must not have more than 3 items.'],
  [{ id: '', items: [right, {}, 7] }, '"items.1" must have required properties name.'],
  [{ id: '', items: [{ name: 'bbbb' }] }, '"items.0.name" must not have more than 3 characters.'],
  [{ id: '', items: [{ name: 'b' }] }, '"items.0.name" must match pattern "^a+$".'],
  [{ id: '', items: [{ ...right, content: 7 }] }, '"items.0.content" must be string.'],
  [
    { id: '', items: [{ ...right, content: [{ type: '' }, {}] }] },
    '"items.0.content.1" must have required properties type.',
  ],
  [{ id: '', items: [{ ...right, content: [1, 2, 3] }] }, '"items.0.content" must not have more than 2 items.'],
])('%j: %s', (sent, sentence) => {
  expect(() => check(sent)).toThrow(sentence)
})

it('gives back what was sent, without looking for what was left out', () => {
  const sent = { id: 'a', items: [right], more: { constructor: 1 } }
  expect(check(sent)).toBe(sent)
})

it('looks at no more of a long list than its first wrong item', () => {
  const many = createCheck(Type.Object({ items: Type.Array(Item) }))
  let looks = 0
  const wrong = {
    get name() {
      looks++
      return 7
    },
  }
  expect(() => many({ items: [right, ...Array.from({ length: 10_000 }, () => wrong)] })).toThrow(
    '"items.1.name" must be string.',
  )
  expect(looks).toBeLessThan(10)
})
