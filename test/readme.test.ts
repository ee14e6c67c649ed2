/** The README is run: its commands by a shell, its snippets by Node. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { VARIABLES } from '#src/config.ts'
import { call, startService } from './helper.ts'
import { makeDirectory } from './process.ts'

const ROOT = join(import.meta.dirname, '..')
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const ADDRESS = 'http://127.0.0.1:5001'

const run = promisify(execFile)

/** The code blocks of a language that mention something. */
function findBlocks(language: string, mention: string): string[] {
  const blocks = [...README.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
  return blocks.filter(([, name, code]) => name === language && code!.includes(mention)).map(([, , code]) => code!)
}

async function runSnippet(code: string, url: string): Promise<string> {
  const file = join(await makeDirectory(), 'snippet.mjs')
  const eventSource = import.meta.resolve('eventsource')
  const found = code
    .replaceAll(ADDRESS, url)
    .replace("'socket.io-client'", `'${import.meta.resolve('socket.io-client')}'`)
    .replace("'openai'", `'${import.meta.resolve('openai')}'`)
  await writeFile(file, `import { EventSource } from '${eventSource}'\n${found}`)
  return (await run('node', [file])).stdout
}

describe('the README', () => {
  it('has a curl that streams', async () => {
    const { url } = await startService()
    const [curl] = findBlocks('sh', 'curl')
    const { stdout } = await run('bash', ['-euc', curl!.replaceAll(ADDRESS, url)])
    expect(stdout).toMatch(/^data: \{"token":"[^"]+","count":1\}\n\ndata: /)
    expect(stdout).toMatch(/data: \{"done":true,.*\}\n\n$/)
  })

  it('has a fetch that streams', async () => {
    const { url } = await startService()
    const [snippet] = findBlocks('js', 'TextDecoderStream')
    expect(await runSnippet(snippet!, url)).toMatch(/\n\d+ tokens in [\d.]+ s\n$/)
  })

  it('has an EventSource that comes back', async () => {
    const { url } = await startService({ CONFIG_BRAIN_PACE_MS: '10' })
    const [snippet] = findBlocks('js', 'EventSource')
    expect((await runSnippet(snippet!, url)).split('\n').length).toBeGreaterThan(3)
  })

  it('has a WebSocket and a Socket.IO client', async () => {
    const { url } = await startService()
    const [webSocket] = findBlocks('js', 'new WebSocket')
    expect(await runSnippet(webSocket!, url)).toMatch(/\n\d+ tokens in [\d.]+ s\n$/)
    const [socketIo] = findBlocks('js', 'socket.io-client')
    expect(await runSnippet(socketIo!, url)).toMatch(/\n\d+ characters in [\d.]+ s\n$/)
  })

  it('has a curl for the language tutor and one for the unified door', async () => {
    const { url } = await startService()
    const curl = async (mention: string) => {
      const [command] = findBlocks('sh', mention)
      return (await run('bash', ['-euc', command!.replaceAll(ADDRESS, url)])).stdout
    }
    expect(await curl('conversation_id')).toMatch(/"session_id":"conversation_7",.*"corrections":null\}\n\n$/)
    expect(JSON.parse(await curl('/unified'))).toMatchObject({ elp_values: { ethos: expect.any(Number) } })
  })

  it("has a client of OpenAI's that streams", async () => {
    const { url } = await startService()
    const [snippet] = findBlocks('js', "'openai'")
    expect(await runSnippet(snippet!, url)).toMatch(/\w+ \w+/)
  })

  it('has a persona that can be added as it stands', async () => {
    const directory = join(await makeDirectory(), 'personas')
    await mkdir(directory)
    const [persona] = findBlocks('markdown', 'night_owl')
    await writeFile(join(directory, 'night_owl.md'), persona!)
    const { url } = await startService({ PERSONAS_DIR: directory })
    const { body } = await call(`${url}/chat/start`, 'POST', { persona: 'night_owl' })
    expect(body).toMatchObject({ persona_description: 'A calm voice for late hours' })
  })

  it('has figures to look at', async () => {
    const { url } = await startService()
    const [curl] = findBlocks('sh', '/metrics')
    const { stdout } = await run('bash', ['-euc', curl!.replaceAll(ADDRESS, url)])
    expect(stdout).toContain('repartee_turns_running 0\n')
  })

  it('has a question for the terminal', async () => {
    const [ask] = findBlocks('sh', 'npm run ask')
    const { stdout } = await run('bash', ['-euc', ask!], {
      cwd: ROOT,
      env: { ...process.env, CONFIG_BRAIN_PACE_MS: '0' },
    })
    expect(stdout.trim().split('\n').at(-1)).toMatch(/\w+ \w+/)
  })

  it('has a token for development', async () => {
    const [token] = findBlocks('sh', 'npm run -s token')
    const { stdout } = await run('bash', ['-euc', `${token!}\necho "$TOKEN"`], { cwd: ROOT, env: process.env })
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
  })

  it('names every variable that can be set, and no other', () => {
    const table = README.slice(README.indexOf('| variable |'), README.indexOf('## With Redis'))
    const cells = [...table.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell]) => cell!)
    const named = cells.flatMap((cell) => [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name!))
    // This version refuses it.
    expect(named.toSorted()).toEqual(VARIABLES.filter((name) => name !== 'KNOWLEDGE_DIR').toSorted())
  })

  it('says only what is there: its links lead somewhere', () => {
    for (const [, path] of README.matchAll(/\]\((?!http)([^)#]+)\)/g)) {
      expect(() => readFileSync(join(ROOT, path!))).not.toThrow()
    }
  })
})
