/**
 * Personas from files: Markdown whose YAML front matter says `id`, `description` and `style`, and whose body is the
 * system prompt. Whoever runs the service adds a directory of their own to the built-in one.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { parse } from 'yaml'
import type { Persona, Personas } from '#src/chat/persona.ts'

/** The directory of the personas that the service comes with. */
export const BUILT_IN_PERSONAS = join(import.meta.dirname, 'library')

const frontMatter = Compile(
  Type.Object(
    {
      id: Type.String({ pattern: '^[a-z0-9_-]{1,64}$' }),
      description: Type.String({ pattern: String.raw`\S` }),
      style: Type.String({ pattern: String.raw`\S` }),
    },
    { additionalProperties: false },
  ),
)

/** What each field has to be, for the sentence that refuses another. */
const FIELDS: Record<string, string> = {
  id: '"id" must be 1 to 64 of a-z, 0-9, "_" and "-"',
  description: '"description" must be a line of text',
  style: '"style" must be a few words of text',
}

/**
 * Reads every `*.md` of the directories, in their order and then by file name. A persona of a later directory takes the
 * place of an earlier one with the same id.
 *
 * @throws Error whose message is one sentence that names the file or directory and what is wrong with it
 */
export async function loadPersonas(directories: string[]): Promise<Personas> {
  const personas = new Map<string, Persona>()
  for (const directory of directories) {
    for (const [id, persona] of await loadDirectory(directory)) personas.set(id, persona)
  }
  return personas
}

async function loadDirectory(directory: string): Promise<Map<string, Persona>> {
  const names = await readdir(directory).catch((cause: unknown) => {
    throw new Error(`The personas directory ${directory} cannot be read (${toCode(cause)}).`, { cause })
  })
  const personas = new Map<string, Persona>()
  const fileOf = new Map<string, string>()
  for (const name of names.filter(isPersonaFile).toSorted()) {
    const file = join(directory, name)
    const persona = decodePersona(file, await readText(file))
    const other = fileOf.get(persona.id)
    if (other !== undefined) throw broken(file, `its id "${persona.id}" is already that of ${other}`)
    fileOf.set(persona.id, file)
    personas.set(persona.id, persona)
  }
  return personas
}

/** Editors and file systems leave files such as `._coach.md` beside the real ones. */
function isPersonaFile(name: string): boolean {
  return name.endsWith('.md') && !name.startsWith('.')
}

async function readText(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    throw broken(file, `it cannot be read (${toCode(cause)})`, cause)
  })
}

function decodePersona(file: string, text: string): Persona {
  // Windows editors write a byte order mark and CRLF; neither is part of what the author said.
  const lines = text
    .replace(/^\uFEFF/, '')
    .replaceAll('\r\n', '\n')
    .split('\n')
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === '---')
  if (lines[0]?.trimEnd() !== '---' || end === -1) {
    throw broken(file, 'it has no front matter between two lines of "---" at its top')
  }
  const fields = decodeFrontMatter(file, lines.slice(1, end).join('\n'))
  const prompt = lines
    .slice(end + 1)
    .join('\n')
    .trim()
  if (prompt === '') throw broken(file, 'there is no prompt below its front matter')
  return { ...fields, prompt }
}

function decodeFrontMatter(file: string, text: string): Omit<Persona, 'prompt'> {
  const fields = parseYaml(file, text)
  if (!frontMatter.Check(fields)) throw broken(file, describeProblem(fields))
  return { id: fields.id, description: fields.description.trim(), style: fields.style.trim() }
}

function parseYaml(file: string, text: string): unknown {
  try {
    return parse(text, { prettyErrors: false })
  } catch (cause) {
    const [reason] = String(cause instanceof Error ? cause.message : cause).split('\n')
    throw broken(file, `its front matter is not valid YAML (${reason})`, cause)
  }
}

function describeProblem(fields: unknown): string {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    return 'its front matter must say id, description and style'
  }
  const unknown = Object.keys(fields).find((name) => !Object.hasOwn(FIELDS, name))
  if (unknown !== undefined) return `its front matter has the unknown field "${unknown}"`
  const missing = Object.keys(FIELDS).find((name) => !Object.hasOwn(fields, name))
  if (missing !== undefined) return `its front matter lacks "${missing}"`
  const [first] = frontMatter.Errors(fields)
  return `in its front matter ${FIELDS[first?.instancePath.slice(1) ?? ''] ?? 'a field is wrong'}`
}

function broken(file: string, reason: string, cause?: unknown): Error {
  return new Error(`The persona file ${file} cannot be used: ${reason}.`, cause === undefined ? {} : { cause })
}

function toCode(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
}
