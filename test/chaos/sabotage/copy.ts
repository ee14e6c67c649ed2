/** A copy of the tree that may be broken. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const ROOT = join(import.meta.dirname, '../../..')

const run = promisify(execFile)

export interface Copy {
  path: string
  /** @throws Error when the patch does not fit; with `isTrial` that is all that is found out */
  apply(patch: string, options?: { isTrial: boolean }): Promise<void>
  remove(): Promise<void>
}

/** Copies these folders and files of the tree; what is installed is shared. */
export async function copyTree(entries: string[]): Promise<Copy> {
  const path = await mkdtemp(join(tmpdir(), 'repartee-sabotage-'))
  for (const entry of entries) await cp(join(ROOT, entry), join(path, entry), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(path, 'node_modules'))
  return {
    path,
    async apply(patch, { isTrial } = { isTrial: false }) {
      // Outside of a repository it takes any folder for one.
      const env = { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() }
      await run('git', ['apply', ...(isTrial ? ['--check'] : []), join(import.meta.dirname, patch)], { cwd: path, env })
    },
    remove: () => rm(path, { recursive: true, force: true }),
  }
}
