/** What the SDKs throw, in the shapes that no local provider can bring about. */
import Anthropic, { APIUserAbortError } from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { describe, expect, it, vi } from 'vitest'
import { ask } from '#src/brains/ask.ts'
import { never } from '#test/suites/brain/subject.ts'

const HEADERS = new Headers({ 'request-id': 'req_1', 'retry-after': '3' })

function askThrowing(error: unknown): Promise<unknown> {
  return ask('Provider', never(), async () => {
    throw error
  })
}

describe.each([
  ['OpenAI', OpenAI],
  ['Anthropic', Anthropic],
])('the errors of %s’s SDK', (_, sdk) => {
  it('a connection that never came about is no slow provider', async () => {
    const refused = { code: 'brain_unavailable', message: 'Provider cannot be reached.' }
    await expect(askThrowing(new sdk.APIConnectionTimeoutError())).rejects.toMatchObject(refused)
    const cause = Object.assign(new Error('No such host'), { code: 'ENOTFOUND' })
    await expect(askThrowing(new sdk.APIConnectionError({ cause }))).rejects.toMatchObject({ ...refused, cause })
  })

  it('what is not HTTP is a bad answer', async () => {
    const cause = Object.assign(new Error('Expected HTTP/'), { code: 'HPE_INVALID_CONSTANT' })
    const bad = { code: 'brain_bad_response', message: 'Provider answered with something other than HTTP.' }
    await expect(askThrowing(new sdk.APIConnectionError({ cause }))).rejects.toMatchObject(bad)
  })

  it('a refusal keeps its status and its wait', async () => {
    const error = sdk.APIError.generate(429, { error: { type: 'rate_limit_error' } }, undefined, HEADERS)
    await expect(askThrowing(error)).rejects.toMatchObject({ code: 'brain_rate_limited', retryAfter: 3 })
  })
})

describe('ask', () => {
  it('makes no call for a signal that was aborted before', async () => {
    const reason = new Error('stopped before')
    const call = vi.fn<() => Promise<void>>()
    await expect(ask('Provider', AbortSignal.abort(reason), call)).rejects.toBe(reason)
    expect(call).not.toHaveBeenCalled()
  })

  it('throws the signal’s reason, whatever the call threw', async () => {
    const stop = new AbortController()
    const reason = new Error('stopped')
    const asked = ask('Provider', stop.signal, async () => {
      stop.abort(reason)
      throw new APIUserAbortError()
    })
    await expect(asked).rejects.toBe(reason)
  })

  it('leaves a bug as it is', async () => {
    const bug = new TypeError('undefined is not a function')
    await expect(askThrowing(bug)).rejects.toBe(bug)
  })
})
