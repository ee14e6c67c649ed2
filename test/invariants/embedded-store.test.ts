/** The embedded store belongs to one process, and lets go of its file with it. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startSession } from '#test/helper.ts'
import { makeDirectory, startServer } from '#test/process.ts'
import { ask, transcript } from './conversation.ts'

describe('the embedded store', () => {
  it('refuses a second process on the same file with a clear sentence, and the first goes on', async () => {
    const env = { SQLITE_PATH: join(await makeDirectory(), 'chat.db') }
    const first = await startServer(env)
    const sessionId = await startSession(first.url)
    const second = await startServer(env, { isToFail: true })
    expect(await second.exited).toBe(1)
    const [sentence, ...more] = second
      .output()
      .split('\n')
      .filter((line) => line && !line.startsWith('{'))
    expect(sentence).toMatch(/^Repartee cannot start: .*chat\.db is in use by another process/)
    expect(more).toEqual([])
    expect(await ask(first.url, sessionId, 'Still there?')).toMatchObject({ status: 200 })
  })

  it('lets go of its file when the process is killed, and when it stops', async () => {
    const env = { SQLITE_PATH: join(await makeDirectory(), 'folder', 'chat.db') }
    const first = await startServer(env)
    const sessionId = await startSession(first.url)
    await ask(first.url, sessionId, 'One')
    first.kill('SIGKILL')
    await first.exited
    const second = await startServer(env)
    await ask(second.url, sessionId, 'Two')
    second.kill('SIGTERM')
    expect(await second.exited).toBe(0)
    const third = await startServer(env)
    const said = await transcript(third.url, sessionId)
    expect(said.filter((line) => line.startsWith('user'))).toEqual(['user complete: One', 'user complete: Two'])
    expect(said).toHaveLength(4)
  })
})
