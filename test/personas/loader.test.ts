import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BUILT_IN_PERSONAS, loadPersonas } from '#src/personas/loader.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'personas-'))
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

const PIRATE = '---\nid: pirate\ndescription: A pirate\nstyle: salty\n---\n\nYou are a pirate.\n'

async function write(name: string, text: string, folder = directory): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, text)
  return file
}

async function messageOf(load: Promise<unknown>): Promise<string> {
  const error = await load.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(Error)
  return (error as Error).message
}

describe('the built-in personas', () => {
  it('are the six, with their descriptions', async () => {
    const personas = await loadPersonas([BUILT_IN_PERSONAS])
    expect(Object.fromEntries([...personas].map(([id, persona]) => [id, persona.description]))).toEqual({
      fitness_coach: 'Energetic and motivating fitness coach',
      calm_coach: 'Gentle, mindful wellness coach',
      drill_sergeant: 'Tough, no-nonsense drill sergeant coach',
      personal_trainer: 'Professional, knowledgeable trainer',
      default: 'Helpful AI assistant',
      language_tutor: 'Patient tutor for learning a language by talking',
    })
  })

  it('all send pain and injury to a professional', async () => {
    for (const { id, prompt } of (await loadPersonas([BUILT_IN_PERSONAS])).values()) {
      expect(prompt, id).toMatch(/pain/i)
      expect(prompt, id).toMatch(/injury/i)
      expect(prompt, id).toMatch(/doctor|professional/i)
    }
  })
})

describe('a persona file', () => {
  it('gives a persona: fields from the front matter, prompt from the body', async () => {
    await write('pirate.md', PIRATE)
    expect([...(await loadPersonas([directory])).values()]).toEqual([
      { id: 'pirate', description: 'A pirate', style: 'salty', prompt: 'You are a pirate.' },
    ])
  })

  it('may have CRLF line ends and a byte order mark', async () => {
    await write('pirate.md', `\uFEFF${PIRATE.replaceAll('\n', '\r\n')}Second line.\r\n`)
    const persona = (await loadPersonas([directory])).get('pirate')
    expect(persona?.prompt).toBe('You are a pirate.\nSecond line.')
  })

  it('keeps horizontal rules in the prompt', async () => {
    await write('pirate.md', `${PIRATE}\n---\n\nMore.`)
    expect((await loadPersonas([directory])).get('pirate')?.prompt).toBe('You are a pirate.\n\n---\n\nMore.')
  })

  it('is read only when it ends in .md and is not hidden', async () => {
    await write('pirate.md', PIRATE)
    await write('notes.txt', 'no persona')
    await write('._pirate.md', 'left by a file system')
    expect([...(await loadPersonas([directory])).keys()]).toEqual(['pirate'])
  })
})

describe('several directories', () => {
  it('add to each other, and a later one replaces an earlier persona of the same id', async () => {
    await write('mine.md', PIRATE)
    await write('calm.md', PIRATE.replace('id: pirate', 'id: calm_coach'))
    const personas = await loadPersonas([BUILT_IN_PERSONAS, directory])
    expect(personas.size).toBe(7)
    expect(personas.get('calm_coach')?.prompt).toBe('You are a pirate.')
  })

  it('may be none, or empty', async () => {
    expect((await loadPersonas([])).size).toBe(0)
    expect((await loadPersonas([directory])).size).toBe(0)
  })
})

describe('a broken file stops the start with one sentence that names it', () => {
  const cases: [string, string, string][] = [
    ['without front matter', 'You are a pirate.', 'no front matter'],
    ['whose front matter does not end', '---\nid: pirate\nYou are a pirate.', 'no front matter'],
    ['that is empty', '', 'no front matter'],
    ['with bad YAML', '---\nid: [pirate\n---\nHello', 'not valid YAML'],
    ['whose front matter is a list', '---\n- pirate\n---\nHello', 'must say id, description and style'],
    ['whose front matter is empty', '---\n---\nHello', 'must say id, description and style'],
    ['without a description', '---\nid: pirate\nstyle: salty\n---\nHello', 'lacks "description"'],
    ['with a field nobody knows', PIRATE.replace('style:', 'colour: red\nstyle:'), 'unknown field "colour"'],
    ['whose id is a number', PIRATE.replace('id: pirate', 'id: 7'), '"id" must be'],
    ['whose id has other characters', PIRATE.replace('id: pirate', 'id: ../Pirate'), '"id" must be'],
    ['whose id is too long', PIRATE.replace('id: pirate', `id: ${'p'.repeat(65)}`), '"id" must be'],
    ['whose style is blank', PIRATE.replace('salty', '"  "'), '"style" must be'],
    ['whose body is empty', PIRATE.replace('You are a pirate.', ' '), 'no prompt'],
  ]

  it.each(cases)('one %s', async (_what, text, reason) => {
    const file = await write('pirate.md', text)
    const message = await messageOf(loadPersonas([directory]))
    expect(message).toContain(file)
    expect(message).toContain(reason)
    expect(message).toMatch(/^The [^\n]+\.$/)
  })

  it('one with the id of another in its directory', async () => {
    await write('a.md', PIRATE)
    const file = await write('b.md', PIRATE)
    const message = await messageOf(loadPersonas([directory]))
    expect(message).toContain(file)
    expect(message).toContain('already that of')
    expect(message).toContain('a.md')
  })

  it('one that cannot be read', async () => {
    await mkdir(join(directory, 'folder.md'))
    expect(await messageOf(loadPersonas([directory]))).toMatch(
      /folder\.md cannot be used: it cannot be read \(EISDIR\)/,
    )
  })

  it('a directory that is not there', async () => {
    const missing = join(directory, 'nowhere')
    expect(await messageOf(loadPersonas([missing]))).toBe(`The personas directory ${missing} cannot be read (ENOENT).`)
  })
})
